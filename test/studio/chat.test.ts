/** Row G4: a chat page on the local Agent Server sends messages, and finds the answers among them. */
import { describe, expect, it } from "vitest";
import { useAgentServer } from "../support/agent-server.ts";
import { approveAll } from "../support/runtime.ts";

const server = useAgentServer();
const human = (content: string) => ({ input: { messages: [{ type: "human", content }] } });

describe("a chat page", () => {
  it("asks, sees the question, and finds the answer among the messages", async () => {
    const { thread_id: threadId } = await server.client.threads.create();
    const { __interrupt__: [asked] = [] } = await server.run(threadId, human("Buy 2 Moon"), "agent");
    expect(asked?.value.request).toBe("Buy 2 Moon");
    expect(await server.waiting()).toContain(threadId);
    const waiting = (await server.state(threadId)).values.messages;
    expect(waiting).toMatchObject([
      { type: "human" },
      {
        type: "ai",
        content: "Waiting for a decision by somebody who may approve: Sell 2 × Moon. It does not run before that.",
      },
    ]);
    const command = { resume: { [asked?.id ?? ""]: asked && approveAll(asked.value) } };
    const { messages } = await server.run(threadId, { command }, "agent");
    expect(messages).toMatchObject([
      { type: "human", content: "Buy 2 Moon" },
      { type: "ai", content: expect.stringContaining("Moon") },
    ]);
    const next = await server.run(threadId, human("Do you have round sunglasses?"), "agent");
    expect(next.messages).toHaveLength(4);
    expect(next.messages.at(-1)).toMatchObject({
      type: "ai",
      content: expect.stringMatching(/^Yes, 2 products match: /),
    });
  });

  it("gets the answer in the stream of messages", async () => {
    const { thread_id: threadId } = await server.client.threads.create();
    const contents: string[] = [];
    const stream = server.client.runs.stream(threadId, "agent", {
      ...human("Do you have round sunglasses?"),
      streamMode: "messages-tuple",
    });
    for await (const { event, data } of stream) {
      if (event === "messages") contents.push(String(data[0].content));
    }
    expect(contents.join()).toContain("Yes, 2 products match: ");
  });
});
