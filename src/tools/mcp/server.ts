/**
 * One MCP server (https://modelcontextprotocol.io/specification): started when it is needed, started again when it died,
 * and asked within bounds. What is told of a failure is whether the request can have reached it.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ErrorCode, McpError, ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { Json, JsonObject } from "../../domain/json.ts";
import { maskText } from "../../telemetry/mask.ts";
import { waiting } from "./bounded-fetch.ts";
import { CallFailed } from "./call-failed.ts";
import { placeOf, type ServerConfig } from "./config.ts";
import { failureOf, ResultSchema, resultOf, type ToolResult } from "./results.ts";
import type { Secrets } from "./secrets.ts";
import { openTransport } from "./transport.ts";

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
const MAX_PAGES = 100;

/** Looks at a tool as the very process or session offers it that is then called. @throws CallFailed */
type AssertTool = (offered: Tool) => void;

export interface McpServer {
  readonly name: string;
  /** What it offers now, by name. @throws CallFailed when it cannot be reached in time */
  tools(signal?: AbortSignal): Promise<ReadonlyMap<string, Tool>>;
  /** What it offers is asked for once more before anything else is called. */
  lookAgain(): void;
  /** @throws CallFailed when a tool is not there, or must not be called */
  assertCallable(tool: string, signal: AbortSignal, assertTool?: AssertTool): Promise<void>;
  /** @throws CallFailed */
  call(tool: string, args: JsonObject, signal: AbortSignal, assertTool?: AssertTool): Promise<ToolResult>;
  /** Also while it starts; what was under way fails then. */
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
  const closing = new AbortController();
  /** What was listed before this counts no more. */
  let listedSince = 0;
  const begin = (): Promise<Live> => {
    // Another one may have been started by the time that this one ends.
    const forget = () => {
      if (starting === mine) starting = undefined;
    };
    const mine = start(parts, forget, closing.signal).catch((error: unknown) => {
      forget();
      throw error;
    });
    starting = mine;
    return mine;
  };
  const live = async (signal: AbortSignal): Promise<Live> => {
    if (closing.signal.aborted)
      throw new CallFailed(`The server "${config.name}" is closed.`, { nothingHappened: true });
    const found = await unlessAborted(starting ?? begin(), signal);
    if (found.listedAt > listedSince && found.listedAt + LISTED_MS > performance.now()) return found;
    await listAgain(found, parts);
    return found;
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
  const withTool = async (tool: string, signal: AbortSignal, assertTool?: AssertTool): Promise<Live> => {
    const found = await ready(signal);
    const offered = found.tools.get(tool);
    if (offered) {
      assertTool?.(offered);
      return found;
    }
    throw new CallFailed(`The server "${config.name}" has no tool "${tool}".`, { nothingHappened: true });
  };
  return {
    name: config.name,
    tools: async (signal = new AbortController().signal) => (await ready(signal)).tools,
    lookAgain: () => {
      listedSince = performance.now();
    },
    assertCallable: async (tool, signal, assertTool) => void (await withTool(tool, signal, assertTool)),
    call: async (tool, args, signal, assertTool) => {
      const found = await withTool(tool, signal, assertTool);
      const { client, end } = found;
      try {
        return resultOf(await send(client, { name: tool, arguments: args }, signal), secrets);
      } catch (error) {
        const failed = failureOf(error, { server: config.name, tool, secrets });
        // A session that the server does not know any more, or an answer that was cut off: begun anew next time.
        if (failed.status !== undefined || failed.code === ErrorCode.ConnectionClosed) {
          void end("now");
        } else if (signal.aborted) found.listedAt = Number.NEGATIVE_INFINITY;
        throw failed;
      }
    },
    close: async () => {
      closing.abort(new Error("it is closed"));
      const last = starting;
      await (await last?.catch(() => undefined))?.end("in peace");
    },
  };
}

async function listAgain(live: Live, { config, secrets }: ServerParts): Promise<void> {
  const timeout = Math.min(config.settings.startTimeoutMs, LIST_AGAIN_MS);
  try {
    live.tools = await listTools(live.client, AbortSignal.timeout(timeout), secrets);
    live.listedAt = performance.now();
  } catch (error) {
    void live.end("now");
    throw error;
  }
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

const MAX_TOLD = 500;
const LAST_LINES = 3;

async function start({ config, secrets, log }: ServerParts, onEnd: () => void, closing: AbortSignal): Promise<Live> {
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
    onEnd();
    if (when === "now") kill();
    await client.close().catch(() => undefined);
  };
  client.onclose = onEnd;
  client.onerror = (error) => {
    // The SDK ends the connection in its own time; until then the server would go on writing.
    if (/exceeded maximum size/.test(error.message)) kill();
  };
  // For all of it together: what the SDK limits is each answer, and not the ones that it does not wait for.
  const timeout = AbortSignal.timeout(settings.startTimeoutMs);
  const signal = AbortSignal.any([timeout, closing]);
  try {
    const connected = client.connect(transport, { signal, timeout: NO_LIMIT_MS });
    connected.catch(() => undefined); // it may fail when nobody waits for it any more
    await unlessAborted(connected, signal);
    const live: Live = { client, end, tools: await listTools(client, signal, secrets), listedAt: performance.now() };
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      live.listedAt = Number.NEGATIVE_INFINITY;
    });
    return live;
  } catch (error) {
    await end("now");
    const said = lines.length > 0 ? ` It said: ${lines.join(" / ")}` : "";
    const late = `it did not start within ${settings.startTimeoutMs} ms`;
    const why = timeout.aborted ? late : error instanceof Error ? error.message : String(error);
    throw new Error(`${why}.${said}`);
  }
}

/** @param signal ends it, however many pages there are */
async function listTools(client: Client, signal: AbortSignal, secrets: Secrets): Promise<ReadonlyMap<string, Tool>> {
  const tools = new Map<string, Tool>();
  let cursor: string | undefined;
  let pages = 0;
  do {
    if (++pages > MAX_PAGES) throw new Error(`it offers its tools on more than ${MAX_PAGES} pages`);
    const params = cursor === undefined ? {} : { cursor };
    const options = { signal, timeout: NO_LIMIT_MS };
    const page = await unlessAborted(client.request({ method: "tools/list", params }, PageSchema, options), signal);
    for (const given of page.tools) {
      const parsed = ToolSchema.safeParse(given);
      if (parsed.success) tools.set(parsed.data.name, secrets.hide(parsed.data as Json) as Tool);
    }
    cursor = page.tools.length > 0 ? page.nextCursor : undefined;
    if (tools.size > MAX_TOOLS) throw new Error(`it offers more than ${MAX_TOOLS} tools`);
  } while (cursor !== undefined);
  return tools;
}
