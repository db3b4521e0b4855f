/** An MCP server over streamable HTTP in this process, which answers calls of tools as a test says. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Call {
  readonly id: number;
  readonly name: string;
}

/** @param answer what becomes of a call of a tool @returns its address, and the headers of the last request */
export async function startHttpServer(answer: (response: ServerResponse, call: Call) => void) {
  const headers: NodeJS.Dict<string | string[]> = {};
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      Object.assign(headers, request.headers);
      if (request.method !== "POST") return void response.writeHead(405).end();
      const { id, method, params } = JSON.parse(body);
      const result = resultOf(method);
      if (method === "tools/call") return answer(response, { id, name: params.name });
      if (result === undefined) return void response.writeHead(202).end();
      json(response, { id, result });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, headers, close };
}

function resultOf(method: string): object | undefined {
  if (method === "initialize") {
    return { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "odd", version: "1" } };
  }
  if (method !== "tools/list") return undefined;
  return { tools: [{ name: "ok", description: "Does it.", inputSchema: { type: "object" } }] };
}

export function json(response: ServerResponse, message: object): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", ...message }));
}
