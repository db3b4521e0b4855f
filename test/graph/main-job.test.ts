import { describe, expect, it } from "vitest";
import { verifyAudit } from "../../src/ledger/audit-check.ts";
import { listProposals } from "../../src/ledger/proposals.ts";
import { listRuns } from "../../src/ledger/runs.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const RETURN = "Return 2 Aviator sunglasses I bought last week.";

function rowsOf(runtime: Awaited<ReturnType<typeof openTestRuntime>>, table: string) {
  return runtime.store.snapshot().find((snapshot) => snapshot.table === table)?.rows ?? [];
}

describe("the main job", () => {
  it("asks before it writes, then does exactly what was approved", async () => {
    const runtime = await openTestRuntime();
    const before = runtime.store.snapshot();
    const asked = await startRequest(runtime, alice, { request: RETURN });
    expect(asked.run.status).toBe("waiting");
    expect(asked.question?.actions).toHaveLength(1);
    expect(asked.question?.actions[0]?.changes[0]).toMatchObject({
      table: "inventory",
      key: "SG001",
      before: { quantity_in_stock: 23 },
      after: { quantity_in_stock: 25 },
    });
    expect(asked.question?.reasons.join()).toContain("everything that writes needs a person");
    expect(runtime.store.snapshot()).toEqual(before);

    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer).toEqual({
      status: "success",
      text: "Took back 2 × Aviator (SG001); $160.00 refunded; 25 in stock now.",
      details: [],
    });
    expect(rowsOf(runtime, "inventory").find((row) => row.item_id === "SG001")?.quantity_in_stock).toBe(25);
    expect(rowsOf(runtime, "transactions").at(-1)).toMatchObject({ amount: "-$160.00", balance_after: "$340.00" });
    expect(rowsOf(runtime, "transactions")).toHaveLength(2);
    expect(await verifyAudit(runtime.ledger, "acme")).toBeGreaterThan(5);
  });

  it("changes nothing when rejected, and says so with the reason", async () => {
    const runtime = await openTestRuntime();
    const before = runtime.store.snapshot();
    const asked = await startRequest(runtime, alice, { request: RETURN });
    const done = await answerThread(runtime, bob, asked.threadId, (question) => rejectAll(question, "no receipt"));
    expect(done.run.answer).toMatchObject({
      status: "rejected",
      text: "bob rejected it: no receipt. Nothing was changed.",
    });
    expect(runtime.store.snapshot()).toEqual(before);
    expect(done.effects).toEqual([]);
  });

  it("answers a question at once and asks nobody", async () => {
    const runtime = await openTestRuntime();
    const request = "Do you have any round sunglasses in stock that are under $100?";
    const view = await startRequest(runtime, alice, { request });
    expect(view.run.answer).toMatchObject({ status: "success", text: expect.stringContaining("Classic") });
    expect(view.run.answer?.text).toContain("$60.00");
    expect(view.run.answer?.text).not.toContain("Moon");
    expect(await listProposals(runtime.ledger, "acme", view.run.id)).toEqual([]);
  });

  it("sells several items as one transaction with a row for each", async () => {
    const runtime = await openTestRuntime();
    const request = "I want to buy 3 pairs of classic sunglasses and 1 pair of aviator sunglasses.";
    const asked = await startRequest(runtime, alice, { request });
    expect(asked.question?.actions).toHaveLength(2);
    const done = await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
    const balances = rowsOf(runtime, "transactions").map((row) => row.balance_after);
    expect(balances).toEqual(["$500.00", "$680.00", "$760.00"]);
  });

  it("runs only the approved actions of a proposal", async () => {
    const runtime = await openTestRuntime();
    const request = "I want to buy 3 pairs of classic sunglasses and 1 pair of aviator sunglasses.";
    const asked = await startRequest(runtime, alice, { request });
    const done = await answerThread(runtime, bob, asked.threadId, ({ proposalId }) => ({
      proposalId,
      decisions: [
        { type: "reject", step: "s1", message: "reserved" },
        { type: "approve", step: "s2" },
      ],
    }));
    expect(rowsOf(runtime, "inventory").find((row) => row.item_id === "SG005")?.quantity_in_stock).toBe(10);
    expect(rowsOf(runtime, "inventory").find((row) => row.item_id === "SG001")?.quantity_in_stock).toBe(22);
    expect(done.run.answer?.text).toContain("Not done: ");
    expect(done.run.answer?.text).toContain("reserved");
  });

  it("changes nothing at all when one of several items lacks stock", async () => {
    const runtime = await openTestRuntime();
    const before = runtime.store.snapshot();
    const view = await startRequest(runtime, alice, { request: "Buy 2 Aviators and 300 Moons" });
    expect(view.run.answer).toMatchObject({ status: "insufficient_stock" });
    expect(view.run.answer?.text).toContain("Nothing was changed.");
    expect(runtime.store.snapshot()).toEqual(before);
  });

  it("changes nothing when the stock was sold between the question and the approval", async () => {
    const runtime = await openTestRuntime();
    const first = await startRequest(runtime, alice, { request: "Buy 2 Aviators and 3 Mystiques" });
    const second = await startRequest(runtime, alice, { request: "Buy 1 Mystique" });
    await answerThread(runtime, bob, second.threadId, approveAll);
    const before = runtime.store.snapshot();
    const done = await answerThread(runtime, bob, first.threadId, approveAll);
    expect(done.run.answer).toMatchObject({ status: "insufficient_stock" });
    expect(runtime.store.snapshot()).toEqual(before);
  });

  it("refuses what it does not understand and says what can be asked", async () => {
    const runtime = await openTestRuntime();
    const view = await startRequest(runtime, alice, { request: "Make me a sandwich" });
    expect(view.run.answer?.status).toBe("unsupported_intent");
    expect(view.run.answer?.details.join("\n")).toContain("Return 2 Aviator sunglasses I bought last week.");
  });

  it("asks for the same text twice on one thread as two runs", async () => {
    const runtime = await openTestRuntime();
    const first = await startRequest(runtime, alice, { request: RETURN });
    await answerThread(runtime, bob, first.threadId, approveAll);
    const second = await startRequest(runtime, alice, { request: RETURN, threadId: first.threadId });
    expect(second.run.id).not.toBe(first.run.id);
    expect(second.question?.proposalId).not.toBe(first.question?.proposalId);
    const done = await answerThread(runtime, bob, first.threadId, approveAll);
    expect(done.run.answer?.status).toBe("success");
    expect(rowsOf(runtime, "inventory").find((row) => row.item_id === "SG001")?.quantity_in_stock).toBe(27);
    expect(await listRuns(runtime.ledger, "acme", { threadId: first.threadId })).toHaveLength(2);
  });

  it("supersedes an open proposal when a new request comes, and says so", async () => {
    const runtime = await openTestRuntime();
    const first = await startRequest(runtime, alice, { request: RETURN });
    const second = await startRequest(runtime, alice, { request: "Buy 1 Moon", threadId: first.threadId });
    expect(second.state.notices.join()).toContain(`"${RETURN}" on this thread was superseded`);
    expect(second.question?.notices.join()).toContain("superseded");
    const [old] = await listProposals(runtime.ledger, "acme", first.run.id);
    expect(old?.status).toBe("superseded");
    const stale = answerThread(runtime, bob, first.threadId, () =>
      approveAll(first.question ?? { proposalId: "", actions: [] }),
    );
    await expect(stale).rejects.toMatchObject({ message: expect.stringContaining(first.question?.proposalId ?? "?") });
    await answerThread(runtime, bob, first.threadId, approveAll);
    expect(rowsOf(runtime, "inventory").find((row) => row.item_id === "SG001")?.quantity_in_stock).toBe(23);
    expect(rowsOf(runtime, "inventory").find((row) => row.item_id === "SG006")?.quantity_in_stock).toBe(9);
  });

  it("lets policy approve by a decision row of its own, when it is told to", async () => {
    const runtime = await openTestRuntime({ policy: createPolicy({ approval: "never" }) });
    const view = await startRequest(runtime, alice, { request: RETURN });
    expect(view.run.answer?.status).toBe("success");
    const [proposal] = await listProposals(runtime.ledger, "acme", view.run.id);
    expect(proposal?.status).toBe("committed");
    const row = await runtime.ledger.selectFrom("decisions").selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ decider: "policy", principal: "policy", verdict: "approved" });
  });

  it("runs on behalf of whoever asked, not of whoever decided", async () => {
    const notebook = createNotebook(tempDir());
    const runtime = await openTestRuntime({ actions: notebook.actions, plans: { go: [{ id: "a" }] } });
    const asked = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, bob, asked.threadId, approveAll);
    expect(notebook.lines()).toMatchObject([{ did: "write", text: "a", principal: "alice" }]);
  });
});
