/** A real HTTP server that takes webhooks, and answers as it is told. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A status; `hang`: no answer; `cut`: the connection ends without one; `flood`: an answer without an end. */
export type Answer = number | "hang" | "cut" | "flood";

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export const SECRET = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;

/** Starts it; it ends with the test. @param answers one after the other, the last one from then on */
export async function startReceiver(...answers: Answer[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts).toString() });
      give(response, answers[Math.min(received.length, answers.length) - 1] ?? 204);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(stop);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/hooks/T0K3N`;
  return { url, received, stop, ids: () => received.map(({ headers }) => headers["webhook-id"]) };
}

function give(response: ServerResponse, answer: Answer): void {
  if (answer === "hang") return;
  if (answer === "cut") response.socket?.destroy();
  else if (answer === "flood") flood(response.writeHead(200));
  else response.writeHead(answer, { location: "/elsewhere", "retry-after": "0" }).end();
}

function flood(response: ServerResponse): void {
  if (!response.destroyed) response.write("x".repeat(65_536), () => flood(response));
}

/** Nothing is waited for longer than it has to. */
export const QUICK = { timeoutMs: 150, pausesMs: [5, 5, 5] };
/** Where an answer is to come, however busy the machine is. */
export const PATIENT = { ...QUICK, timeoutMs: 10_000 };
