/** Invariants 1, 2, 3, 4 and 6: what is committed, what is undone, and what is never run again. */
import { Command } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { findLatestProposal, listProposals } from "../../src/ledger/proposals.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import type { Runtime } from "../../src/runtime.ts";
import { answerThread } from "../../src/work/answer.ts";
import { continueThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime, type PlannedStep, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

async function asked(steps: PlannedStep[], options: Parameters<typeof createNotebook>[1] = {}) {
  const dir = tempDir();
  const home = tempDir();
  const notebook = createNotebook(dir, options);
  const runtime = await openTestRuntime({ home, actions: notebook.actions, plans: { go: steps } });
  const view = await startRequest(runtime, alice, { request: "go" });
  return { dir, home, notebook, runtime, view, threadId: view.threadId };
}

/** Puts a run back to where its approved transaction is under way, as a crash leaves it. */
async function reopen({ ledger, graph }: Runtime, threadId: string): Promise<void> {
  await ledger.updateTable("proposals").set({ status: "approved" }).execute();
  await ledger.updateTable("runs").set({ status: "running", answer: null }).execute();
  await graph.updateState({ configurable: { thread_id: threadId } }, { outcome: "approved" }, "human");
}

const note = (id: string, text = id): PlannedStep => ({ id, args: { text } });

describe("a transaction", () => {
  it("that fails in the second of three writes undoes the first, and the third never runs", async () => {
    const { notebook, runtime, threadId } = await asked([note("a"), note("b", "refuse"), note("c")]);
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(notebook.lines().map(({ did, text }) => `${did} ${text}`)).toEqual(["write a", "undo a"]);
    expect(done.effects.map(({ step, status }) => `${step} ${status}`)).toEqual(["a undone", "b failed"]);
    expect(done.run.answer).toEqual({
      status: "failed",
      text: 'The notebook refused. What had been done was undone. Erased "a". Nothing was changed.',
      details: [],
    });
  });

  it("that fails in the last of several undoes all of them, in reverse", async () => {
    const { notebook, runtime, threadId } = await asked([note("a"), note("b"), note("c"), note("d", "explode")]);
    await answerThread(runtime, bob, threadId, approveAll);
    const done = notebook.lines().map(({ did, text }) => `${did} ${text}`);
    expect(done).toEqual(["write a", "write b", "write c", "undo c", "undo b", "undo a"]);
  });

  it("goes on past a failed undo, and reports what could not be undone", async () => {
    const { runtime, threadId } = await asked([note("a"), note("b"), note("c", "refuse")], { stuck: true });
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(done.effects.map(({ status }) => status)).toEqual(["undo_failed", "undo_failed", "failed"]);
    expect(done.run.answer?.status).toBe("failed");
    expect(done.run.answer?.text).toContain("could NOT be undone");
    expect(done.run.answer?.text).not.toContain("Nothing was changed");
  });

  it("looks up a write that threw after it happened, and goes on", async () => {
    const { notebook, runtime, threadId } = await asked([note("a", "half"), note("b")]);
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
    expect(notebook.lines().map((line) => line.text)).toEqual(["half", "b"]);
  });

  it("stops at a write of which nobody can tell whether it happened, and asks", async () => {
    const { notebook, runtime, threadId } = await asked([note("a"), note("b", "half"), note("c")], {
      canLookUp: false,
    });
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(done.effects.map(({ status }) => status)).toEqual(["succeeded", "uncertain"]);
    expect(done).toMatchObject({ run: { status: "waiting", answer: null }, question: { kind: "reconciliation" } });
    expect(notebook.lines().map((line) => line.text)).toEqual(["a", "half"]);
  });

  it("is not proposed when one of its writes could not be done", async () => {
    const { runtime, view } = await asked([note("a"), note("b", "impossible")]);
    expect(view.run.answer).toMatchObject({
      status: "invalid_request",
      text: "This note is impossible. Nothing was changed.",
    });
    expect(await listProposals(runtime.ledger, "acme", view.run.id)).toEqual([]);
  });

  it("gives a write the output of a read, and of a write before it", async () => {
    const { notebook, runtime, view, threadId } = await asked([
      { id: "r", action: "count_notes", args: {} },
      note("a", "found ${r.count}"),
      { id: "b", args: { text: { $ref: "a.text" }, after: "${a.text}" } },
    ]);
    expect(view.question?.actions.map((action) => action.args)).toEqual([
      { text: "found 0" },
      { text: { $ref: "a.text" }, after: "${a.text}" },
    ]);
    expect(view.question?.actions[0]?.takesWith).toEqual(["b"]);
    await answerThread(runtime, bob, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["found 0", "found 0"]);
  });
});

describe("a plan in stages", () => {
  const stages: PlannedStep[] = [
    note("a"),
    { id: "r", action: "count_notes", args: {}, dependsOn: ["a"] },
    note("b", "after ${r.count}"),
  ];

  it("asks for each stage with what is known by then", async () => {
    const { notebook, runtime, threadId, view } = await asked(stages);
    expect(view.question?.actions.map((action) => action.step)).toEqual(["a"]);
    const second = await answerThread(runtime, bob, threadId, approveAll);
    expect(second.question?.actions.map((action) => action.args)).toEqual([{ text: "after 1" }]);
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["a", "after 1"]);
    expect(done.run.answer).toMatchObject({ status: "success", text: 'Noted "a". Noted "after 1".' });
  });

  it("goes on with the next stage when it was cut off right after a commit", async () => {
    const { notebook, runtime, threadId } = await asked(stages);
    const second = await answerThread(runtime, bob, threadId, approveAll);
    const config = { configurable: { thread_id: threadId }, context: bob.identity };
    for await (const snapshot of runtime.graph.getStateHistory(config)) {
      // The checkpoint before the committer: what a crash leaves that came before the next one was written.
      if (snapshot.next[0] === "committer")
        await runtime.graph.invoke(null, { ...snapshot.config, context: bob.identity });
    }
    const view = await viewThread(runtime, alice.identity, threadId);
    expect(view.question?.proposalId).toBe(second.question?.proposalId);
    expect(notebook.lines().map((line) => line.text)).toEqual(["a"]);
  });

  it("tells why it was rolled back also when it was cut off right after the rollback", async () => {
    const { runtime, threadId } = await asked([note("a"), note("b", "refuse")]);
    const done = await answerThread(runtime, bob, threadId, approveAll);
    await runtime.ledger.updateTable("runs").set({ status: "running", answer: null }).execute();
    const config = { configurable: { thread_id: threadId }, context: bob.identity };
    for await (const snapshot of runtime.graph.getStateHistory(config)) {
      if (snapshot.next[0] === "committer")
        await runtime.graph.invoke(null, { ...snapshot.config, context: bob.identity });
    }
    expect((await viewThread(runtime, bob.identity, threadId)).run.answer).toEqual(done.run.answer);
  });
});

describe("a decision row", () => {
  it("has to be there: a proposal that only claims to be approved does not run", async () => {
    const { notebook, runtime, threadId } = await asked([note("a")]);
    await runtime.ledger.updateTable("proposals").set({ status: "approved" }).execute();
    await runtime.ledger.updateTable("runs").set({ status: "running" }).execute();
    const view = await continueThread(runtime, bob, threadId);
    expect(view.run.answer).toMatchObject({ status: "failed", text: "Nothing was done. Not done: Step a." });
    expect(notebook.lines()).toEqual([]);
  });

  it("that rejects leads to no commit, whoever jumps to the committer", async () => {
    const { notebook, runtime, threadId, view } = await asked([note("a")]);
    await answerThread(runtime, bob, threadId, rejectAll);
    await runtime.ledger.updateTable("runs").set({ status: "running", answer: null }).execute();
    const config = { configurable: { thread_id: threadId }, context: bob.identity };
    await runtime.graph.invoke(new Command({ goto: "committer" }), config);
    expect((await findLatestProposal(runtime.ledger, "acme", view.run.id))?.status).toBe("rejected");
    expect(notebook.lines()).toEqual([]);
  });
});

describe("an approval", () => {
  it("does not hold for a changed version of an action: it is asked for again", async () => {
    const { dir, home, runtime, threadId, view } = await asked([note("a")]);
    await runtime.close();
    const notebook = createNotebook(dir, { version: 2 });
    const later = await openTestRuntime({ home, actions: notebook.actions, plans: { go: [note("a")] } });
    const again = await answerThread(later, bob, threadId, approveAll);
    expect(notebook.lines()).toEqual([]);
    expect(again.question?.proposalId).not.toBe(view.question?.proposalId);
    expect(again.question?.notices.join()).toContain("has to be approved again");
    await answerThread(later, bob, threadId, approveAll);
    expect(notebook.lines()).toHaveLength(1);
  });

  it("does not hold when what is stored was altered since (digest)", async () => {
    const { notebook, runtime, threadId, view } = await asked([note("a")]);
    const row = await runtime.ledger.selectFrom("proposals").select("actions").executeTakeFirstOrThrow();
    const actions = row.actions.replace('"text":"a"', '"text":"forged"');
    expect(actions).not.toBe(row.actions);
    await runtime.ledger.updateTable("proposals").set({ actions }).execute();
    const again = await answerThread(runtime, bob, threadId, approveAll);
    expect(notebook.lines()).toEqual([]);
    expect(again.question?.proposalId).not.toBe(view.question?.proposalId);
    expect(again.question?.actions[0]?.args).toEqual({ text: "a" });
  });

  it("by policy does not hold when policy asks for a person by then", async () => {
    const home = tempDir();
    const notebook = createNotebook(tempDir());
    const options = { home, actions: notebook.actions, plans: { go: [note("a")] } };
    let approval: "always" | "never" = "never";
    const changing = createPolicy();
    const policy = {
      ...changing,
      // Policy lets it pass when the guardrail asks, and is stricter when the committer asks again.
      checkTransaction: (proposal: Parameters<typeof changing.checkTransaction>[0]) => {
        const findings = createPolicy({ approval }).checkTransaction(proposal);
        approval = "always";
        return findings;
      },
    };
    const runtime = await openTestRuntime({ ...options, policy });
    const view = await startRequest(runtime, alice, { request: "go" });
    expect(notebook.lines()).toEqual([]);
    expect(view.question?.notices.join()).toContain("Policy now asks for a person");
    const done = await answerThread(runtime, bob, view.threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
  });
});

describe("an effect", () => {
  it("of a step is its own, also when another step says the same", async () => {
    const { notebook, runtime, threadId } = await asked([note("a", "same"), note("b", "same")]);
    await answerThread(runtime, bob, threadId, approveAll);
    expect(notebook.lines().map((line) => line.text)).toEqual(["same", "same"]);
  });

  it("is recorded with its undo data before it runs, and with its real changes after", async () => {
    const notebook = createNotebook(tempDir());
    const [write, read] = notebook.actions;
    if (write?.kind !== "write" || !read) throw new Error("the notebook changed");
    let undoDataAtRun: unknown;
    const real = [{ table: "notebook", key: "really", before: null, after: { text: "really" } }];
    const action = {
      ...write,
      captureUndo: async () => ({ page: 7 }),
      run: async () => {
        const row = await runtime.ledger.selectFrom("effects").select("undoData").executeTakeFirstOrThrow();
        undoDataAtRun = JSON.parse(row.undoData);
        return { output: { text: "a" }, changes: real };
      },
    };
    const runtime = await openTestRuntime({ actions: [action, read], plans: { go: [note("a")] } });
    const { threadId } = await startRequest(runtime, alice, { request: "go" });
    const done = await answerThread(runtime, bob, threadId, approveAll);
    expect(undoDataAtRun).toEqual({ page: 7 });
    expect(done.effects).toMatchObject([{ undoData: { page: 7 }, changes: real }]);
  });

  it("is not proposed again after a rollback, whoever jumps to the executor", async () => {
    const { notebook, runtime, threadId, view } = await asked([note("a"), note("b", "refuse"), note("c")]);
    await answerThread(runtime, bob, threadId, approveAll);
    const before = notebook.lines();
    await runtime.ledger.updateTable("runs").set({ status: "running", answer: null }).execute();
    const config = { configurable: { thread_id: threadId }, context: bob.identity };
    await runtime.graph.invoke(new Command({ goto: "executor" }), config);
    expect(await listProposals(runtime.ledger, "acme", view.run.id)).toHaveLength(1);
    expect(notebook.lines()).toEqual(before);
  });

  it("that was cut off is looked up, not repeated, when the run goes on", async () => {
    const { notebook, runtime, threadId } = await asked([note("a"), note("b")]);
    await answerThread(runtime, bob, threadId, approveAll);
    // As a crash leaves it: the effect happened, its outcome and all that came after were not recorded.
    const { ledger } = runtime;
    await ledger.updateTable("effects").set({ status: "executing", output: "null" }).where("step", "=", "b").execute();
    await reopen(runtime, threadId);
    const view = await continueThread(runtime, bob, threadId);
    expect(view.run.answer?.status).toBe("success");
    expect(notebook.lines().map((line) => line.text)).toEqual(["a", "b"]);
  });

  it("that was only intended when it was cut off had not begun: it runs, also where nobody could look it up", async () => {
    const { notebook, runtime, threadId } = await asked([note("a"), note("b")], { canLookUp: false });
    await answerThread(runtime, bob, threadId, approveAll);
    const { ledger } = runtime;
    await ledger.updateTable("effects").set({ status: "intended", attempts: 0 }).where("step", "=", "b").execute();
    await reopen(runtime, threadId);
    const view = await continueThread(runtime, bob, threadId);
    expect(view.run.answer?.status).toBe("success");
    expect(view.effects).toMatchObject([{ attempts: 1 }, { step: "b", status: "succeeded", attempts: 1 }]);
    // The ledger only claims it: b had been written.
    expect(notebook.lines().map((line) => line.text)).toEqual(["a", "b", "b"]);
  });

  it.each([
    ["looked up, and undone again where it is still there", { canLookUp: true }, "undone"],
    ["not undone again where nobody can tell", { canLookUp: false }, "undo_failed"],
  ] as const)("whose undo was cut off is %s", async (_how, options, status) => {
    const { notebook, runtime, threadId } = await asked([note("a"), note("b", "refuse")], options);
    await answerThread(runtime, bob, threadId, approveAll);
    const { ledger } = runtime;
    await ledger.updateTable("effects").set({ status: "undoing" }).where("step", "=", "a").execute();
    await reopen(runtime, threadId);
    const view = await continueThread(runtime, bob, threadId);
    expect(view.effects).toMatchObject([{ step: "a", status }, { status: "failed" }]);
    const undone = notebook.lines().filter((line) => line.did === "undo");
    expect(undone).toHaveLength(status === "undone" ? 2 : 1);
    if (status === "undo_failed") expect(view.run.answer?.text).toContain("Undoing it was cut off. Nobody can tell");
  });

  it("is not run while another process holds the run's lease", async () => {
    const { notebook, runtime, threadId, view } = await asked([note("a")]);
    const far = new Date(Date.now() + 60_000).toISOString();
    await runtime.ledger.updateTable("runs").set({ leaseUntil: far, leaseOwner: "other" }).execute();
    await expect(answerThread(runtime, bob, threadId, approveAll)).rejects.toMatchObject({ code: "busy" });
    expect(notebook.lines()).toEqual([]);
    expect((await findLatestProposal(runtime.ledger, "acme", view.run.id))?.status).toBe("approved");
    await runtime.ledger.updateTable("runs").set({ leaseUntil: "2020-01-01T00:00:00.000Z" }).execute();
    await continueThread(runtime, bob, threadId);
    expect(notebook.lines()).toHaveLength(1);
    expect((await viewThread(runtime, bob.identity, threadId)).run.answer?.status).toBe("success");
  });

  it("has its intent recorded before it runs", async () => {
    const dir = tempDir();
    const notebook = createNotebook(dir);
    const seen: string[] = [];
    const [write, read] = notebook.actions;
    if (write?.kind !== "write" || !read) throw new Error("the notebook changed");
    const spying = {
      ...write,
      run: async (...call: Parameters<typeof write.run>) => {
        const rows = await runtime.ledger.selectFrom("effects").select(["step", "status"]).execute();
        seen.push(rows.map((row) => `${row.step} ${row.status}`).join(", "));
        return await write.run(...call);
      },
    };
    const runtime = await openTestRuntime({ actions: [spying, read], plans: { go: [note("a"), note("b")] } });
    const { threadId } = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, bob, threadId, approveAll);
    expect(seen).toEqual(["a executing", "a succeeded, b executing"]);
  });
});
