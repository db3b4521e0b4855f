/** LangChain's `createAgent` with `humanInTheLoopMiddleware`: it calls tools turn by turn. None of these needs a person. */
import { MemorySaver } from "@langchain/langgraph";
import { ChatOpenAI } from "@langchain/openai";
import { createAgent, humanInTheLoopMiddleware, tool } from "langchain";
import { z } from "zod";

/** @param peer `call` runs a tool; `tools` are those that there are */
export function createPeer({ url, apiKey, call, tools }) {
  const model = new ChatOpenAI({ model: "scripted", apiKey, maxRetries: 0, configuration: { baseURL: url } });
  const agent = createAgent({
    model,
    tools: tools.map(({ name, purpose, needs }) =>
      tool(async (args) => JSON.stringify(await call(args)), {
        ...{ name, description: purpose },
        schema: z.object({ [needs]: z.string() }),
      }),
    ),
    middleware: [humanInTheLoopMiddleware({ interruptOn: Object.fromEntries(tools.map(({ name }) => [name, false])) })],
    checkpointer: new MemorySaver(),
  });
  return {
    run: async (threadId, request) => {
      const messages = [{ role: "user", content: request }];
      const state = await agent.invoke({ messages }, { configurable: { thread_id: threadId }, recursionLimit: 100 });
      if (!state.messages.at(-1)?.content) throw new Error("LangChain's agent gave no answer.");
    },
  };
}
