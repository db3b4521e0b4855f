/** A network that goes wrong, between the committer and a receiver: what it does to each request follows from a seed. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const FAULTS = ["none", "drop request", "drop answer", "duplicate", "delay", "error after it was done"] as const;
type Fault = (typeof FAULTS)[number];

const DELAY_MS = 30;

/** Mulberry32 (Tommy Ettinger, 2017, public domain): a small generator that gives the same numbers for a seed. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface FaultyNetwork {
  readonly url: string;
  /** How often each call was sent by the committer: "write" or "undo", with its key. */
  readonly sent: ReadonlyMap<string, number>;
  /** How many requests the network itself delivered twice. */
  duplicates(): number;
  close(): Promise<void>;
}

/** Look-ups pass as they are; writes and undos meet faults. */
export async function openFaultyNetwork(target: string, seed: number): Promise<FaultyNetwork> {
  const random = createRandom(seed);
  const sent = new Map<string, number>();
  let duplicates = 0;
  const server = createServer(async (request, response) => {
    if (request.method === "GET") return await pass(await fetch(new URL(request.url ?? "", target)), response);
    const body = await textOf(request);
    const { did, key } = JSON.parse(body) as { did: string; key: string };
    sent.set(`${did} ${key}`, (sent.get(`${did} ${key}`) ?? 0) + 1);
    const fault = FAULTS[Math.floor(random() * FAULTS.length)] ?? "none";
    if (fault === "duplicate") duplicates++;
    await meet(fault, () => fetch(target, { method: "POST", body }), response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    sent,
    duplicates: () => duplicates,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function meet(fault: Fault, forward: () => Promise<Response>, response: ServerResponse): Promise<void> {
  if (fault === "drop request") return void response.destroy();
  if (fault === "delay") await sleep(DELAY_MS);
  const answer = await forward();
  if (fault === "duplicate") await forward();
  if (fault === "drop answer") return void response.destroy();
  if (fault === "error after it was done") return void response.writeHead(500).end();
  await pass(answer, response);
}

async function pass(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status).end(await answer.text());
}

async function textOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}
