/** A server that speaks OpenAI's chat completions over real HTTP and plays a script. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import type { Entry } from "./expect-call.ts";
import { type Line, react, sendFailure } from "./react.ts";
import { type Call, ChatRequestSchema } from "./request.ts";
import { createScript, type Script } from "./script.ts";
import { strictProblemOf } from "./strict-schema.ts";

export interface OpenAIServer {
  /** The base URL, ending in /v1. */
  readonly url: string;
  /** The key that the server takes. */
  readonly apiKey: string;
  /** The calls that it could read, in the order of their arrival, with a wrong key and unexpected ones too. */
  readonly calls: readonly Call[];
  /** What went wrong so far: calls that were not expected, each with the reason. */
  problems(): string[];
  /** @throws Error that names the calls that were not expected and the entries that were not used */
  verify(): void;
  /** Drops the connections that are still open. */
  close(): Promise<void>;
}

export async function openServer(script: readonly Entry[], apiKey: string): Promise<OpenAIServer> {
  const state: State = { apiKey, script: createScript(script), calls: [], startedAt: performance.now() };
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error: unknown) => {
      if (!request.complete) return; // the client went away before it had asked
      const problem = state.script.complain(`The scripted server failed: ${String(error)}`);
      if (!response.headersSent) sendFailure(response, { status: 500, message: problem });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    apiKey,
    calls: state.calls,
    problems: () => state.script.problems({ ended: false }),
    verify: () => {
      const problems = state.script.problems({ ended: true });
      if (problems.length > 0) throw new Error(["The model was not called as scripted.", ...problems].join("\n\n"));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface State {
  apiKey: string;
  script: Script;
  calls: Call[];
  startedAt: number;
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { script, apiKey } = state;
  if (request.method !== "POST" || request.url !== "/v1/chat/completions") {
    const message = script.complain(`Unknown request: ${request.method} ${request.url}`);
    return sendFailure(response, { status: 404, message, code: null });
  }
  const parsed = ChatRequestSchema.safeParse(parseJson(await readText(request)));
  if (!parsed.success) {
    const message = script.complain(`The body is no chat completion request: ${parsed.error.message}`);
    return sendFailure(response, { status: 400, message });
  }
  const { authorization, ...headers } = request.headers as Record<string, string>;
  const call: Call = {
    number: state.calls.length + 1,
    headers,
    body: parsed.data,
    atMs: performance.now() - state.startedAt,
    abandoned: false,
  };
  state.calls.push(call);
  if (authorization !== `Bearer ${apiKey}`) return sendFailure(response, { status: 401 });
  const refused = strictProblemOf(call);
  if (refused) {
    script.complain(`OpenAI would refuse call ${call.number}: ${refused}`);
    return sendFailure(response, { status: 400, message: refused, code: "invalid_json_schema" });
  }
  const taken = script.take(call);
  if ("problem" in taken) return sendFailure(response, { status: 500, message: taken.problem });
  await react(taken, call, lineOf(call, response));
}

function lineOf(call: Call, response: ServerResponse): Line {
  let hungUp = false;
  response.once("close", () => {
    call.abandoned = !hungUp && !response.writableFinished;
  });
  return {
    response,
    hangUp: () => {
      hungUp = true;
      response.destroy();
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
