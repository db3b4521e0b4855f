/** The server's side of one call: waits, answers, fails, falls silent or hangs up, as the script says. */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { completionOf } from "./completion.ts";
import type { Entry, Reaction } from "./expect-call.ts";
import { type Failure, failureBody } from "./failure.ts";
import type { Reply } from "./reply.ts";
import type { Call } from "./request.ts";
import { asDocument, asEvents } from "./wire.ts";

/** The connection on which a call waits for its answer. */
export interface Line {
  response: ServerResponse;
  hangUp(): void;
}

export async function react({ reaction, delayMs }: Entry, call: Call, line: Line): Promise<void> {
  if (delayMs > 0) await sleep(delayMs, undefined, { ref: false });
  if (line.response.destroyed) return;
  if (reaction.kind === "close") line.hangUp();
  if (reaction.kind === "fail") sendFailure(line.response, reaction.failure);
  if (reaction.kind !== "answer") return;
  const { reply, ending } = reaction;
  send(wireOf(typeof reply === "function" ? reply(call) : reply, call), ending, line);
}

export function sendFailure(response: ServerResponse, failure: Failure): void {
  const { status, retryAfter } = failure;
  response.writeHead(status, {
    "content-type": "application/json",
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
  });
  response.end(failureBody(failure));
}

/** An answer in two parts, so that it can break off between them. */
interface Wire {
  status: number;
  headers: Record<string, string>;
  begin: readonly (string | Buffer)[];
  rest: readonly (string | Buffer)[];
}

/** What was written must have left, and the client should have read it: closing takes back what is on its way. */
const READING_MS = 20;

type Ending = Extract<Reaction, { kind: "answer" }>["ending"];

function send({ status, headers, begin, rest }: Wire, ending: Ending, { response, hangUp }: Line): void {
  response.writeHead(status, headers);
  for (const piece of begin) response.write(piece);
  if (ending === "end") {
    for (const piece of rest) response.write(piece);
    response.end();
  }
  if (ending === "close") response.write("\n", () => setTimeout(hangUp, READING_MS));
}

function wireOf(reply: Reply, call: Call): Wire {
  if (reply.kind === "body") {
    return { status: reply.status, headers: { "content-type": reply.type }, begin: [reply.text], rest: [] };
  }
  const completion = completionOf(reply, call);
  if (call.body.stream) {
    const withUsage = call.body.stream_options?.include_usage === true;
    const { message, end } = asEvents(completion, { withUsage });
    const half = Math.floor(message.length / 2);
    return {
      status: 200,
      headers: { "content-type": "text/event-stream" },
      begin: message.slice(0, half),
      rest: [...message.slice(half), ...end],
    };
  }
  const document = Buffer.from(asDocument(completion));
  const half = Math.floor(document.length / 2);
  return {
    status: 200,
    headers: { "content-type": "application/json", "content-length": String(document.length) },
    begin: [document.subarray(0, half)],
    rest: [document.subarray(half)],
  };
}
