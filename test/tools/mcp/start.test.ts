/** A server that does not get ready holds nobody up, and one that has become another is not called. */
import { createServer as createHttp } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { readMcpConfig } from "../../../src/tools/mcp/config.ts";
import { gated } from "../../../src/tools/mcp/gate.ts";
import { toolFingerprint } from "../../../src/tools/mcp/lock.ts";
import { createSecrets } from "../../../src/tools/mcp/secrets.ts";
import { createServer, type McpServer } from "../../../src/tools/mcp/server.ts";
import { json } from "./http-server.ts";
import { configFile, scripted } from "./support.ts";

function open(content: object): McpServer {
  const [config] = readMcpConfig(configFile(content), {});
  if (!config) throw new Error("There is no server.");
  const server = createServer({ config, secrets: createSecrets([]), log: () => undefined });
  onTestFinished(() => server.close());
  return server;
}

/** Answers what `answer` does, and leaves everything else open. */
async function slowServer(answers: (method: string) => object | undefined, settings: object) {
  const http = createHttp((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { id, method } = JSON.parse(body || "{}") as { id?: number; method?: string };
      const result = answers(method ?? "");
      if (result) json(response, { id: id ?? 0, result });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  return open({ mcpServers: { slow: { url } }, holdpoint: { slow: settings } });
}

const serverInfo = { name: "slow", version: "1" };
const initialized = { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo };

it("a server that takes in everything and never gets ready is given up in time", async () => {
  const server = await slowServer((method) => (method === "initialize" ? initialized : undefined), {
    startTimeoutMs: 300,
  });
  await expect(server.tools()).rejects.toThrow("it did not start within 300 ms");
});

it("a server is closed also while it starts", async () => {
  const server = await slowServer(() => undefined, { startTimeoutMs: 600_000 });
  const started = expect(server.tools()).rejects.toThrow("it is closed");
  await server.close();
  await started;
  await expect(server.tools()).rejects.toThrow("is closed");
});

it("what is looked at is the tool as the server offers it that is called", async () => {
  const accepted = [...(await open(scripted()).tools()).values()];
  const known = Object.fromEntries(
    accepted.map((tool) => [
      tool.name,
      { fingerprint: toolFingerprint(tool), acceptedBy: "ada", acceptedAt: "", definition: tool },
    ]),
  );
  const other = open(scripted({ env: { DESCRIPTION: "Another one." } }));
  // It was as it was accepted a moment ago.
  const tools = async () => new Map(accepted.map((tool) => [tool.name, tool]));
  const guarded = gated({ ...other, tools }, known, (tool) => tool);
  const { signal } = new AbortController();
  await expect(guarded.call("ok", {}, signal)).rejects.toThrow("is not what was accepted any more");
  expect(await guarded.call("list", {}, signal)).toMatchObject({ isError: false });
});
