/** How an MCP server is reached, within bounds. */
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { boundedFetch } from "./bounded-fetch.ts";
import type { ServerConfig } from "./config.ts";

/** A line is read whole before it is cut: half a secret would not be known for one. */
const MAX_LINE = 100_000;
/** Of one process. */
const MAX_LINES = 200;
/** Beside the output itself, a message has an envelope. */
const ENVELOPE = 10_000;

/** How a server is reached; `kill` ends what this process started of it, at once. */
export function openTransport(
  { target, settings }: ServerConfig,
  onLine: (line: string) => void,
): { transport: Transport; kill: () => void } {
  const maxBytes = settings.maxOutputBytes + ENVELOPE;
  if (target.kind === "http") {
    const transport = new StreamableHTTPClientTransport(target.url, {
      requestInit: { headers: target.headers },
      fetch: boundedFetch(maxBytes),
    });
    return { transport: transport as Transport, kill: () => undefined };
  }
  const { command, args, env, cwd } = target;
  const transport = new StdioClientTransport({
    ...{ command, args, env, stderr: "pipe", maxBufferSize: maxBytes },
    ...(cwd === undefined ? {} : { cwd }),
  });
  readLines(transport, onLine);
  return { transport, kill: () => killProcess(transport.pid) };
}

function killProcess(pid: number | null): void {
  if (pid === null) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

function readLines(transport: StdioClientTransport, onLine: (line: string) => void): void {
  let rest = "";
  let left = MAX_LINES;
  transport.stderr?.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = (lines.pop() ?? "").slice(0, MAX_LINE);
    for (const line of lines) if (line.trim() !== "" && left-- > 0) onLine(line);
  });
}
