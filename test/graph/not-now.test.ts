/** "Not now": nothing is decided, it is recorded, and the thread goes on waiting. */
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { listAudit } from "../../src/ledger/audit.ts";
import { verifyAudit } from "../../src/ledger/audit-check.ts";
import { answerThread, postponeThread } from "../../src/work/answer.ts";
import { startRequest, viewThread } from "../../src/work/threads.ts";
import { holdpoint } from "../support/child.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, mallory, openTestRuntime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

async function open() {
  const home = tempDir();
  const notebook = createNotebook(home);
  const runtime = await openTestRuntime({ home, actions: notebook.actions, plans: { go: [{ id: "a" }] } });
  const { threadId, question } = await startRequest(runtime, alice, { request: "go" });
  const { tasks } = await runtime.graph.getState({ configurable: { thread_id: threadId } });
  const interrupt = tasks[0]?.interrupts[0]?.id ?? "";
  const postponed = async () =>
    (await listAudit(runtime.ledger, "acme")).filter(({ event }) => event === "proposal.not_now");
  return { runtime, threadId, proposalId: question?.proposalId ?? "", interrupt, postponed, notebook };
}

describe("not now", () => {
  it("as an answer of a program decides nothing, and the same question can be answered after it", async () => {
    const { runtime, threadId, proposalId, interrupt, postponed, notebook } = await open();
    const answer = {
      notNow: true,
      until: "2030-01-01T09:00:00+01:00",
      note: "I ask the warehouse, a@b.example, first.",
    };
    await runtime.graph.invoke(new Command({ resume: { [interrupt]: answer } }) as never, {
      ...{ configurable: { thread_id: threadId }, context: bob.identity },
    });
    expect(await postponed()).toMatchObject([
      {
        principal: "bob",
        data: { proposal: proposalId, until: "2030-01-01T08:00:00.000Z", note: "I ask the warehouse, [mail], first." },
      },
    ]);
    expect(await verifyAudit(runtime.ledger, "acme")).toBeGreaterThan(0);
    const view = await viewThread(runtime, alice.identity, threadId);
    expect(view.run.status).toBe("waiting");
    expect(view.question?.proposalId).toBe(proposalId);
    expect(view.question?.notices.join()).toContain("bob does not decide now, but at 2030-01-01T08:00:00.000Z: I ask");
    expect(notebook.lines()).toEqual([]);
    expect((await answerThread(runtime, bob, threadId, approveAll)).run.answer?.status).toBe("success");
  });

  it("by a worker leaves the checkpoint as it is", async () => {
    const { runtime, threadId, postponed } = await open();
    const config = { configurable: { thread_id: threadId } };
    const before = (await runtime.graph.getState(config)).config;
    const view = await postponeThread(runtime, bob, threadId, { note: "later" });
    expect(view.question).not.toBeNull();
    expect((await runtime.graph.getState(config)).config).toEqual(before);
    expect(await postponed()).toMatchObject([{ data: { note: "later", until: null } }]);
  });

  it.each([
    ["another proposal", { notNow: true, proposalId: "prop_other" }],
    ["somebody else's name", { notNow: true, by: "carol" }],
    ["no", { notNow: false }],
    ["a decision at the same time", { notNow: true, decisions: [{ type: "approve" }] }],
    ["no time", { notNow: true, until: "tomorrow" }],
  ])("with %s is not taken, and not recorded", async (_what, answer) => {
    const { runtime, threadId, interrupt, postponed } = await open();
    await runtime.graph.invoke(new Command({ resume: { [interrupt]: answer } }) as never, {
      ...{ configurable: { thread_id: threadId }, context: bob.identity },
    });
    expect(await postponed()).toEqual([]);
    expect((await viewThread(runtime, alice.identity, threadId)).run.status).toBe("waiting");
  });

  it("is too late once somebody decided, and not another tenant's to say", async () => {
    const { runtime, threadId, postponed } = await open();
    await expect(postponeThread(runtime, mallory, threadId, { note: null })).rejects.toThrow("There is no thread");
    const other = postponeThread(runtime, bob, threadId, { note: null, proposalId: "prop_other" });
    await expect(other).rejects.toThrow('not on "prop_other"');
    await answerThread(runtime, bob, threadId, approveAll);
    const late = postponeThread(runtime, alice, threadId, { note: null });
    await expect(late).rejects.toMatchObject({ code: "decision_taken" });
    expect(await postponed()).toEqual([]);
  });
});

describe("resume --not-now", () => {
  it("records who and why, ends with 3, and says how to go on", async () => {
    const home = tempDir();
    const asked = JSON.parse((await holdpoint(home, "Return 1 Classic", "--json")).stdout);
    const said = await holdpoint(home, "resume", asked.threadId, "--not-now", "--reason", "lunch", "--as", "bob");
    expect(said).toMatchObject({
      status: 3,
      stdout: expect.stringMatching(/^bob does not decide now.[\s\S]*--approve/),
    });
    const json = JSON.parse((await holdpoint(home, "resume", asked.threadId, "--not-now", "--json")).stdout);
    expect(json).toMatchObject({
      status: "waiting",
      exitStatus: 3,
      question: { proposalId: asked.question.proposalId },
    });
    const entries = await listAudit(await openLedgerOf(home), "default");
    expect(entries.filter(({ event }) => event === "proposal.not_now")).toMatchObject([
      { principal: "bob", data: { note: "lunch" } },
      { data: { note: null } },
    ]);
    expect((await holdpoint(home, "resume", asked.threadId, "--approve")).status).toBe(0);
    expect((await holdpoint(home, "resume", asked.threadId, "--not-now")).status).toBe(6);
  });

  it.each([
    [["--not-now", "--approve"], "exclude each other"],
    [["--approve", "--reason", "x"], "--reason belongs to --not-now"],
    [["--reason", "x"], "--reason belongs to --not-now"],
  ])("%s is refused", async (words, said) => {
    const home = tempDir();
    const asked = JSON.parse((await holdpoint(home, "Return 1 Classic", "--json")).stdout);
    const refused = await holdpoint(home, "resume", asked.threadId, ...words);
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining(said) });
  });
});
