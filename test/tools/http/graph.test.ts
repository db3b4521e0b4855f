/** HTTP actions through the whole graph: approved, sent, undone, looked up, and kept from those who do not have them. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verifyAudit } from "../../../src/ledger/audit-check.ts";
import { changeSettings } from "../../../src/ledger/settings.ts";
import { createModels } from "../../../src/models/roles.ts";
import { httpActions } from "../../../src/tools/http/index.ts";
import { answerThread } from "../../../src/work/answer.ts";
import { startRequest } from "../../../src/work/threads.ts";
import { expectCall, json, playOpenAI } from "../../support/openai-server.ts";
import { alice, approveAll, mallory, openTestRuntime, type PlannedStep } from "../../support/runtime.ts";
import { tempDir } from "../../support/temp.ts";
import { CREATE, FIND, folderWith, newTracker, RENAME, TOKEN } from "./tracker.ts";

const step = (
  id: string,
  action: string,
  args: NonNullable<PlannedStep["args"]>,
  more: Partial<PlannedStep> = {},
): PlannedStep => ({
  ...{ id, action, args, ...more },
});
const PLANS: Record<string, PlannedStep[]> = {
  create: [step("s1", "create_ticket", { title: "Printer on fire" })],
  find: [step("s1", "find_ticket", { id: "T7" })],
  both: [
    step("s1", "create_ticket", { title: "Printer on fire" }),
    step("s2", "rename_ticket", { id: "T7", title: "Done" }, { dependsOn: ["s1"] }),
  ],
};

async function open(more: Parameters<typeof openTestRuntime>[0] = {}) {
  const tracker = await newTracker();
  const { host } = tracker;
  const path = folderWith({
    "acme/create.yaml": CREATE(host),
    "acme/rename.yaml": RENAME(host),
    "acme/find.yaml": FIND(host),
    "other/create.yaml": CREATE(host),
  });
  const home = tempDir();
  const actions = httpActions({ path, secrets: () => TOKEN, localHosts: [host] });
  const runtime = await openTestRuntime({ home, actions, plans: PLANS, ...more });
  const allow = async (...allowedHosts: string[]) =>
    void (await changeSettings(runtime.ledger, { ...alice.identity, at: runtime.now() }, { allowedHosts }));
  await allow(host);
  tracker.tickets.set("T7", { id: "T7", title: "Printer is out" });
  return { tracker, home, path, runtime, allow };
}
type Opened = Awaited<ReturnType<typeof open>>;

async function approved({ runtime }: Opened, request: string) {
  const asked = await startRequest(runtime, alice, { request });
  expect(
    asked.question?.actions.map(({ action }) => action),
    JSON.stringify(asked.run.answer),
  ).toEqual(PLANS[request]?.map(({ action }) => action));
  return { asked, done: () => answerThread(runtime, alice, asked.threadId, approveAll) };
}

describe("an HTTP action in the graph", () => {
  it("shows what it would change, and does that once it is approved", async () => {
    const opened = await open();
    const { asked, done } = await approved(opened, "create");
    expect(asked.question?.actions[0]?.changes).toEqual([
      { table: "tickets", key: "new", before: null, after: { title: "Printer on fire" } },
    ]);
    expect(opened.tracker.seen).toEqual([]);
    const { run } = await done();
    expect(run.answer).toMatchObject({ status: "success", text: 'Ticket T1 is "Printer on fire".' });
    expect([...opened.tracker.tickets.keys()]).toEqual(["T7", "T1"]);
  });

  it("is undone when a later part fails", async () => {
    const opened = await open();
    const { done } = await approved(opened, "both");
    opened.tracker.next("PATCH", (response) => response.writeHead(422).end());
    const { run, effects } = await done();
    expect(run.answer?.text).toContain("was answered with 422. Nothing was done.");
    expect(run.answer?.text).toContain("Took back ticket T1.");
    expect(effects.map(({ status }) => status)).toEqual(["undone", "failed"]);
    expect([...opened.tracker.tickets.values()]).toEqual([{ id: "T7", title: "Printer is out" }]);
  });

  it("is looked up where an error left in doubt whether it happened, and not done twice", async () => {
    const opened = await open();
    const { done } = await approved(opened, "create");
    opened.tracker.next("POST", (response, carryOut) => {
      carryOut();
      response.writeHead(500).end();
    });
    const { run, effects } = await done();
    expect(run.answer?.status).toBe("success");
    expect(effects).toMatchObject([{ status: "succeeded", output: { id: "T1" }, note: null }]);
    expect(effects[0]?.changes).toHaveLength(1);
    expect(opened.tracker.seen.map(({ method }) => method)).toEqual(["POST", "GET"]);
  });

  it("is left to a person where it may still be under way, though it is not found", async () => {
    const opened = await open();
    const file = join(opened.path, "acme/create.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("honoured: true", "honoured: false"));
    const actions = httpActions({ path: opened.path, secrets: () => TOKEN, localHosts: [opened.tracker.host] });
    const runtime = await openTestRuntime({ actions, plans: PLANS });
    const stamp = { ...alice.identity, at: runtime.now() };
    await changeSettings(runtime.ledger, stamp, { allowedHosts: [opened.tracker.host] });
    const ends = async (misbehaviour: (response: ServerResponse) => void) => {
      const { threadId } = await startRequest(runtime, alice, { request: "create" });
      opened.tracker.next("POST", misbehaviour);
      const { effects, question } = await answerThread(runtime, alice, threadId, approveAll);
      return [effects[0]?.status, question?.kind];
    };
    expect(await ends((response) => response.destroy())).toEqual(["uncertain", "reconciliation"]);
    expect(await ends((response) => response.writeHead(504).end())).toEqual(["uncertain", "reconciliation"]);
    // It has ended, and it is not there.
    expect(await ends((response) => response.writeHead(500).end())).toEqual(["failed", undefined]);
  });

  it("is not even proposed where the tenant does not allow its host", async () => {
    const opened = await open();
    await opened.allow("elsewhere.example.com");
    const { run, question } = await startRequest(opened.runtime, alice, { request: "create" });
    expect(question).toBeNull();
    expect(run.answer?.text).toContain(`Requests may not go to ${opened.tracker.host}`);
  });

  it("is not sent where the tenant has changed its hosts since it was approved", async () => {
    const opened = await open();
    const { done } = await approved(opened, "create");
    await opened.allow("elsewhere.example.com");
    const { run, effects } = await done();
    expect(run.answer?.text).toContain(`Requests may not go to ${opened.tracker.host}`);
    expect(effects).toEqual([]);
    expect(opened.tracker.seen).toEqual([]);
  });

  it("is put before a person again where its file has changed, also under the same version", async () => {
    const { tracker, home, path, runtime } = await open();
    const asked = await startRequest(runtime, alice, { request: "create" });
    await runtime.close();
    const file = join(path, "acme/create.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("/tickets\n  headers", "/invoices\n  headers"));
    const actions = httpActions({ path, secrets: () => TOKEN, localHosts: [tracker.host] });
    const later = await openTestRuntime({ home, actions, plans: PLANS });
    const again = await answerThread(later, alice, asked.threadId, approveAll);
    expect(again.question?.notices.join()).toContain('Action "create_ticket" changed since it was approved');
    expect(tracker.seen).toEqual([]);
    expect(await verifyAudit(later.ledger, "acme")).toBeGreaterThan(0);
  });

  it("is told to the models of its tenant, and to no others", async () => {
    const answer = json({ outcome: "unsupported", message: "No.", goal: "", steps: [] });
    const server = await playOpenAI(expectCall({ model: "planner" }).answer(answer).repeat(2));
    const config = { apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 5000 };
    const { planner } = createModels({ ...config, planner: "planner", reviewer: "reviewer", reflector: "reflector" });
    const { runtime } = await open({ models: planner ? { planner } : {} });
    for (const caller of [alice, mallory]) await startRequest(runtime, caller, { request: "Do something else" });
    const told = server.calls.map((call) => JSON.stringify(call).includes("rename_ticket"));
    expect(told).toEqual([true, false]);
  });

  it("belongs to its tenant: for others there is none of that name", async () => {
    const opened = await open();
    const { runtime } = opened;
    const { run, question } = await startRequest(runtime, mallory, { request: "find" });
    expect(question).toBeNull();
    expect(run.answer?.status).toBe("denied");
    expect(run.answer?.text).toContain("find_ticket");
    expect(runtime.registry.of("evil").find("create_ticket")).toBeUndefined();
    expect(runtime.registry.of("other").find("create_ticket")).not.toBe(
      runtime.registry.of("acme").find("create_ticket"),
    );
    expect(opened.tracker.seen).toEqual([]);
  });

  it("keeps its secret out of every file, also where the receiver tells it again", async () => {
    const opened = await open();
    const { runtime, tracker, home } = opened;
    tracker.next("GET", (response) =>
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ id: "T7", title: `x ${TOKEN}` })),
    );
    const found = await startRequest(runtime, alice, { request: "find" });
    expect(found.run.answer).toMatchObject({ status: "success", text: 'Ticket T7 is "x ***".' });
    const { done } = await approved(opened, "create");
    tracker.next("POST", (response) => response.writeHead(400).end(`no, Bearer ${TOKEN}`));
    expect((await done()).run.answer?.text).toContain("and said: no, Bearer ***");
    for (const file of readdirSync(home, { recursive: true, encoding: "utf8" })) {
      if (file.includes(".db")) expect(readFileSync(join(home, file)).includes(TOKEN), file).toBe(false);
    }
  });
});
