import { Command } from "@langchain/langgraph";
import { expect, it } from "vitest";
import { startRequest, viewThread } from "../../src/work/threads.ts";
import { alice, approveAll, openTestRuntime } from "../support/runtime.ts";

it("every caller of the graph gets durability sync and strict resume, without asking for them", async () => {
  const runtime = await openTestRuntime();
  expect(runtime.graph.config).toMatchObject({ durability: "sync", configurable: { __pregel_strict_resume: true } });
  const { threadId, question } = await startRequest(runtime, alice, { request: "Buy 1 Moon" });
  const config = { configurable: { thread_id: threadId }, context: alice.identity };
  const answer: unknown = approveAll(question ?? { proposalId: "", actions: [] });
  await expect(runtime.graph.invoke(new Command({ resume: { ["0".repeat(32)]: answer } }), config)).rejects.toThrow(
    "Unknown or already-consumed interrupt",
  );
  expect((await viewThread(runtime, alice.identity, threadId)).question).not.toBeNull();
});
