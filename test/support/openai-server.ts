/**
 * A scripted model for tests: a real HTTP server that answers the real client. It stands for what is outside, the model
 * endpoint, and for nothing else. A script reads as the conversation that is to happen:
 *
 *     const server = await playOpenAI(
 *       expectCall({ model: "planner", user: /Return 2/, schema: "plan" }).answer(json({ steps: [] })),
 *       expectCall({ model: "reviewer" }).fail(429, { retryAfter: 1 }),
 *       expectCall({ model: "reviewer" }).after(200).answer(text("Looks good.")),
 *     );
 *     new ChatOpenAI({ model: "planner", apiKey: server.apiKey, configuration: { baseURL: server.url } });
 *
 * The test fails at its end when a call came that was not expected, and when an entry was not used.
 */
import { onTestFinished } from "vitest";
import type { Entry } from "./openai/expect-call.ts";
import { type OpenAIServer, openServer } from "./openai/server.ts";

export { expectCall } from "./openai/expect-call.ts";
export { body, json, noChoices, refusal, text, toolCalls } from "./openai/reply.ts";
export { textOf } from "./openai/request.ts";

/**
 * Plays a script until the test ends.
 * @param script may hold the key that the server takes instead of "test-key"
 */
export async function playOpenAI(...script: (Entry | { apiKey: string })[]): Promise<OpenAIServer> {
  const key = script.find((part) => "apiKey" in part);
  const entries = script.filter((part) => "reaction" in part);
  const server = await openServer(entries, key?.apiKey ?? "test-key");
  onTestFinished(async () => {
    await server.close();
    server.verify();
  });
  return server;
}
