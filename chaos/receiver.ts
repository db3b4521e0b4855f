/**
 * A receiver of effects, in a process of its own: HTTP, and a log that is on the disk (fsync) before it answers. It can
 * kill its caller with SIGKILL at the moment that a request names: before it has acted, or after and before it answers.
 *
 * - `idempotent`: a key that it knows has no second effect.
 * - `look-up`: acts on every call, and tells whether a key has an effect.
 * - `opaque`: acts on every call, and tells nothing.
 *
 * It refuses a text with "refuse" in it, and does not answer to one with "half", which it has acted on. Under /v1 it is
 * the model of those scenarios that have one.
 */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { completionFor } from "./model.ts";

export type Kind = "idempotent" | "look-up" | "opaque";

export interface LogLine {
  did: "write" | "undo";
  key: string;
  text: string;
}

/** What a caller sends. */
interface Call extends LogLine {
  /** The process to kill, and when. */
  kill?: { pid: number; when: "before" | "after" };
}

const [kind, path] = process.argv.slice(2) as [Kind, string];
const log = openSync(path, "a");
const known = new Map<string, LogLine>();

function act({ did, key, text }: LogLine): void {
  if (text.includes("refuse")) return;
  if (kind === "idempotent" && known.get(key)?.did === did) return;
  writeSync(log, `${JSON.stringify({ did, key, text } satisfies LogLine)}\n`);
  fsyncSync(log);
  known.set(key, { did, key, text });
}

async function read<T>(request: IncomingMessage): Promise<T> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return JSON.parse(body);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? "", "http://receiver");
  if (request.method === "GET") {
    const line = known.get(url.searchParams.get("key") ?? "");
    const status = kind === "opaque" ? 404 : 200;
    response.writeHead(status).end(JSON.stringify(line?.did === "write" ? { text: line.text } : null));
    return;
  }
  if (url.pathname.startsWith("/v1/")) {
    const completion = completionFor(await read(request));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(completion));
    return;
  }
  const call = await read<Call>(request);
  if (call.kill?.when === "before") process.kill(call.kill.pid, "SIGKILL");
  else act(call);
  if (call.kill?.when === "after") process.kill(call.kill.pid, "SIGKILL");
  if (call.text.includes("half") && call.did === "write") {
    request.socket.destroy();
    return;
  }
  response.writeHead(call.text.includes("refuse") ? 422 : 200).end("{}");
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.once("disconnect", () => {
  closeSync(log);
  process.exit();
});
