/** The filesystem server from npm with the declaration of docs/mcp.md: from a plan to files, and back. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { checkContract } from "../../../src/tools/contract.ts";
import type { McpConnection } from "../../../src/tools/mcp/index.ts";
import { connectMcp } from "../../../src/tools/mcp/index.ts";
import { answerThread } from "../../../src/work/answer.ts";
import { rollBackThread, startRequest } from "../../../src/work/threads.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep } from "../../support/runtime.ts";
import { actionIn, filesystemFile } from "./support.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "holdpoint-mcp-")));
const root = join(folder, "files");
const path = (name: string) => join(root, name);
const files = () => Object.fromEntries(readdirSync(root).map((name) => [name, readFileSync(path(name), "utf8")]));
const START = { "a.txt": "one\ntwo\n", "b.txt": "b\n" };
const reset = () => {
  for (const name of readdirSync(root)) rmSync(path(name));
  for (const [name, text] of Object.entries(START)) writeFileSync(path(name), text);
};

let mcp: McpConnection;

beforeAll(async () => {
  mkdirSync(root);
  const options = { file: filesystemFile(folder), environment: { FILES_ROOT: root }, log: () => undefined };
  const first = await connectMcp(options);
  first.accept((await first.waiting()).tools, { principal: "ada", at: "2026-11-22T10:00:00.000Z" });
  await first.close();
  mcp = await connectMcp(options);
  return async () => {
    await mcp.close();
    rmSync(folder, { recursive: true, force: true });
  };
});

async function openFiles(plan: PlannedStep[], actions = mcp.actions) {
  reset();
  return await openTestRuntime({ actions, plans: { go: plan } });
}

const write: PlannedStep[] = [
  { id: "write", action: "files__write_file", args: { path: path("a.txt"), content: "new\n" } },
  {
    ...{ id: "edit", action: "files__edit_file", dependsOn: [] },
    args: { path: path("b.txt"), edits: [{ oldText: "b", newText: "B" }] },
  },
  {
    id: "move",
    action: "files__move_file",
    args: { source: path("a.txt"), destination: path("c.txt") },
    dependsOn: ["write"],
  },
];

describe("files", () => {
  it("are shown before and after, written as approved, and restored", async () => {
    const runtime = await openFiles(write);
    const asked = await startRequest(runtime, alice, { request: "go" });
    expect(asked.question?.actions).toMatchObject([
      {
        reversibility: "reversible",
        changes: [
          { table: "file", key: path("a.txt"), before: { content: "one\ntwo\n" }, after: { content: "new\n" } },
        ],
      },
      { changes: [{ before: { content: "b\n" }, after: { difference: expect.stringContaining("-b\n+B") } }] },
      {
        changes: [
          { key: path("a.txt"), before: { content: "new\n" }, after: null },
          { key: path("c.txt"), before: null, after: { content: "new\n" } },
        ],
      },
    ]);
    expect(files()).toEqual(START);

    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer).toMatchObject({
      status: "success",
      text: expect.stringContaining(`Wrote ${path("a.txt")}.`),
    });
    expect(files()).toEqual({ "b.txt": "B\n", "c.txt": "new\n" });

    // What one step left, another one moved: somebody is asked, and then it is undone in order.
    const asking = await rollBackThread(runtime, bob, { threadId: asked.threadId });
    expect(JSON.stringify(asking)).toContain('\\"Overwrite a file\\" left behind was changed since.');
    await rollBackThread(runtime, bob, { threadId: asked.threadId, anyway: true });
    expect(files()).toEqual(START);
  });

  it("are restored when a later part fails", async () => {
    const actions = mcp.actions.map((action) => {
      if (action.name !== "files__move_file" || action.kind !== "write") return action;
      // Somebody is quicker, after all was looked at.
      const run: typeof action.run = async (args, context) => {
        const moved = action.run(args, context);
        writeFileSync(path("c.txt"), "mine");
        return await moved;
      };
      return { ...action, run };
    });
    const runtime = await openFiles(write, actions);
    const asked = await startRequest(runtime, alice, { request: "go" });
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer).toMatchObject({ status: "failed" });
    expect(files()).toEqual({ ...START, "c.txt": "mine" });
  });

  it("are not written over what somebody else changed since", async () => {
    const runtime = await openFiles(write.slice(0, 1));
    const asked = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, bob, asked.threadId, approveAll);
    writeFileSync(path("a.txt"), "mine");
    const report = await rollBackThread(runtime, bob, { threadId: asked.threadId, anyway: true });
    expect(JSON.stringify(report)).toContain("was changed since: it was not touched");
    expect(files()).toEqual({ ...START, "a.txt": "mine" });
  });

  it.each([
    ["write_file", { path: path("none.txt"), content: "x" }, "does not exist"],
    ["create_file", { path: path("a.txt"), content: "x" }, "exists already"],
    ["create_file", { path: "/etc/holdpoint", content: "x" }, "Access denied"],
    ["write_file", { path: path("image.bin"), content: "x" }, "could not be restored"],
    ["edit_file", { path: path("a.txt"), edits: [{ oldText: "three", newText: "x" }] }, "exact match"],
  ])("are not proposed where it could not be done: %s %j", async (name, args, why) => {
    const runtime = await openFiles([{ id: "s", action: `files__${name}`, args }]);
    writeFileSync(path("image.bin"), Buffer.from([0xff, 0xfe, 0x00, 0x80]));
    const ended = await startRequest(runtime, alice, { request: "go" });
    expect(ended.run.answer?.text).toContain(why);
    expect(ended.question).toBeNull();
  });
});

it.each([
  ["write_file", { path: path("a.txt"), content: "new\n" }],
  ["edit_file", { path: path("a.txt"), edits: [{ oldText: "one", newText: "ONE" }] }],
  ["move_file", { source: path("a.txt"), destination: path("moved.txt") }],
  ["create_file", { path: path("fresh.txt"), content: "x" }],
  ["read_text_file", { path: path("a.txt") }],
])("%s keeps the contract", async (name, args) => {
  reset();
  const report = await checkContract(actionIn(mcp, `files__${name}`), { args, snapshot: files });
  expect(report.checks.filter(({ outcome }) => outcome === "broken")).toEqual([]);
});
