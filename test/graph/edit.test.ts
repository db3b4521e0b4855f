/** A person changes arguments: invariant 1 (an edit is a new proposal), 3, 5 and 9. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import type { ProposalAnswer } from "../../src/domain/answer-formats.ts";
import { listAudit } from "../../src/ledger/audit.ts";
import { findDecision, replaceProposal } from "../../src/ledger/decisions.ts";
import { listEffects } from "../../src/ledger/effects.ts";
import { listProposals } from "../../src/ledger/proposals.ts";
import type { Question } from "../../src/nodes/question.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import type { Runtime } from "../../src/runtime.ts";
import { answerThread } from "../../src/work/answer.ts";
import { continueThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const plans = {
  go: [{ id: "a" }, { id: "b", dependsOn: ["a"] }, { id: "c" }],
  one: [{ id: "a" }],
  referring: [{ id: "a" }, { id: "b", args: { text: "b", after: { $ref: "a.text" } } }],
  stages: [{ id: "a" }, { id: "n", action: "count_notes", args: {}, dependsOn: ["a"] }, { id: "z", dependsOn: ["n"] }],
};
const carol = { identity: { tenant: "acme", principal: "carol" } };

async function paused(request: keyof typeof plans = "go", policy = createPolicy({ planReview: "never" })) {
  const home = tempDir();
  const notebook = createNotebook(home);
  const runtime = await openTestRuntime({ home, actions: notebook.actions, policy, plans });
  const asked = await startRequest(runtime, alice, { request });
  const question = asked.question as Question;
  return { home, runtime, notebook, question, threadId: asked.threadId, runId: asked.run.id };
}

const edit = (step: string, text: string) => ({ type: "edit" as const, step, editedAction: { args: { text } } });
const answer =
  (...decisions: ProposalAnswer["decisions"]) =>
  (question: Question): ProposalAnswer => ({ proposalId: question.proposalId, decisions });
const textsOf = (question: Question | null) => question?.actions.map((action) => action.args.text);

describe("an edit", () => {
  it("becomes a new proposal that passes the guardrail, is shown, and runs only when it is approved", async () => {
    const { runtime, notebook, question, threadId, runId } = await paused();
    const again = await answerThread(runtime, bob, threadId, answer(edit("b", "better")));
    expect(again.run.status).toBe("waiting");
    expect(again.question).toMatchObject({
      reasons: expect.arrayContaining([expect.stringContaining("needs a person")]),
      actions: [
        { step: "a", edited: null },
        {
          step: "b",
          args: { text: "better" },
          edited: { by: ["bob"], before: { text: "b" } },
          changes: [{ key: "better" }],
        },
        { step: "c", edited: null },
      ],
    });
    expect(again.question?.digest).not.toBe(question.digest);
    expect(notebook.lines()).toEqual([]);
    expect(await findDecision(runtime.ledger, "acme", question.proposalId)).toMatchObject({
      verdict: "edited",
      principal: "bob",
      actions: [
        { step: "a", verdict: "kept" },
        { step: "b", verdict: "edited", edit: { before: { text: "b" }, after: { text: "better" } } },
        { step: "c", verdict: "kept" },
      ],
    });
    const proposals = await listProposals(runtime.ledger, "acme", runId);
    expect(proposals.map((proposal) => proposal.status)).toEqual(["edited", "pending"]);
    const audit = await listAudit(runtime.ledger, "acme", runId);
    expect(audit.map((entry) => entry.event)).toEqual(
      expect.arrayContaining(["decision.edited", "proposal.opened", "proposal.checked"]),
    );
    expect(JSON.stringify(audit.find((entry) => entry.event === "decision.edited"))).toContain("better");

    const done = await answerThread(runtime, alice, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["a", "better", "c"]);
    expect(done.run.answer).toMatchObject({ status: "success", text: expect.stringContaining('Noted "better"') });
  });

  it("covers several actions at once: edited, rejected with what depends on it, and kept", async () => {
    const { runtime, notebook, threadId } = await paused();
    const mixed = answer({ type: "reject", step: "a", message: "not this" }, edit("c", "see"));
    const again = await answerThread(runtime, bob, threadId, mixed);
    expect(textsOf(again.question)).toEqual(["see"]);
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["see"]);
    expect(done.run.answer?.text).toContain("Not done: Step a (not this)");
    expect(done.run.answer?.text).toContain('Not done: Step b (It depends on "a", which was rejected.)');
    expect(done.state.steps).toMatchObject({ a: { status: "skipped" }, b: { status: "skipped" } });
  });

  it("may be edited again; everybody who did is named, and what was proposed first", async () => {
    const { runtime, notebook, threadId } = await paused("one");
    await answerThread(runtime, bob, threadId, answer(edit("a", "second")));
    const again = await answerThread(runtime, carol, threadId, answer(edit("a", "third")));
    expect(again.question?.actions[0]?.edited).toEqual({ by: ["bob", "carol"], before: { text: "a" } });
    await answerThread(runtime, alice, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["third"]);
  });

  it("may be rejected, and then nothing of it runs", async () => {
    const { runtime, notebook, threadId } = await paused();
    await answerThread(runtime, bob, threadId, answer(edit("b", "better")));
    const done = await answerThread(runtime, alice, threadId, rejectAll);
    expect(done.run.answer?.status).toBe("rejected");
    expect(notebook.lines()).toEqual([]);
  });

  it("reads values that a page sent as text", async () => {
    const runtime = await openTestRuntime();
    const { threadId } = await startRequest(runtime, alice, { request: "Return 2 Aviator sunglasses" });
    const args = { item: "SG001", quantity: "4", unitPrice: "80" };
    const again = await answerThread(runtime, bob, threadId, ({ proposalId }) => ({
      proposalId,
      decisions: [{ type: "edit", editedAction: { name: "take_back", args } }],
    }));
    expect(again.question?.actions[0]?.args).toEqual({ item: "SG001", quantity: 4, unitPrice: 80 });
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(done.run.answer?.text).toContain("27 in stock now");
  });

  it("keeps what refers to another action, and may cut that tie", async () => {
    const { runtime, notebook, question, threadId } = await paused("referring");
    expect(question.actions[1]?.args.after).toEqual({ $ref: "a.text" });
    const args = { text: "bee", after: { $ref: "a.text" } };
    const again = await answerThread(
      runtime,
      bob,
      threadId,
      answer({ type: "edit", step: "b", editedAction: { args } }),
    );
    expect(again.question?.actions[1]).toMatchObject({ args, dependsOn: ["a"] });
    const cut = await answerThread(runtime, bob, threadId, answer(edit("b", "free")));
    expect(cut.question?.actions[1]).toMatchObject({ args: { text: "free" }, dependsOn: [] });
    const alone = await answerThread(runtime, bob, threadId, answer({ type: "reject", step: "a" }, edit("b", "free!")));
    expect(textsOf(alone.question)).toEqual(["free!"]);
    expect(alone.state.steps).not.toMatchObject({ b: { status: "blocked" } });
    await answerThread(runtime, bob, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["free!"]);
  });

  it("of one stage leaves the next stage to be decided", async () => {
    const { runtime, notebook, threadId } = await paused("stages");
    await answerThread(runtime, bob, threadId, answer(edit("a", "first")));
    const next = await answerThread(runtime, bob, threadId, approveAll);
    expect(textsOf(next.question)).toEqual(["z"]);
    await answerThread(runtime, bob, threadId, answer(edit("z", "last")));
    await answerThread(runtime, bob, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["first", "last"]);
  });
});

describe("an edit that cannot be taken", () => {
  const cases: [string, ProposalAnswer["decisions"], string][] = [
    ["breaks the action's schema", [{ type: "edit", step: "a", editedAction: { args: { text: 3 } } }], '"text"'],
    [
      "adds what the action does not know",
      [{ type: "edit", step: "a", editedAction: { args: { text: "x", y: 1 } } }],
      "y",
    ],
    ["cannot be done", [edit("a", "impossible")], "This note is impossible."],
    ["holds what policy blocks", [edit("a", "sudo rm -rf /")], "is blocked"],
    ["changes nothing", [edit("a", "a")], "The edit changes nothing"],
    ["refers to a step that is not there", [edit("a", "${x9.text}")], '"x9", which is no step'],
    ["makes steps wait for each other", [edit("a", "${b.text}")], "wait for each other"],
    ["is too long", [edit("a", "x".repeat(30_001))], "longer than 30000 characters"],
    ["names another action", [{ type: "edit", step: "a", editedAction: { name: "count_notes", args: {} } }], "calls"],
    ["holds a NUL", [edit("a", "a\u0000b")], "NUL"],
  ];

  it.each(cases)("is asked again when it %s, and changes nothing", async (_what, decisions, problem) => {
    const { runtime, notebook, question, threadId } = await paused();
    await expect(answerThread(runtime, bob, threadId, answer(...decisions))).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(problem),
    });
    const view = await viewThread(runtime, bob.identity, threadId);
    expect(view.question).toMatchObject({ proposalId: question.proposalId, digest: question.digest });
    expect(view.question?.notices.join()).toContain(problem);
    expect(await findDecision(runtime.ledger, "acme", question.proposalId)).toBeUndefined();
    await answerThread(runtime, bob, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["a", "b", "c"]);
  });
});

describe("who approves an edit", () => {
  it("is neither the requester nor the editor where policy asks for a second pair of eyes", async () => {
    const { runtime, notebook, threadId } = await paused("one", createPolicy({ separateApprover: true }));
    const byAlice = answerThread(runtime, alice, threadId, answer(edit("a", "mine")));
    await expect(byAlice).rejects.toMatchObject({ message: expect.stringContaining('"alice" asked for this') });
    await answerThread(runtime, bob, threadId, answer(edit("a", "better")));
    const byBob = answerThread(runtime, bob, threadId, approveAll);
    await expect(byBob).rejects.toMatchObject({
      message: expect.stringContaining('"bob" edited this and may not approve it'),
    });
    expect(notebook.lines()).toEqual([]);
    await answerThread(runtime, carol, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["better"]);
  });

  it("decides nothing about an approval that came at the same time, whichever wins", async () => {
    for (let round = 0; round < 10; round++) {
      const { runtime, notebook, question, threadId } = await paused("one");
      const results = await Promise.allSettled([
        answerThread(runtime, bob, threadId, answer(edit("a", "edited"))),
        answerThread(runtime, carol, threadId, approveAll),
      ]);
      expect(results.filter((result) => result.status === "fulfilled").length).toBeLessThanOrEqual(1);
      const decision = await findDecision(runtime.ledger, "acme", question.proposalId);
      const texts = notebook.lines().map((line) => line.text);
      expect(texts).toEqual(decision?.verdict === "approved" ? ["a"] : []);
    }
  });
});

it("a proposal that policy is silent about is asked about all the same, and says so", async () => {
  const policy = { ...createPolicy(), checkTransaction: () => [] };
  const { notebook, question, runtime, threadId } = await paused("one", policy);
  expect(question.reasons).toEqual(['Policy says nothing about "Step a", so a person decides.']);
  await answerThread(runtime, bob, threadId, answer(edit("a", "better")));
  await answerThread(runtime, bob, threadId, approveAll);
  expect(notebook.lines().map((line) => line.text)).toEqual(["better"]);
});

describe("an edit outlives", () => {
  it("the loss of every checkpoint", async () => {
    const first = await paused();
    await answerThread(first.runtime, bob, first.threadId, answer(edit("b", "better")));
    await first.runtime.close();
    for (const end of ["", "-wal", "-shm"]) rmSync(join(first.home, `checkpoints.db${end}`), { force: true });
    const runtime = await reopen(first.home);
    const view = await continueThread(runtime, bob, first.threadId);
    expect(textsOf(view.question)).toEqual(["a", "better", "c"]);
    await answerThread(runtime, bob, first.threadId, approveAll);
    expect(
      createNotebook(first.home)
        .lines()
        .map((line) => line.text),
    ).toEqual(["a", "better", "c"]);
  });

  it("a process that died after recording it: it is checked before anybody is asked", async () => {
    const { runtime, notebook, question, threadId, runId } = await paused("one");
    const [proposal] = await listProposals(runtime.ledger, "acme", runId);
    if (!proposal) throw new Error("no proposal");
    const [action] = proposal.actions;
    if (!action) throw new Error("no action");
    const actions = [{ ...action, args: { text: "better" }, edited: { by: ["bob"], before: action.args } }];
    const after = { text: "better" };
    const stamp = { ...bob.identity, at: runtime.now() };
    await replaceProposal(runtime.ledger, stamp, {
      runId,
      revision: 1,
      actions,
      impact: proposal.impact,
      decision: {
        proposalId: question.proposalId,
        digest: question.digest,
        decider: "person",
        verdict: "edited",
        actions: [
          {
            step: "a",
            verdict: "edited",
            reason: null,
            edit: { action: "note", planned: action.args, before: action.args, after },
          },
        ],
        reason: null,
        separateApprover: false,
      },
    });
    const config = { configurable: { thread_id: threadId }, context: carol.identity };
    await runtime.graph.invoke(new Command({ resume: approveAll(question) }), config);
    const view = await viewThread(runtime, carol.identity, threadId);
    expect(view.question?.actions[0]?.args).toEqual({ text: "better" });
    expect(view.question?.reasons.length).toBeGreaterThan(0);
    expect(notebook.lines()).toEqual([]);
    await answerThread(runtime, carol, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["better"]);
  });

  it("an approval that became stale: what is proposed again is what was edited", async () => {
    const first = await paused("one");
    await answerThread(first.runtime, bob, first.threadId, answer(edit("a", "better")));
    await first.runtime.close();
    const notebook = createNotebook(first.home, { version: 2 });
    const runtime = await openTestRuntime({ home: first.home, actions: notebook.actions, plans });
    const again = await answerThread(runtime, bob, first.threadId, approveAll);
    expect(notebook.lines()).toEqual([]);
    expect(again.question?.actions).toMatchObject([{ version: 2, args: { text: "better" }, edited: { by: ["bob"] } }]);
    await answerThread(runtime, bob, first.threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["better"]);
  });

  it("a replay from before it: nobody is asked about what it replaced, and nothing runs twice", async () => {
    const { runtime, notebook, threadId, runId } = await paused("one");
    await answerThread(runtime, bob, threadId, answer(edit("a", "better")));
    const config = { configurable: { thread_id: threadId }, context: bob.identity };
    const replay = async () => {
      for await (const { config: at } of runtime.graph.getStateHistory(config)) {
        await runtime.graph.invoke(null, { ...at, context: bob.identity });
      }
    };
    await replay();
    const proposals = await listProposals(runtime.ledger, "acme", runId);
    expect(proposals.map((proposal) => proposal.status)).toEqual(["edited", "pending"]);
    await continueThread(runtime, bob, threadId);
    await answerThread(runtime, bob, threadId, approveAll);
    await replay();
    expect(notebook.lines().map((line) => line.text)).toEqual(["better"]);
    expect(await listEffects(runtime.ledger, "acme", runId)).toHaveLength(1);
  });
});

async function reopen(home: string): Promise<Runtime> {
  return await openTestRuntime({ home, actions: createNotebook(home).actions, plans });
}
