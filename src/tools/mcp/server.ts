/**
 * One MCP server (https://modelcontextprotocol.io/specification): started when it is needed, started again when it died,
 * and asked within bounds. What is told of a failure is whether the request can have reached it.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport, StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ErrorCode, McpError, ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { Json, JsonObject } from "../../domain/json.ts";
import { maskText } from "../../telemetry/mask.ts";
import { boundedFetch, waiting } from "./bounded-fetch.ts";
import { CallFailed } from "./call-failed.ts";
import { placeOf, type ServerConfig } from "./config.ts";
import type { Secrets } from "./secrets.ts";

/** What is understood of a tool that a server offers. */
const ToolSchema = z.object({
  name: z.string().min(1).max(200),
  title: z.string().max(500).optional(),
  description: z.string().max(50_000).optional(),
  inputSchema: z.record(z.string(), z.unknown()),
  outputSchema: z.record(z.string(), z.unknown()).optional(),
  annotations: z
    .object({
      title: z.string().max(500).optional(),
      readOnlyHint: z.boolean().optional(),
      destructiveHint: z.boolean().optional(),
      idempotentHint: z.boolean().optional(),
      openWorldHint: z.boolean().optional(),
    })
    .optional(),
});
export type Tool = z.infer<typeof ToolSchema>;

const PageSchema = z.object({ tools: z.array(z.unknown()), nextCursor: z.string().optional() });
const MAX_TOOLS = 1000;

/** Looser than the SDK's: a kind of content that is not known yet is an answer all the same. */
const ResultSchema = z
  .looseObject({
    content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).optional(),
    structuredContent: z.record(z.string(), z.unknown()).optional(),
    isError: z.boolean().optional(),
  })
  .refine((result) => result.content !== undefined || result.structuredContent !== undefined);

export interface ToolResult {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: JsonObject | undefined;
}

export interface McpServer {
  readonly name: string;
  /** What it offers now, by name. @throws CallFailed when it cannot be reached in time */
  tools(signal?: AbortSignal): Promise<ReadonlyMap<string, Tool>>;
  /** @throws CallFailed when a tool is not there, or must not be called */
  assertCallable(tool: string, signal: AbortSignal): Promise<void>;
  /** @throws CallFailed */
  call(tool: string, args: JsonObject, signal: AbortSignal): Promise<ToolResult>;
  close(): Promise<void>;
}

interface Live {
  readonly client: Client;
  tools: ReadonlyMap<string, Tool>;
  /** On the clock of this process. What a server offers may change at any time, and not each one says so. */
  listedAt: number;
  end(when: "in peace" | "now"): Promise<void>;
}

/** For how long what a server offers is taken to be the same, in milliseconds. */
const LISTED_MS = 10_000;
/** For how long one that is under way may take to say so; it has hung then, and is started again. */
const LIST_AGAIN_MS = 5000;

export interface ServerParts {
  readonly config: ServerConfig;
  readonly secrets: Secrets;
  /** Hears what the server writes to its standard error: masked, and only so much. */
  readonly log: (line: string) => void;
}

export function createServer(parts: ServerParts): McpServer {
  const { config, secrets } = parts;
  let starting: Promise<Live> | undefined;
  let isClosed = false;
  const forget = () => {
    starting = undefined;
  };
  const live = async (signal: AbortSignal): Promise<Live> => {
    if (isClosed) throw new CallFailed(`The server "${config.name}" is closed.`, { nothingHappened: true });
    starting ??= start(parts, forget).catch((error: unknown) => {
      forget();
      throw error;
    });
    const found = await unlessAborted(starting, signal);
    if (found.listedAt + LISTED_MS > performance.now()) return found;
    try {
      const timeout = Math.min(config.settings.startTimeoutMs, LIST_AGAIN_MS);
      found.tools = await listTools(found.client, timeout, secrets);
      found.listedAt = performance.now();
      return found;
    } catch (error) {
      forget();
      void found.end("now");
      throw error;
    }
  };
  /** What fails before the request is sent. */
  const ready = async (signal: AbortSignal): Promise<Live> => {
    try {
      return await live(signal);
    } catch (error) {
      if (error instanceof CallFailed) throw error;
      const why = maskText(secrets.hideText(error instanceof Error ? error.message : String(error)));
      throw new CallFailed(`The server "${config.name}" (${placeOf(config)}) cannot be reached: ${why}`, {
        nothingHappened: true,
      });
    }
  };
  const withTool = async (tool: string, signal: AbortSignal): Promise<Live> => {
    const found = await ready(signal);
    if (found.tools.has(tool)) return found;
    throw new CallFailed(`The server "${config.name}" has no tool "${tool}".`, { nothingHappened: true });
  };
  return {
    name: config.name,
    tools: async (signal = new AbortController().signal) => (await ready(signal)).tools,
    assertCallable: async (tool, signal) => void (await withTool(tool, signal)),
    call: async (tool, args, signal) => {
      const found = await withTool(tool, signal);
      const { client, end } = found;
      try {
        return resultOf(await send(client, { name: tool, arguments: args }, signal), secrets);
      } catch (error) {
        const failed = failureOf(error, { server: config.name, tool, secrets });
        // A session that the server does not know any more, or an answer that was cut off: begun anew next time.
        if (failed.status !== undefined || failed.code === ErrorCode.ConnectionClosed) {
          forget();
          void end("now");
        } else if (signal.aborted) found.listedAt = Number.NEGATIVE_INFINITY;
        throw failed;
      }
    },
    close: async () => {
      isClosed = true;
      const last = starting;
      forget();
      await (await last?.catch(() => undefined))?.end("in peace");
    },
  };
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The signal is what ends it; the SDK then tells the server that it is not wanted any more. */
const NO_LIMIT_MS = 2 ** 31 - 1;

async function send(client: Client, params: { name: string; arguments: JsonObject }, signal: AbortSignal) {
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);
  const ended = () => lost.reject(new McpError(ErrorCode.ConnectionClosed, "The connection ended without an answer"));
  const asked = waiting.run({ ended }, () =>
    client.request({ method: "tools/call", params }, ResultSchema, { signal, timeout: NO_LIMIT_MS }),
  );
  asked.catch(() => undefined);
  return await Promise.race([asked, lost.promise]);
}

async function start({ config, secrets, log }: ServerParts, onEnd: () => void): Promise<Live> {
  const { settings } = config;
  const client = new Client({ name: "holdpoint", version: "1" }, { capabilities: {} });
  const lines: string[] = [];
  const { transport, kill } = openTransport(config, (line) => {
    const told = maskText(secrets.hideText(line)).slice(0, MAX_TOLD);
    lines.push(told);
    if (lines.length > LAST_LINES) lines.shift();
    log(`${config.name}: ${told}`);
  });
  const end: Live["end"] = async (when) => {
    if (when === "now") kill();
    await client.close().catch(() => undefined);
  };
  client.onclose = onEnd;
  client.onerror = (error) => {
    // The SDK ends the connection in its own time; until then the server would go on writing.
    if (/exceeded maximum size/.test(error.message)) kill();
  };
  try {
    await client.connect(transport, { timeout: settings.startTimeoutMs });
    const live: Live = {
      ...{ client, end, tools: await listTools(client, settings.startTimeoutMs, secrets), listedAt: performance.now() },
    };
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      live.listedAt = Number.NEGATIVE_INFINITY;
    });
    return live;
  } catch (error) {
    await end("now");
    const said = lines.length > 0 ? ` It said: ${lines.join(" / ")}` : "";
    throw new Error(`${error instanceof Error ? error.message : String(error)}.${said}`);
  }
}

async function listTools(client: Client, timeout: number, secrets: Secrets): Promise<ReadonlyMap<string, Tool>> {
  const tools = new Map<string, Tool>();
  let cursor: string | undefined;
  do {
    const params = cursor === undefined ? {} : { cursor };
    const page = await client.request({ method: "tools/list", params }, PageSchema, { timeout });
    for (const given of page.tools) {
      const parsed = ToolSchema.safeParse(given);
      if (parsed.success) tools.set(parsed.data.name, secrets.hide(parsed.data as Json) as Tool);
    }
    cursor = page.tools.length > 0 ? page.nextCursor : undefined;
    if (tools.size > MAX_TOOLS) throw new Error(`it offers more than ${MAX_TOOLS} tools`);
  } while (cursor !== undefined);
  return tools;
}

/** A line is read whole before it is cut: half a secret would not be known for one. */
const MAX_LINE = 100_000;
const MAX_TOLD = 500;
const LAST_LINES = 3;
/** Of one process. */
const MAX_LINES = 200;
/** Beside the output itself, a message has an envelope. */
const ENVELOPE = 10_000;

function openTransport(
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

function resultOf(result: z.infer<typeof ResultSchema>, secrets: Secrets): ToolResult {
  const text = (result.content ?? []).map(blockText).join("\n");
  const structured = result.structuredContent as JsonObject | undefined;
  return {
    isError: result.isError === true,
    text: secrets.hideText(text),
    structured: structured === undefined ? undefined : (secrets.hide(structured as Json) as JsonObject),
  };
}

/** What is no text is named, and not kept. */
function blockText(block: { readonly type: string; readonly text?: string | undefined }): string {
  if (block.type === "text") return block.text ?? "";
  const { uri, mimeType, resource } = block as Record<string, unknown>;
  const inner = (typeof resource === "object" && resource !== null ? resource : {}) as Record<string, unknown>;
  if (typeof inner.text === "string") return inner.text;
  return `[${[block.type, inner.mimeType ?? mimeType, inner.uri ?? uri].filter((part) => typeof part === "string").join(" ")}]`;
}

/** Before the server can have heard of anything. */
const NOT_CONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
/** HTTP statuses that stand for a request that was not taken in: who asks, where, in which form, how often. */
const NOT_TAKEN = new Set([401, 403, 404, 405, 406, 415, 429]);

function failureOf(error: unknown, at: { server: string; tool: string; secrets: Secrets }): CallFailed {
  const { server, tool, secrets } = at;
  const message = error instanceof Error ? error.message : String(error);
  const told = (what: string) => `${server}/${tool}: ${maskText(secrets.hideText(what)).slice(0, MAX_TOLD)}`;
  if (error instanceof z.core.$ZodError) {
    return new CallFailed(told("the answer is none that MCP knows"), { nothingHappened: false });
  }
  if (error instanceof McpError) {
    return new CallFailed(told(message), {
      nothingHappened: error.code === ErrorCode.MethodNotFound,
      code: error.code,
    });
  }
  if (error instanceof StreamableHTTPError) {
    const status = error.code;
    const nothingHappened = status !== undefined && NOT_TAKEN.has(status);
    return new CallFailed(told(message), { nothingHappened, status });
  }
  const nothingHappened = message === "Not connected" || NOT_CONNECTED.has(causeOf(error));
  return new CallFailed(told(causeOf(error) || message), { nothingHappened });
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return typeof cause?.code === "string" ? cause.code : "";
}
