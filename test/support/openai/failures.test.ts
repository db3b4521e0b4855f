/** Calls that fail, and what the client makes of it. */
import { type ChatOpenAI, OpenAIClient } from "@langchain/openai";
import { expect, it, vi } from "vitest";
import { expectCall, playOpenAI, text } from "../openai-server.ts";
import { clientOf } from "./client.ts";

const { AuthenticationError, InternalServerError, RateLimitError, APIConnectionError } = OpenAIClient;

/** Reads a stream as far as it goes. */
async function readStream(client: ChatOpenAI, options: { signal?: AbortSignal } = {}) {
  let got = "";
  try {
    for await (const chunk of await client.stream("hello", options)) got += chunk.text;
  } catch (error) {
    return { got, error };
  }
  return { got, error: undefined };
}

/** What a promise was rejected with. */
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => undefined).catch((error) => error);

it("a wrong key is an AuthenticationError, which is not tried again", async () => {
  const server = await playOpenAI();
  const error = await failureOf(clientOf(server, { apiKey: "wrong", maxRetries: 2 }).invoke("hello"));
  expect(error).toBeInstanceOf(AuthenticationError);
  expect(error).toMatchObject({ status: 401, code: "invalid_api_key", lc_error_code: "MODEL_AUTHENTICATION" });
  expect(server.calls).toHaveLength(1);
});

it("status 429 is a RateLimitError that carries Retry-After", async () => {
  const server = await playOpenAI(expectCall().fail(429, { retryAfter: 7 }));
  const error = await failureOf(clientOf(server).invoke("hello"));
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error).toMatchObject({ status: 429, lc_error_code: "MODEL_RATE_LIMIT", retryAfterMs: 7000 });
  expect((error as InstanceType<typeof RateLimitError>).headers?.get("retry-after")).toBe("7");
});

it("a second try waits as long as Retry-After says", async () => {
  const server = await playOpenAI(expectCall().fail(429, { retryAfter: 2.5 }), expectCall().answer(text("ok")));
  await clientOf(server, { maxRetries: 1 }).invoke("hello");
  const [first, second] = server.calls.map((call) => call.atMs);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(2400);
});

it("without Retry-After, status 429 is not tried again", async () => {
  const server = await playOpenAI(expectCall().fail(429));
  const error = await failureOf(clientOf(server, { maxRetries: 2 }).invoke("hello"));
  expect(error).toMatchObject({ name: "RateLimitCapacityError", rateLimitReason: "headerless_429" });
});

it("an exhausted quota is not tried again", async () => {
  const server = await playOpenAI(expectCall().fail(429, { code: "insufficient_quota", retryAfter: 1 }));
  const error = await failureOf(clientOf(server, { maxRetries: 2 }).invoke("hello"));
  expect(error).toMatchObject({ name: "InsufficientQuotaError", rateLimitType: "stop" });
});

it.each([500, 503])("status %i is an InternalServerError with OpenAI's message", async (status) => {
  const server = await playOpenAI(expectCall().fail(status, { message: "Try later.", type: "odd", code: "why" }));
  const error = await failureOf(clientOf(server).invoke("hello"));
  expect(error).toBeInstanceOf(InternalServerError);
  expect(error).toMatchObject({ status, message: `${status} Try later.`, type: "odd", code: "why" });
});

it("a connection that is closed before the answer is an APIConnectionError without a status", async () => {
  const server = await playOpenAI(expectCall().hangUp());
  const error = await failureOf(clientOf(server).invoke("hello"));
  expect(error).toBeInstanceOf(APIConnectionError);
  expect(error).toMatchObject({ status: undefined, message: "Connection error." });
  expect(server.calls[0]?.abandoned).toBe(false);
});

it("a connection that is closed in the middle is a TypeError; a stream may show what came before", async () => {
  const server = await playOpenAI(expectCall().cutOff(text("One two three four five.")).repeat(2));
  expect(await failureOf(clientOf(server).invoke("hello"))).toMatchObject({ name: "TypeError", message: "terminated" });
  const { got, error } = await readStream(clientOf(server));
  expect(["", "One two "]).toContain(got); // the error may overtake what came just before it
  expect(error).toMatchObject({ name: "TypeError", message: "terminated" });
});

it("the client's own timeout is a TimeoutError, also in the middle of the body", async () => {
  const server = await playOpenAI(expectCall().hang(), expectCall().stall(text("hello")));
  const client = clientOf(server, { timeout: 1000 });
  expect(await failureOf(client.invoke("1"))).toMatchObject({ name: "TimeoutError", message: "Request timed out." });
  expect(await failureOf(client.invoke("2"))).toMatchObject({ name: "TimeoutError", message: "Request timed out." });
  await vi.waitFor(() => expect(server.calls.map((call) => call.abandoned)).toEqual([true, true]));
});

it("a signal ends a call with an AbortError, and the connection with it", async () => {
  const server = await playOpenAI(expectCall().hang());
  const controller = new AbortController();
  const failure = failureOf(clientOf(server).invoke("hello", { signal: controller.signal }));
  await vi.waitFor(() => expect(server.calls).toHaveLength(1));
  controller.abort(new Error("The person changed their mind."));
  expect(await failure).toMatchObject({ name: "AbortError", message: "Request was aborted." });
  await vi.waitFor(() => expect(server.calls[0]?.abandoned).toBe(true));
});

it("a stream that falls silent is ended by a signal, not by the client's timeout", async () => {
  const server = await playOpenAI(expectCall().stall(text("One two three four five.")));
  const before = performance.now();
  const { got, error } = await readStream(clientOf(server, { timeout: 1000 }), { signal: AbortSignal.timeout(1500) });
  expect(got).toBe("One two ");
  expect(error).toMatchObject({ name: "TimeoutError" });
  expect(performance.now() - before).toBeGreaterThan(1400);
});

it("a signal does not end the wait between two tries", async () => {
  const server = await playOpenAI(expectCall().fail(429, { retryAfter: 2 }));
  const controller = new AbortController();
  const failure = failureOf(clientOf(server, { maxRetries: 1 }).invoke("hello", { signal: controller.signal }));
  await vi.waitFor(() => expect(server.calls).toHaveLength(1));
  const before = performance.now();
  setTimeout(() => controller.abort(), 500); // by then the client has the answer and waits
  expect(await failure).toMatchObject({ name: "AbortError" });
  expect(performance.now() - before).toBeGreaterThan(1500);
});
