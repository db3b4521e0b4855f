/** An MCP server over stdio that keeps tickets in the file TICKETS, and dies after it has written a new one. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

interface Message {
  id?: number;
  method?: string;
  params?: { name?: string; arguments?: Args };
}

interface Args {
  title?: string;
  request_id?: string;
}

const { TICKETS = "" } = process.env;
const write = (message: object) => void process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const text = (said: string, more: object = {}) => ({ content: [{ type: "text", text: said }], ...more });
const inputSchema = { type: "object", properties: { title: { type: "string" }, request_id: { type: "string" } } };
const tools = ["create", "get", "find"].map((name) => ({ name, description: name, inputSchema }));

const RESULTS: Record<string, (message: Message) => object | undefined> = {
  initialize: () => {
    const serverInfo = { name: "tickets", version: "1" };
    return { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo };
  },
  "tools/list": () => ({ tools }),
  "tools/call": ({ params }) => {
    const tickets = (existsSync(TICKETS) ? JSON.parse(readFileSync(TICKETS, "utf8")) : {}) as Record<string, string>;
    return CALLS[params?.name ?? ""]?.(tickets, params?.arguments ?? {});
  },
};

const CALLS: Record<string, (tickets: Record<string, string>, args: Args) => object> = {
  create: (tickets, { title = "", request_id: key = "" }) => {
    if (tickets[key] !== undefined) return text("It is there");
    writeFileSync(TICKETS, JSON.stringify({ ...tickets, [key]: title }));
    process.exit(1);
  },
  get: (tickets, { title = "" }) =>
    Object.values(tickets).includes(title) ? text(title) : text("No such ticket", { isError: true }),
  find: (tickets, { request_id: key = "" }) => {
    const ticket = tickets[key] === undefined ? null : { title: tickets[key] };
    return text(JSON.stringify(ticket), { structuredContent: { ticket } });
  },
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line) as Message;
  const result = RESULTS[message.method ?? ""]?.(message);
  if (result) write({ id: message.id, result });
});
