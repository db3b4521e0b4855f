/** The scripted model of a measurement: the same server that tests play, over real HTTP, and a plain caller of it. */
import { ChatOpenAI } from "@langchain/openai";
import { expectCall } from "../../test/support/openai/expect-call.ts";
import { json, type Reply } from "../../test/support/openai/reply.ts";
import { type OpenAIServer, openServer } from "../../test/support/openai/server.ts";
import { STEPS } from "./task.ts";

export const PLAN = { outcome: "plan", message: "", goal: "There is a delivery quote for each order.", steps: STEPS };
export const REFLECTION = {
  ...{ met: true, missing: [], next: "done", advice: "" },
  answer: "Here are the quotes for the three orders.",
};

/** @param turns what it answers, in turn, so many rounds */
export async function startModel(latencyMs: number, turns: readonly Reply[], rounds: number): Promise<OpenAIServer> {
  const turn = turns.map((reply) => expectCall().after(latencyMs).answer(reply));
  return await openServer(Array.from({ length: rounds }, () => turn).flat(), "test-key");
}

/** What it says to Holdpoint: a plan, and after it what came of it. */
export const TURNS = [json(PLAN), json(REFLECTION)];

/** LangChain's client for it. */
export const clientOf = ({ url, apiKey }: OpenAIServer): ChatOpenAI =>
  new ChatOpenAI({ model: "scripted", apiKey, maxRetries: 0, configuration: { baseURL: url } });

/** One call of it with plain `fetch`. */
export async function plainModelCall({ url, apiKey }: OpenAIServer): Promise<void> {
  const body = { model: "scripted", messages: [{ role: "user", content: "Plan." }] };
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const response = await fetch(`${url}/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`The scripted model answered ${response.status}: ${await response.text()}`);
  await response.json();
}
