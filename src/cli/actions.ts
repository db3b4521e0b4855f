/** `actions`: what a plan may call, what each of them says of itself, and whether it keeps its promises. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printable } from "../domain/printable.ts";
import { HoldpointError } from "../errors.ts";
import { assertMay } from "../ledger/members.ts";
import type { Action } from "../tools/action.ts";
import { type ContractReport, checkContract, isContractKept } from "../tools/contract.ts";
import { againstScratch, fileOf } from "../tools/http/index.ts";
import { openScratchOffice } from "../tools/office/index.ts";
import { openOperations } from "../tools/operations/index.ts";
import { openStore, storeActions } from "../tools/store/index.ts";
import { actionNamed, type DescribedAction, originsOf } from "../work/actions.ts";
import { waitingLines } from "./accept-actions.ts";
import { EXIT } from "./exit-status.ts";
import type { LocalSession, Session } from "./session.ts";
import { table } from "./text.ts";

/** What is listed of each: of a read, nothing of effects. */
function inShort({ name, kind, version, title, description, from, untrustedOutput, ...action }: DescribedAction) {
  const about = { name, kind, version, title, description, from, untrustedOutput };
  if (!("reversibility" in action)) return about;
  const { reversibility, idempotent, lookUp, undo, undoWindowMs } = action;
  return { ...about, reversibility, idempotent, lookUp, undo, undoWindowMs };
}

/** `actions` and `actions list`. */
export async function listActions(session: Session): Promise<number> {
  const { backend, surroundings, json } = session;
  const actions = (await backend.actions()).map(inShort);
  const rows = actions.map((action) => {
    const [undone, repeated] =
      "reversibility" in action
        ? [action.reversibility, action.idempotent ? "knows it" : action.lookUp ? "can be asked" : "happens twice"]
        : ["", ""];
    return [action.name, action.kind, action.title, undone, repeated, action.from];
  });
  const waiting = await backend.waitingTools();
  const text = json
    ? JSON.stringify({ actions, ...(waiting ? { waiting } : {}) }, null, 2)
    : [table(["name", "kind", "title", "undo", "a repeat", "from"], rows), ...waitingLines(session, waiting)].join(
        "\n",
      );
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

const LONG = ["input", "output", "declared"];

/** `actions show`. */
export async function showAction(session: Session, name: string): Promise<number> {
  const { backend, surroundings, json } = session;
  const whole = await backend.action(name);
  const shown = Object.entries(whole).map(([field, value]) => {
    const isLong = LONG.includes(field);
    const text = typeof value === "string" ? value : JSON.stringify(value, null, isLong ? 2 : 0);
    return isLong ? `${field}:\n${text}` : `${field}: ${text}`;
  });
  surroundings.write(
    `${json ? JSON.stringify(whole, null, 2) : shown.map((line) => line.split("\n").map(printable).join("\n")).join("\n")}\n`,
  );
  return EXIT.done;
}

/**
 * `actions test`: against a target that is made for it and thrown away.
 * @returns 0 when every promise is kept, 5 when one is broken
 */
export async function testAction(session: LocalSession, name: string, options: TestOptions): Promise<number> {
  const { runtime, identity } = session.local;
  await assertMay(runtime.ledger, identity, "testActions");
  const own = actionNamed(runtime, identity, name);
  if (fileOf(own) !== undefined) return await testHttp(session, own, options);
  if (runtime.mcp?.actions.includes(own)) return await testTool(session, own, options);
  const { kind } = own;
  if (!originsOf(runtime).has(name)) {
    throw new HoldpointError("usage", `"${name}" has no scratch target here.`, {
      hint: "Call checkContract of the package with a target of your own; see docs/actions.md.",
    });
  }
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-contract-"));
  const store = openStore(join(folder, "store.db"));
  const office = await openScratchOffice({ home: folder, timeZone: "UTC" });
  const operations = openOperations({ home: folder, store: () => store, office });
  try {
    const all = [...storeActions(store), ...office.actions, ...operations.actions];
    const action = all.find((one) => one.name === name) as Action;
    const args = argsOf(action, options);
    const snapshot = async () => ({
      store: store.snapshot(),
      office: await office.snapshot("default"),
      operations: operations.snapshot("default"),
    });
    const report = await checkContract(action, { args, snapshot, now: runtime.now() });
    return tell(session, report, { kind, args });
  } finally {
    operations.close();
    office.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface TestOptions {
  readonly args?: string;
  readonly against?: string;
}

/** An HTTP action on a scratch server, which whoever calls has started; nobody makes one for them. */
async function testHttp(session: LocalSession, own: Action, options: TestOptions): Promise<number> {
  if (options.against === undefined) {
    throw new HoldpointError("usage", `"${own.name}" sends requests, and has no scratch target here.`, {
      hint: "Start a scratch server, and name it with --against http://127.0.0.1:8080.",
    });
  }
  const scratch = againstScratch(own, options.against);
  if (!scratch) throw new HoldpointError("internal", `"${own.name}" is no HTTP action.`);
  const { action, allowedHosts } = scratch;
  const args = argsOf(action, options);
  const { tenant } = session.local.identity;
  const report = await checkContract(action, { args, allowedHosts, tenant, now: session.local.runtime.now() });
  return tell(session, report, { kind: own.kind, args });
}

/** A tool of an MCP server on the servers of a file, which are to be scratch servers; nobody makes one for whoever calls. */
async function testTool(session: LocalSession, own: Action, options: TestOptions): Promise<number> {
  if (options.against === undefined) {
    throw new HoldpointError("usage", `"${own.name}" is a tool of an MCP server, and has no scratch target here.`, {
      hint: "Name a file whose server of that name is a scratch one with --against mcp.yaml; see docs/mcp.md.",
    });
  }
  const { connectMcp } = await import("../tools/mcp/index.ts");
  const scratch = await connectMcp({ file: options.against });
  try {
    const action = scratch.actions.find(({ name }) => name === own.name);
    if (!action) {
      throw new HoldpointError("usage", `${options.against} has no "${own.name}".`, {
        hint: `There are: ${scratch.actions.map(({ name }) => name).join(", ")}.`,
      });
    }
    const args = argsOf(action, options);
    const report = await checkContract(action, { args, now: session.local.runtime.now() });
    return tell(session, report, { kind: own.kind, args });
  } finally {
    await scratch.close();
  }
}

/** @throws HoldpointError `usage` when there are none */
function argsOf(action: Action, options: TestOptions): unknown {
  const args: unknown = options.args === undefined ? action.example : parseArgs(options.args);
  if (args !== undefined) return args;
  throw new HoldpointError("usage", `"${action.name}" has no example.`, { hint: "Give the arguments with --args." });
}

function tell({ surroundings, json }: Session, report: ContractReport, more: { kind: string; args: unknown }): number {
  const isKept = isContractKept(report);
  const rows = report.checks.map(({ promise, outcome, detail }) => [outcome, promise, detail]);
  const text = json
    ? JSON.stringify({ ...report, ...more, kept: isKept }, null, 2)
    : table(["outcome", "promise", "why not"], rows);
  surroundings.write(`${text}\n`);
  return isKept ? EXIT.done : EXIT.failed;
}

/** @throws HoldpointError `usage` */
function parseArgs(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HoldpointError("usage", `--args is no JSON: ${(error as Error).message}.`, {
      hint: `Write it as in --args '{"item":"SG001","change":3}'.`,
      cause: error,
    });
  }
}
