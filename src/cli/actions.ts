/** `actions`: what a plan may call, what each of them says of itself, and whether it keeps its promises. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jsonSchemaOf } from "../domain/json-schema.ts";
import { printable } from "../domain/printable.ts";
import { HoldpointError } from "../errors.ts";
import { assertMay } from "../ledger/members.ts";
import type { Action } from "../tools/action.ts";
import { callSettings } from "../tools/call-settings.ts";
import { type ContractReport, checkContract, isContractKept } from "../tools/contract.ts";
import { againstScratch, fileOf } from "../tools/http/index.ts";
import { openOffice, openScratchOffice } from "../tools/office/index.ts";
import { openOperations, operationsActions } from "../tools/operations/index.ts";
import { openStore, storeActions } from "../tools/store/index.ts";
import { waitingLines } from "./accept-actions.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";
import { table } from "./text.ts";

/** Where actions come from, for people, by their names. */
type Origins = ReadonlyMap<string, string>;

/** What an action says of itself; of a read, nothing of effects. */
function describe(action: Action, origins: Origins) {
  const { name, kind, version, title, description } = action;
  const from = fileOf(action) ?? origins.get(name) ?? "Holdpoint, asking the worker model";
  const about = { name, kind, version, title, description, from };
  if (action.kind === "read") return { ...about, untrustedOutput: action.untrustedOutput ?? false };
  const { reversibility, idempotent, undoWindowMs = null } = action;
  const can = { lookUp: action.lookup !== undefined, undo: action.undo !== undefined };
  return {
    ...about,
    untrustedOutput: action.untrustedOutput ?? false,
    reversibility,
    idempotent,
    ...can,
    undoWindowMs,
  };
}

/** The packs that have targets which can be made and thrown away. */
function originsOf({ runtime }: Session): Origins {
  // Of the tools of MCP servers, the name says which one.
  const tools = runtime.mcp?.actions ?? [];
  const named = (actions: readonly Action[], from: string) => actions.map(({ name }): [string, string] => [name, from]);
  return new Map([
    ...named(storeActions(runtime.store), "the example store"),
    ...named(openOffice().actions, "the office"),
    ...named(operationsActions(), "operations"),
    ...tools.map(({ name }): [string, string] => [name, `the MCP server ${name.split("__")[0]}`]),
  ]);
}

/** `actions` and `actions list`. */
export async function listActions(session: Session): Promise<number> {
  const { runtime, identity, surroundings, json } = session;
  await assertMay(runtime.ledger, identity, "viewActions");
  const origins = originsOf(session);
  const actions = runtime.registry.of(identity.tenant).actions.map((action) => describe(action, origins));
  const rows = actions.map((action) => {
    const [undone, repeated] =
      "reversibility" in action
        ? [action.reversibility, action.idempotent ? "knows it" : action.lookUp ? "can be asked" : "happens twice"]
        : ["", ""];
    return [action.name, action.kind, action.title, undone, repeated, action.from];
  });
  const waiting = await runtime.mcp?.waiting();
  const text = json
    ? JSON.stringify({ actions, ...(waiting ? { waiting } : {}) }, null, 2)
    : [table(["name", "kind", "title", "undo", "a repeat", "from"], rows), ...waitingLines(session, waiting)].join(
        "\n",
      );
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

function actionNamed({ runtime, identity }: Session, name: string): Action {
  const registry = runtime.registry.of(identity.tenant);
  const found = registry.find(name);
  if (found) return found;
  const names = registry.actions.map((action) => action.name).join(", ");
  throw new HoldpointError("usage", `There is no action "${name}".`, { hint: `There are: ${names}.` });
}

/** `actions show`. */
export async function showAction(session: Session, name: string): Promise<number> {
  const { runtime, identity, surroundings, json } = session;
  await assertMay(runtime.ledger, identity, "viewActions");
  const action = actionNamed(session, name);
  const { timeoutMs, retry, breaker } = callSettings(action);
  const { description, ...about } = describe(action, originsOf(session));
  const schemas = { input: jsonSchemaOf(action.input, "input"), output: jsonSchemaOf(action.output, "output") };
  const example = action.example === undefined ? {} : { example: action.example };
  // What an operator declared of it, such as the request that it sends, or the tool that undoes it.
  const declared = action.definition === undefined ? {} : { declared: action.definition };
  const whole = { ...about, description, timeoutMs, retry, breaker, ...example, ...schemas, ...declared };
  const shown = Object.entries(whole).map(([field, value]) => {
    const isLong = field in schemas || field in declared;
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
export async function testAction(session: Session, name: string, options: TestOptions): Promise<number> {
  const { runtime, identity } = session;
  await assertMay(runtime.ledger, identity, "testActions");
  const own = actionNamed(session, name);
  if (fileOf(own) !== undefined) return await testHttp(session, own, options);
  if (runtime.mcp?.actions.includes(own)) return await testTool(session, own, options);
  const { kind } = own;
  if (!originsOf(session).has(name)) {
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
async function testHttp(session: Session, own: Action, options: TestOptions): Promise<number> {
  if (options.against === undefined) {
    throw new HoldpointError("usage", `"${own.name}" sends requests, and has no scratch target here.`, {
      hint: "Start a scratch server, and name it with --against http://127.0.0.1:8080.",
    });
  }
  const scratch = againstScratch(own, options.against);
  if (!scratch) throw new HoldpointError("internal", `"${own.name}" is no HTTP action.`);
  const { action, allowedHosts } = scratch;
  const args = argsOf(action, options);
  const { tenant } = session.identity;
  const report = await checkContract(action, { args, allowedHosts, tenant, now: session.runtime.now() });
  return tell(session, report, { kind: own.kind, args });
}

/** A tool of an MCP server on the servers of a file, which are to be scratch servers; nobody makes one for whoever calls. */
async function testTool(session: Session, own: Action, options: TestOptions): Promise<number> {
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
    const report = await checkContract(action, { args, now: session.runtime.now() });
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
