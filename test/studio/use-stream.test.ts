/**
 * `useStream`, by the part of it that is no React: how it finds what is asked in a thread, and what it makes of an answer
 * before it sends it (@langchain/langgraph-sdk/ui).
 */
import { normalizeHitlResponseForServer, userFacingInterruptsFromThreadTasks } from "@langchain/langgraph-sdk/ui";
import { describe, expect, it } from "vitest";
import { useAgentServer } from "../support/agent-server.ts";

const server = useAgentServer();

interface Shown {
  readonly id?: string;
  readonly value?: {
    readonly actionRequests: readonly { name: string; args: Record<string, unknown>; description: string }[];
    readonly reviewConfigs: readonly { actionName: string; allowedDecisions: readonly string[] }[];
  };
}

/** What the page shows of a thread. */
async function shown(threadId: string): Promise<Shown[]> {
  const { tasks } = await server.state(threadId);
  const interrupts = tasks.flatMap((task) => task.interrupts);
  return (userFacingInterruptsFromThreadTasks(interrupts as never) ?? []) as Shown[];
}

/** Submits what a page says of each action, as `stream.submit(null, { command: { resume } })` does. */
async function submit(threadId: string, decisions: object[]) {
  const resume = normalizeHitlResponseForServer({ decisions });
  return await server.run(threadId, { command: { resume } }, "agent");
}

async function ask(): Promise<{ threadId: string; name: string; args: Record<string, unknown> }> {
  const { threadId } = await server.ask("I want to buy 2 pairs of aviator.", "agent");
  const [interrupt, ...more] = await shown(threadId);
  expect(more).toEqual([]);
  const [request] = interrupt?.value?.actionRequests ?? [];
  expect(request).toMatchObject({
    name: "sell",
    args: { quantity: 2 },
    description: expect.stringContaining("Aviator"),
  });
  expect(interrupt?.value?.reviewConfigs).toMatchObject([
    { actionName: "sell", allowedDecisions: ["approve", "edit", "reject"] },
  ]);
  return { threadId, name: request?.name ?? "", args: request?.args ?? {} };
}

describe("useStream", () => {
  it("finds what is asked, and approves it", async () => {
    const { threadId } = await ask();
    expect((await submit(threadId, [{ type: "approve" }])).answer?.status).toBe("success");
    expect(await shown(threadId)).toEqual([]);
  });

  it("edits it, with a number as text, which is checked again and asked again", async () => {
    const { threadId, name, args } = await ask();
    await submit(threadId, [{ type: "edit", editedAction: { name, args: { ...args, quantity: "1" } } }]);
    const [again] = await shown(threadId);
    expect(again?.value?.actionRequests[0]?.args).toMatchObject({ quantity: 1 });
    await submit(threadId, [{ type: "edit", editedAction: { name, args: { ...args, quantity: "many" } } }]);
    const [kept] = await shown(threadId);
    expect(kept?.value?.actionRequests[0]?.args).toMatchObject({ quantity: 1 });
    // Of what was asked a second time, an answer counts that says which question it is for.
    await submit(threadId, [{ type: "approve" }]);
    const [named] = await shown(threadId);
    const resume = { [named?.id ?? ""]: normalizeHitlResponseForServer({ decisions: [{ type: "approve" }] }) };
    const done = await server.run(threadId, { command: { resume } }, "agent");
    expect(done.answer?.text).toContain("1 × Aviator");
  });

  it("rejects it, with words", async () => {
    const { threadId } = await ask();
    const { answer } = await submit(threadId, [{ type: "reject", message: "not today" }]);
    expect(answer).toMatchObject({ status: "rejected", text: expect.stringContaining("not today") });
  });
});
