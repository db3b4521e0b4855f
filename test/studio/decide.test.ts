/** Row G2, invariants 1, 3 and 5: a request that writes waits in the local Agent Server, and is decided there once. */
import { describe, expect, it } from "vitest";
import { findDecision } from "../../src/ledger/decisions.ts";
import { useAgentServer } from "../support/agent-server.ts";
import { holdpoint } from "../support/child.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { approveAll, rejectAll } from "../support/runtime.ts";

const server = useAgentServer();

/** The command that gives an answer to one interrupt. */
const resume = (id: string, answer: unknown) => ({ command: { resume: { [id]: answer } } });

async function decisionOn(proposalId: string) {
  return await findDecision(await openLedgerOf(`${server.home}/trial`), "default", proposalId);
}

describe("a thread that waits", () => {
  it("is found as interrupted, with the question and the form of the answer", async () => {
    const { threadId, asked } = await server.ask("write found-a found-b");
    expect(await server.waiting()).toContain(threadId);
    const [thread] = await server.client.threads.search({ ids: [threadId] });
    expect(thread).toMatchObject({ status: "interrupted", values: { outcome: "person asked" } });
    expect(Object.values(thread?.interrupts ?? {}).flat()).toEqual([asked]);
    expect((await server.state(threadId)).next).toEqual(["human"]);
    expect(asked.value).toMatchObject({
      kind: "transaction",
      request: "write found-a found-b",
      requester: "local",
      reasons: [expect.stringContaining("needs a person"), expect.stringContaining("needs a person")],
      actions: [{ args: { text: "found-a" } }, { args: { text: "found-b" } }],
      actionRequests: [
        { name: "note", args: { text: "found-a" } },
        { name: "note", args: { text: "found-b" } },
      ],
      reviewConfigs: [{ actionName: "note", allowedDecisions: ["approve", "edit", "reject"] }],
    });
    expect(asked.response_schema.anyOf).toMatchObject([
      { type: "object", required: ["decisions"] },
      { type: "array", items: { required: ["type"] } },
      { type: "object", required: ["notNow"] },
    ]);
    expect(server.written("found-a", "found-b")).toEqual([0, 0]);
  });

  it("runs exactly what was approved, once, and is then no longer found", async () => {
    const { threadId, asked } = await server.ask("write once-a once-b");
    const { answer, proposal } = await server.run(threadId, resume(asked.id, approveAll(asked.value)));
    expect(answer).toMatchObject({ status: "success", text: 'Noted "once-a". Noted "once-b".' });
    expect(proposal?.status).toBe("committed");
    expect(server.written("once-a", "once-b")).toEqual([1, 1]);
    expect(await server.waiting()).not.toContain(threadId);
    expect(await decisionOn(asked.value.proposalId)).toMatchObject({ verdict: "approved", principal: "local" });
  });

  it("takes the answer without the interrupt's id too, while only one thing is asked", async () => {
    const { threadId, asked } = await server.ask("write unnamed");
    const { answer } = await server.run(threadId, { command: { resume: approveAll(asked.value) } });
    expect(answer?.status).toBe("success");
    expect(server.written("unnamed")).toEqual([1]);
  });

  it("asks for each stage when its turn comes", async () => {
    const { threadId, asked } = await server.ask("write first then second");
    const { __interrupt__: [next] = [] } = await server.run(threadId, resume(asked.id, approveAll(asked.value)));
    expect(next?.value.actions).toMatchObject([{ args: { text: "second" } }]);
    expect(server.written("first", "second")).toEqual([1, 0]);
    expect(await server.waiting()).toContain(threadId);
    const again = server.run(threadId, resume(asked.id, approveAll(asked.value)));
    await expect(again).rejects.toThrow("Unknown or already-consumed interrupt");
    await server.run(threadId, resume(next?.id ?? "", next && approveAll(next.value)));
    expect(server.written("first", "second")).toEqual([1, 1]);
  });

  it("changes nothing when it is rejected, and says why", async () => {
    const { threadId, asked } = await server.ask("write rejected");
    const { answer } = await server.run(threadId, resume(asked.id, rejectAll(asked.value, "not today")));
    expect(answer).toMatchObject({ status: "rejected", text: "local rejected it: not today. Nothing was changed." });
    expect(server.written("rejected")).toEqual([0]);
    expect(await server.waiting()).not.toContain(threadId);
  });

  it("is superseded by another request on it, visibly", async () => {
    const { threadId, asked } = await server.ask("write superseded");
    const { __interrupt__: [next] = [] } = await server.run(threadId, { input: { request: "write instead" } });
    expect(next?.value.notices.join()).toContain('"write superseded" on this thread was superseded');
    const late = server.run(threadId, resume(asked.id, approveAll(asked.value)));
    await expect(late).rejects.toThrow("Unknown or already-consumed interrupt");
    await server.run(threadId, resume(next?.id ?? "", next && approveAll(next.value)));
    expect(server.written("superseded", "instead")).toEqual([0, 1]);
  });
});

describe("an answer that does not fit", () => {
  const cases: [string, (proposalId: string) => unknown, string][] = [
    ["is a word", () => "approve", "expected form"],
    ["is empty", () => ({}), "expected form"],
    ["is true", () => true, "expected form"],
    ["names a proposal wrongly", (id) => ({ proposal_id: id, decisions: [{ type: "approve" }] }), "proposal_id"],
    ["decides more than there is", () => ({ decisions: [{ type: "approve" }, { type: "approve" }] }), 'action "#2"'],
    ["edits without arguments", () => ({ decisions: [{ type: "edit" }] }), "names no arguments"],
    [
      "edits another argument",
      () => ({ decisions: [{ type: "edit", editedAction: { args: { word: "x" } } }] }),
      '"text"',
    ],
    ["names another proposal", () => ({ proposalId: "prop_x", decisions: [{ type: "approve" }] }), '"prop_x"'],
    ["decides nothing", (proposalId) => ({ proposalId, decisions: [] }), 'at "decisions"'],
    [
      "claims to be from somebody else",
      (proposalId) => ({ proposalId, decisions: [{ type: "approve" }], by: "mallory" }),
      'from "mallory", but "local" sent it',
    ],
  ];

  it.concurrent.each(cases)(
    "is asked again when it %s, and the thread is still found",
    async (what, answer, problem) => {
      const text = `misfit-${what.replaceAll(" ", "-")}`;
      const { threadId, asked } = await server.ask(`write ${text}`);
      const { __interrupt__: [again] = [] } = await server.run(
        threadId,
        resume(asked.id, answer(asked.value.proposalId)),
      );
      expect(again?.value.notices.join()).toContain(problem);
      expect(again?.value).toMatchObject({ proposalId: asked.value.proposalId, digest: asked.value.digest });
      expect(await server.waiting()).toContain(threadId);
      expect(server.written(text)).toEqual([0]);
      const { answer: ended } = await server.run(threadId, resume(again?.id ?? "", approveAll(asked.value)));
      expect(ended?.status).toBe("success");
      expect(server.written(text)).toEqual([1]);
    },
  );

  it("does not count for the next question, even where a client switches strict resume off", async () => {
    const { threadId, asked } = await server.ask("write lax then strict");
    const config = { configurable: { __pregel_strict_resume: false } };
    await server.run(threadId, { config, command: { resume: approveAll(asked.value) } });
    expect(server.written("lax", "strict")).toEqual([1, 0]);
    await server.run(threadId, { config, command: { resume: approveAll(asked.value) } });
    const again = await server.asked(threadId);
    expect(again?.value.notices.join()).toContain(`for proposal "${asked.value.proposalId}"`);
    expect(server.written("lax", "strict")).toEqual([1, 0]);
  });
});

describe("answers that come at once", () => {
  it("are one decision, and the others are refused", async () => {
    const { threadId, asked } = await server.ask("write race");
    const answers = [approveAll(asked.value), rejectAll(asked.value), approveAll(asked.value), rejectAll(asked.value)];
    const results = await Promise.allSettled(answers.map((answer) => server.run(threadId, resume(asked.id, answer))));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    const decision = await decisionOn(asked.value.proposalId);
    expect(server.written("race")).toEqual([decision?.verdict === "approved" ? 1 : 0]);
  });

  it("are one decision when they are queued too, and the thread tells how it ended", async () => {
    const { threadId, asked } = await server.ask("write queue");
    const answers = [approveAll(asked.value), rejectAll(asked.value), approveAll(asked.value)];
    const results = await Promise.allSettled(
      answers.map((answer) => server.run(threadId, { ...resume(asked.id, answer), multitaskStrategy: "enqueue" })),
    );
    expect(results.map((result) => result.status)).toContain("fulfilled");
    const decision = await decisionOn(asked.value.proposalId);
    const approved = decision?.verdict === "approved";
    expect(server.written("queue")).toEqual([approved ? 1 : 0]);
    expect((await server.state(threadId)).values.answer?.status).toBe(approved ? "success" : "rejected");
  });

  it("are one decision on copies of the thread, whichever wins, and every copy tells the same end", async () => {
    for (let round = 0; round < 3; round++) {
      const text = `copied-${round}`;
      const { threadId, asked } = await server.ask(`write ${text}`);
      const copies = await Promise.all([1, 2].map(() => server.client.threads.copy(threadId)));
      const threads = [threadId, ...copies.map((copy) => (copy as unknown as { thread_id: string }).thread_id)];
      const answers = [approveAll(asked.value), rejectAll(asked.value), approveAll(asked.value)];
      await Promise.allSettled(
        threads.map((id, index) => server.run(id, resume(asked.id, answers[index] ?? answers[0]))),
      );
      const approved = (await decisionOn(asked.value.proposalId))?.verdict === "approved";
      expect(server.written(text)).toEqual([approved ? 1 : 0]);
      for (const id of threads) {
        const { answer } = await server.run(id, { input: null });
        expect(answer?.status).toBe(approved ? "success" : "rejected");
      }
      expect(server.written(text)).toEqual([approved ? 1 : 0]);
    }
  });
});

describe("the command line", () => {
  const RETURN = "Return 2 Aviator sunglasses I bought last week.";

  it("lists and decides what waits in the server, which then follows that decision", async () => {
    const { threadId, asked } = await server.ask(RETURN, "agent");
    expect((await holdpoint(server.home, "list", "--waiting")).stdout).toContain(threadId);
    const shown = await holdpoint(server.home, "resume", threadId);
    expect(shown).toMatchObject({ status: 3, stderr: "" });
    expect(shown.stdout).toContain(`--proposal ${asked.value.proposalId}`);
    const done = await holdpoint(server.home, "resume", threadId, "--approve", "--as", "alice");
    expect(done).toMatchObject({ status: 0, stdout: expect.stringContaining("25 in stock now") });

    const { answer } = await server.run(threadId, resume(asked.id, rejectAll(asked.value)), "agent");
    expect(answer?.text).toContain("25 in stock now");
    const { stdout } = await holdpoint(server.home, "show", threadId);
    expect(stdout).toContain("approved by alice");
    expect(stdout.match(/effect\.intended/g)).toHaveLength(1);
  });

  it("cancels what waits in the server, where it can no longer be approved", async () => {
    const { threadId, asked } = await server.ask(RETURN, "agent");
    const cancelled = await holdpoint(server.home, "cancel", threadId, "--reason", "changed my mind", "--as", "alice");
    expect(cancelled).toMatchObject({ status: 0, stdout: expect.stringContaining("alice cancelled it") });
    const { answer } = await server.run(threadId, resume(asked.id, approveAll(asked.value)), "agent");
    expect(answer).toMatchObject({ status: "cancelled", text: expect.stringContaining("changed my mind") });
  });

  it("answers the newest request of a thread that it knows from an earlier one", async () => {
    const { threadId } = await server.ask(RETURN, "agent");
    await holdpoint(server.home, "resume", threadId);
    const input = { request: "Buy 1 Moon" };
    const { __interrupt__: [asked] = [] } = await server.run(threadId, { input }, "agent");
    const shown = await holdpoint(server.home, "resume", threadId);
    expect(shown.stdout).toContain(`--proposal ${asked?.value.proposalId}`);
    const done = await holdpoint(server.home, "resume", threadId, "--approve");
    expect(done).toMatchObject({ status: 0, stdout: expect.stringContaining("Moon") });
  });
});
