/** Servers over streamable HTTP: the real one from npm, and one of our own that misbehaves. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { json, startHttpServer } from "./http-server.ts";
import { actionIn, configFile, connectAccepted, outcomeOf, programOf } from "./support.ts";

const done = { result: { content: [{ type: "text", text: "done" }] } };
const file = (url: string, more: object = {}) =>
  configFile({ mcpServers: { web: { url, headers: { Authorization: "Bearer ${TOKEN}" } } }, holdpoint: { web: more } });
const environment = { TOKEN: "hunter2-the-token" };

/** An answer that would be a good one, if it were not that long. */
const large = (id: number) =>
  JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "x".repeat(50_000_000) }] } });

async function openWeb(answer: (response: ServerResponse, id: number) => void, more: object = {}) {
  const { url, headers, close } = await startHttpServer((response, { id }) => answer(response, id));
  const mcp = await connectAccepted({ file: file(url, more), environment });
  return { ok: actionIn(mcp, "web__ok"), headers, close };
}

describe("a call over HTTP", () => {
  it("takes its headers along, and what it says is masked", async () => {
    const { ok, headers } = await openWeb((response, id) =>
      json(response, { id, result: { content: [{ type: "text", text: "Bearer hunter2-the-token" }] } }),
    );
    expect(await outcomeOf(ok)).toEqual({ output: { text: "[secret]" } });
    expect(headers.authorization).toBe("Bearer hunter2-the-token");
  });

  it.each([401, 403, 404, 429])("that is not let in (%d) did not happen", async (status) => {
    const { ok } = await openWeb((response) => void response.writeHead(status).end("hunter2-the-token"));
    const { failed } = await outcomeOf(ok);
    expect(failed).toContain("Streamable HTTP error");
    expect(failed).not.toContain("hunter2");
  });

  it.each([400, 500, 502])("that fails otherwise (%d) is unknown", async (status) => {
    const { ok } = await openWeb((response) => void response.writeHead(status).end("broken"));
    expect(await outcomeOf(ok)).toEqual({ unknown: expect.stringContaining("broken") });
  });

  it.each<[string, (response: ServerResponse, id: number) => void]>([
    ["is torn", (response) => void response.destroy()],
    ["is no JSON", (response) => void response.writeHead(200, { "content-type": "application/json" }).end("{]")],
    ["is of another kind", (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<p>")],
    [
      "ends without a result",
      (response) => void response.writeHead(200, { "content-type": "text/event-stream" }).end(": hi\n\n"),
    ],
    [
      "is torn in the middle of a stream",
      (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("event: message\ndata: {", () => response.destroy());
      },
    ],
    [
      "is 50 MB",
      (response, id) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(large(id));
      },
    ],
    [
      "is a stream of 50 MB",
      (response, id) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end(`event: message\ndata: ${large(id)}\n\n`);
      },
    ],
  ])("the answer of which %s is unknown, at once", async (_what, answer) => {
    const { ok } = await openWeb(answer);
    expect(await outcomeOf(ok, {}, AbortSignal.timeout(5000))).toEqual({
      unknown: expect.not.stringContaining("aborted"),
    });
  });

  it("to a server that is gone did not happen", async () => {
    const { ok, close } = await openWeb((response, id) => json(response, { id, ...done }));
    expect(await outcomeOf(ok)).toEqual({ output: { text: "done" } });
    close();
    // On the connection that was left open, what it offers is asked for first; a new one is refused.
    expect(await outcomeOf(ok)).toEqual({ failed: expect.stringContaining("cannot be reached") });
    expect(await outcomeOf(ok)).toEqual({ failed: expect.stringContaining("cannot be reached") });
  });
});

describe("server-everything", () => {
  it("is used over streamable HTTP", async () => {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const child = spawn(process.execPath, [programOf("everything"), "streamableHttp"], {
      env: { ...process.env, PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await listening(child);
    const actions = { "get-sum": { kind: "read" }, echo: { kind: "read", summary: "It said: ${output.text}" } };
    const config = file(`http://127.0.0.1:${port}/mcp`, { actions });
    const mcp = await connectAccepted({ file: config, environment });
    expect(JSON.parse(readFileSync(config, "utf8")).mcpServers.web.headers).toEqual({
      Authorization: "Bearer ${TOKEN}",
    });
    expect(await outcomeOf(actionIn(mcp, "web__get-sum"), { a: 2, b: 3 })).toEqual({
      output: { text: expect.stringContaining("5") },
    });
    expect(await outcomeOf(actionIn(mcp, "web__echo"), { message: "hi" })).toEqual({ output: { text: "Echo: hi" } });
    const refused = actionIn(mcp, "web__get-sum").input.safeParse({ a: "two" });
    expect(refused.error?.issues.map(({ path }) => path.join("."))).toEqual(["", "a"]);
  });
});

/** Waits until it says that it listens. */
async function listening(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const look = (chunk: Buffer) => void (/listening|running/i.test(chunk.toString()) && resolve());
    child.stderr?.on("data", look);
    child.stdout?.on("data", look);
    child.once("exit", (code) => reject(new Error(`It ended with ${code}.`)));
  });
}
