/** Tools of MCP servers as actions: what there is comes from the lock file, and servers are started when needed. */
import { dirname, resolve } from "node:path";
import { debuglog } from "node:util";
import { digestOf } from "../../domain/json.ts";
import { explainError, HoldpointError } from "../../errors.ts";
import { warn } from "../../telemetry/tell.ts";
import type { Action } from "../action.ts";
import { readMcpConfig, type ServerConfig, wholePlaceOf } from "./config.ts";
import { type Declaration, SILENT } from "./declaration.ts";
import { acceptCommand, gated } from "./gate.ts";
import { type Accepted, differences, readLock, toolFingerprint, writeLock } from "./lock.ts";
import { createSecrets } from "./secrets.ts";
import type { McpServer, Tool } from "./server.ts";
import { stoppedAction, toolAction } from "./tool-action.ts";

export interface McpOptions {
  /** A YAML or JSON file with `mcpServers`; see docs/mcp.md. */
  readonly file: string;
  /** Where accepted tools are kept. Default: `mcp.lock.json` beside the file. */
  readonly lock?: string | undefined;
  /** Where `${NAME}` in the file comes from. Default: that of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Hears what servers write to their standard error, masked. Default: shown with `NODE_DEBUG=holdpoint-mcp`. */
  readonly log?: ((line: string) => void) | undefined;
  /** Hears once that tools wait to be accepted, where nobody has asked for it a second later. Default: the process warns. */
  readonly warn?: ((text: string) => void) | undefined;
}

/** A tool that an admin has to look at. */
export interface WaitingTool {
  readonly server: string;
  readonly tool: string;
  /** The actions that it is stopped for. */
  readonly actions: readonly string[];
  readonly fingerprint: string;
  readonly isNew: boolean;
  /** What is other than it was accepted, a line each. */
  readonly differences: readonly string[];
  readonly description: string;
  /** All that its server says of it; what was secret in it is masked. */
  readonly definition: Tool;
}

export interface Waiting {
  readonly tools: readonly WaitingTool[];
  /** Servers that could not be asked, and why. */
  readonly unreachable: readonly { readonly server: string; readonly why: string }[];
}

interface AcceptedBy {
  readonly principal: string;
  readonly tenant?: string | undefined;
  /** ISO 8601 UTC. */
  readonly at: string;
}

export interface McpConnection {
  readonly actions: readonly Action[];
  /** Asks every server what it offers now. */
  waiting(): Promise<Waiting>;
  /**
   * Writes into the lock file what {@link McpConnection.waiting} found. The actions of this connection stay as they are.
   * @throws HoldpointError `storage`
   */
  accept(tools: readonly WaitingTool[], by: AcceptedBy): void;
  /** Ends the servers that were started. */
  close(): Promise<void>;
}

/** So long nobody is told that tools wait, in milliseconds: a command may be about to show them. */
const TOLD_MS = 1000;

interface Opened {
  readonly config: ServerConfig;
  readonly server: McpServer;
  readonly accepted: Readonly<Record<string, Accepted>>;
}

/**
 * Opens the servers that a file names. Those with accepted tools are started when they are needed; others are asked
 * now, for a bounded time, what they offer. One that cannot be reached has no say in what the others do.
 * @throws HoldpointError `usage` that names file, place and value when the file or the lock file does not fit
 */
export async function connectMcp(options: McpOptions): Promise<McpConnection> {
  const file = resolve(options.file);
  const lock = resolve(options.lock ?? `${dirname(file)}/mcp.lock.json`);
  const log = options.log ?? debuglog("holdpoint-mcp");
  const { servers } = readLock(lock);
  const configs = readMcpConfig(file, options.environment ?? process.env);
  // The client of MCP takes time to load, which programs without servers are spared.
  const { createServer } = await import("./server.ts");
  const opened = configs.map((config): Opened => {
    const server = createServer({ config, secrets: createSecrets(config.secrets), log });
    return { config, server, accepted: servers[config.name] ?? {} };
  });
  const seen = new Map<string, Tool>();
  const told: string[] = [];
  let telling: NodeJS.Timeout | undefined;
  const close = async () => {
    clearTimeout(telling);
    await closeServers();
  };
  const closeServers = async () => void (await Promise.all(opened.map(({ server }) => server.close())));
  try {
    const actions = (await Promise.all(opened.map((one) => actionsOf(one, told)))).flat();
    if (told.length > 0) telling = setTimeout(() => (options.warn ?? warn)(told.join(" ")), TOLD_MS).unref();
    return {
      actions,
      close,
      waiting: () => {
        clearTimeout(telling); // whoever asks is told
        return waitingIn(opened, seen);
      },
      accept: (tools, by) => accept(lock, seen, tools, by),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param told gets what whoever runs the system should know */
async function actionsOf(opened: Opened, told: string[]): Promise<Action[]> {
  const { config, accepted } = opened;
  const known = Object.keys(accepted);
  const offered = known.length > 0 ? known : await offeredNow(opened, told);
  const names = [...new Set([...offered, ...declaredTools(config)])].filter(
    (name) => !config.settings.hide.includes(name),
  );
  return names.flatMap((tool) =>
    uses(config, tool).map(({ name, declaration }) => actionOf(opened, tool, name, declaration)),
  );
}

async function offeredNow({ config, server }: Opened, told: string[]): Promise<string[]> {
  try {
    const tools = [...(await server.tools()).keys()].filter((name) => !config.settings.hide.includes(name));
    told.push(
      `${tools.length} tools of the MCP server "${config.name}" wait to be accepted: ${acceptCommand("--all")}.`,
    );
    return tools;
  } catch (error) {
    told.push(`${explainError(error)} None of its tools was accepted yet.`);
    return [];
  }
}

const declaredTools = ({ settings }: ServerConfig): string[] =>
  Object.entries(settings.actions).map(([key, { tool }]) => tool ?? key);

/** The actions that a tool becomes: those that are declared of it, otherwise one of its own name. */
function uses({ name: server, settings }: ServerConfig, tool: string): { name: string; declaration: Declaration }[] {
  const declared = Object.entries(settings.actions).filter(([key, one]) => (one.tool ?? key) === tool);
  // The name may be that of a declaration of another tool.
  const free = Object.hasOwn(settings.actions, tool) ? `${tool}.tool` : tool;
  if (declared.length === 0) return [{ name: actionName(server, free), declaration: SILENT }];
  return declared.map(([key, declaration]) => ({ name: actionName(server, key), declaration }));
}

const MAX_NAME = 64;

/** A name that an action may have; other characters are replaced, and what is then too long, or ambiguous, is marked. */
function actionName(server: string, tool: string): string {
  const name = `${server}__${tool.replaceAll(/[^\w.-]/g, "_")}`;
  if (name.length <= MAX_NAME && name === `${server}__${tool}`) return name;
  return `${name.slice(0, MAX_NAME - 9)}_${digestOf({ tool }).slice(0, 8)}`;
}

function actionOf({ config, server, accepted }: Opened, tool: string, name: string, declaration: Declaration): Action {
  const known = Object.hasOwn(accepted, tool) ? accepted[tool] : undefined;
  if (!known) {
    return stoppedAction(
      name,
      `The tool "${tool}" of "${config.name}" was never accepted. An admin looks at it and accepts it: ${acceptCommand(name)}`,
    );
  }
  const guarded = gated(server, accepted, (other) => uses(config, other)[0]?.name ?? other);
  try {
    const { trusted } = config.settings;
    const place = wholePlaceOf(config);
    return toolAction({ name, server: guarded, place, accepted: known.definition, declaration, trusted });
  } catch (error) {
    // One tool that cannot be had must not take everything else down.
    if (error instanceof HoldpointError) return stoppedAction(name, explainError(error));
    throw error;
  }
}

async function waitingIn(opened: readonly Opened[], seen: Map<string, Tool>): Promise<Waiting> {
  const tools: WaitingTool[] = [];
  const unreachable: { server: string; why: string }[] = [];
  const asked = opened.map(async ({ server, config, accepted }) => {
    try {
      for (const tool of (await server.tools()).values()) {
        const known = Object.hasOwn(accepted, tool.name) ? accepted[tool.name] : undefined;
        const fingerprint = toolFingerprint(tool);
        if (config.settings.hide.includes(tool.name) || known?.fingerprint === fingerprint) continue;
        seen.set(fingerprint, tool);
        const actions = uses(config, tool.name).map(({ name }) => name);
        const about = { actions, fingerprint, isNew: !known, differences: differences(known, tool) };
        tools.push({
          server: config.name,
          tool: tool.name,
          ...about,
          description: tool.description ?? "",
          definition: tool,
        });
      }
    } catch (error) {
      unreachable.push({ server: config.name, why: explainError(error) });
    }
  });
  await Promise.all(asked);
  return { tools, unreachable };
}

function accept(
  lock: string,
  seen: ReadonlyMap<string, Tool>,
  tools: readonly WaitingTool[],
  { principal, tenant, at }: AcceptedBy,
): void {
  for (const server of new Set(tools.map((tool) => tool.server))) {
    const entries = tools
      .filter((tool) => tool.server === server)
      .flatMap(({ tool, fingerprint }): [string, Accepted][] => {
        const definition = seen.get(fingerprint);
        const by = { acceptedBy: principal, ...(tenant === undefined ? {} : { acceptedIn: tenant }), acceptedAt: at };
        return definition ? [[tool, { fingerprint, ...by, definition }]] : [];
      });
    writeLock(lock, server, Object.fromEntries(entries));
  }
}
