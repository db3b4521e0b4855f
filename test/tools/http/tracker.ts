/** A tracker of tickets over real HTTP, which knows repeats by their key, and can be told to misbehave. */

import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { tempDir } from "../../support/temp.ts";

export const TOKEN = "tr4cker-token-0815-secret";

interface Ticket {
  id: string;
  title: string;
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What to do instead of answering, once. */
type Misbehaviour = (response: ServerResponse, done: () => void) => void;

export interface Tracker {
  readonly port: number;
  readonly host: string;
  readonly server: Server;
  readonly tickets: Map<string, Ticket>;
  readonly seen: Seen[];
  /** For the next request of that method; `done` first carries it out. */
  next(method: string, misbehaviour: Misbehaviour): void;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request) text += String(part);
  return text;
}

const send = (response: ServerResponse, status: number, body?: unknown): void => {
  response.writeHead(status, body === undefined ? {} : { "content-type": "application/json" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
};

/** A scratch server gets a value that is none. */
const isKnown = (authorization: string): boolean =>
  [`Bearer ${TOKEN}`, "Bearer scratch-value-of-TRACKER_TOKEN"].includes(authorization);

async function openTracker(): Promise<Tracker> {
  const tickets = new Map<string, Ticket>();
  const byKey = new Map<string, Ticket>();
  const seen: Seen[] = [];
  const misbehaviours = new Map<string, Misbehaviour>();
  let count = 0;
  const create = (key: string, body: string): [number, unknown?] => {
    const known = byKey.get(key);
    if (known) return [201, known];
    const { title } = JSON.parse(body) as Ticket;
    if (title === "refuse me") return [422, { error: "no such title" }];
    const made = { id: `T${++count}`, title };
    tickets.set(made.id, made);
    byKey.set(key, made);
    return [201, made];
  };
  const find = (key: string): [number, unknown?] => {
    const found = byKey.get(key);
    return [200, { items: found && tickets.has(found.id) ? [found] : [] }];
  };
  const on = (method: string, ticket: Ticket | undefined, body: string): [number, unknown?] => {
    if (!ticket) return [404, { error: "no ticket" }];
    if (method === "DELETE") return [tickets.delete(ticket.id) ? 204 : 404];
    if (method === "PATCH") ticket.title = (JSON.parse(body) as Ticket).title;
    return [200, ticket];
  };
  const answer = ({ method, url, headers }: IncomingMessage, body: string): [number, unknown?] => {
    if (!isKnown(String(headers.authorization))) return [401, { error: "who are you" }];
    const { pathname, searchParams } = new URL(url ?? "/", "http://tracker");
    const id = decodeURIComponent(pathname.split("/")[2] ?? "");
    if (id === "" && method === "POST") return create(String(headers["idempotency-key"]), body);
    if (id === "") return find(searchParams.get("key") ?? "");
    return on(String(method), tickets.get(id), body);
  };
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const { method = "", url = "", headers } = request;
    seen.push({ method, url, headers, body });
    const misbehaviour = misbehaviours.get(method);
    misbehaviours.delete(method);
    if (misbehaviour) misbehaviour(response, () => void answer(request, body));
    else send(response, ...answer(request, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ port, server, tickets, seen, host: `127.0.0.1:${port}` },
    next: (method, misbehaviour) => void misbehaviours.set(method, misbehaviour),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const CREATE = (host: string) => `
name: create_ticket
version: 1
title: Create a ticket
description: Opens a ticket in the tracker. Use it when somebody reports something.
kind: write
input:
  type: object
  properties: { title: { type: string, minLength: 1 }, labels: { type: array, items: { type: string } } }
  required: [title]
output:
  type: object
  properties: { id: { type: string }, title: { type: string } }
  required: [id]
example: { title: Printer on fire }
request:
  method: POST
  url: http://${host}/tickets
  headers: { authorization: "Bearer \${secret.TRACKER_TOKEN}" }
  body: { title: "\${args.title}", labels: { $ref: args.labels } }
idempotency: { header: idempotency-key, honoured: true }
preview:
  changes:
    - { table: tickets, key: new, before: null, after: { title: "\${args.title}", labels: { $ref: args.labels } } }
lookup:
  request:
    method: GET
    url: http://${host}/tickets
    query: { key: "\${call.effect}" }
    headers: { authorization: "Bearer \${secret.TRACKER_TOKEN}" }
  list: response.items
reversibility: reversible
undo:
  request:
    method: DELETE
    url: http://${host}/tickets/\${output.id}
    headers: { authorization: "Bearer \${secret.TRACKER_TOKEN}" }
  gone: [404]
  says: Took back ticket \${output.id}.
impact: { level: low, resources: ["tickets/\${args.title}"] }
summary: Ticket \${output.id} is "\${args.title}".
`;

export const RENAME = (host: string) => `
name: rename_ticket
version: 1
title: Rename a ticket
description: Gives a ticket another title.
kind: write
input:
  type: object
  properties: { id: { type: string }, title: { type: string } }
  required: [id, title]
output: { type: object, properties: { id: { type: string } }, required: [id] }
request:
  method: PATCH
  url: http://${host}/tickets/\${args.id}
  headers: { authorization: "Bearer \${secret.TRACKER_TOKEN}" }
  body: { title: { $ref: args.title } }
preview:
  read:
    method: GET
    url: http://${host}/tickets/\${args.id}
    headers: { authorization: "Bearer \${secret.TRACKER_TOKEN}" }
  changes:
    - table: tickets
      key: "\${args.id}"
      before: { title: { $ref: response.title } }
      after: { title: { $ref: args.title } }
captureUndo:
  request:
    method: GET
    url: http://${host}/tickets/\${args.id}
    headers: { authorization: "Bearer \${secret.TRACKER_TOKEN}" }
  result: { title: { $ref: response.title } }
reversibility: reversible
undo:
  request:
    method: PATCH
    url: http://${host}/tickets/\${args.id}
    headers: { authorization: "Bearer \${secret.TRACKER_TOKEN}" }
    body: { title: { $ref: captured.title } }
  says: Ticket \${args.id} is "\${captured.title}" again.
summary: Ticket \${output.id} is "\${args.title}" now.
`;

export const FIND = (host: string) => `
name: find_ticket
version: 1
title: Find a ticket
description: Reads a ticket of the tracker.
kind: read
input: { type: object, properties: { id: { type: string } }, required: [id] }
output: { type: object, properties: { id: { type: string }, title: { type: string } }, required: [id, title] }
request:
  method: GET
  url: http://${host}/tickets/\${args.id}
  headers: { authorization: "Bearer \${secret.TRACKER_TOKEN}" }
summary: Ticket \${output.id} is "\${output.title}".
`;

/** A folder with these files; removed when the test has ended. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = tempDir();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A tracker that is closed when the test has ended. */
export async function newTracker(): Promise<Tracker> {
  const tracker = await openTracker();
  onTestFinished(() => tracker.close());
  return tracker;
}
