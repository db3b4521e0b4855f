/** What every command shares: who calls, how output goes out, and the databases for the time that it runs. */
import { userInfo } from "node:os";
import { parse, relative } from "node:path";
import { createClient } from "../client/index.ts";
import { type Config, type RemoteConfig, readConfig, type ServerConfig } from "../config.ts";
import type { Identity } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { DEVELOPMENT_IDENTITY } from "../nodes/deps.ts";
import { toPrincipal } from "../policy/principals.ts";
import { createRuntime, type StoreRuntime } from "../runtime.ts";
import { createLog, type LogLevel } from "../telemetry/log.ts";
import { maskText } from "../telemetry/mask.ts";
import type { Stop } from "../work/stop.ts";
import type { Backend, OnProgress } from "./backend.ts";
import { openLive, type Screen } from "./live.ts";
import { localBackend } from "./local-backend.ts";
import { remoteBackend } from "./remote-backend.ts";

/** The world around a command. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** True when a person can be asked: input and output are a terminal. */
  readonly interactive: boolean;
  /** Tells that a signal asked the process to stop. */
  readonly stop?: Stop;
  /** Standard output. */
  write(text: string): void;
  /** Waits until whoever reads standard output has taken what was written. */
  drained?(): Promise<void>;
  /** Where progress goes; left out, nothing is told of it. */
  readonly screen?: Screen;
  /** Standard error. */
  writeError(text: string): void;
}

export interface Session {
  /** What does the work: this process, or a server. */
  readonly backend: Backend;
  /** What only this process has; absent where a server does the work. */
  readonly local?: Local;
  readonly surroundings: Surroundings;
  readonly json: boolean;
  /** How the caller would type a further command of Holdpoint. */
  command(rest: string): string;
}

/** The session of a command that is done here, wherever the rest is. */
export type LocalSession = Session & { readonly local: Local };

interface Local {
  readonly runtime: StoreRuntime;
  readonly identity: Identity;
  /** Where the playbooks are that the environment names. */
  readonly playbooks: readonly string[];
  /** Where the HTTP actions are that the environment names. */
  readonly httpActions: string | undefined;
  readonly server: ServerConfig & Pick<Config, "auth" | "tokens">;
}

export interface CommonOptions {
  json?: boolean;
  as?: string;
  /** Whose data; those of programs have names of their own. */
  tenant?: string;
}

export interface SessionOptions extends CommonOptions {
  /** The playbooks and HTTP actions of the environment are not read: whether they can be is the question. */
  checks?: boolean;
  /** The level of the log where the environment names none. Default: `silent`. */
  log?: LogLevel;
}

/** Runs a command where it is done: by the server that the environment names, or here. */
export async function withSession(
  given: Surroundings,
  options: SessionOptions,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const config = readConfig(given.environment);
  return config.remote
    ? await withServer(given, { ...options, ...config.remote }, work)
    : await withDatabases(given, options, work);
}

/** Runs a command that is done here, and says so where it could be expected elsewhere. */
export async function withLocalSession(
  given: Surroundings,
  options: SessionOptions,
  work: (session: LocalSession) => Promise<number>,
): Promise<number> {
  tellOfLocal(given);
  return await withDatabases(given, options, work);
}

/** Says that a command is done here, where the environment names a server. */
export function tellOfLocal({ environment, writeError }: Surroundings): void {
  if (!readConfig(environment).remote) return;
  writeError("This command is done on this machine, without the server of HOLDPOINT_URL.\n");
}

/** Opens the databases, runs the command, and closes them whatever happens. */
async function withDatabases(
  given: Surroundings,
  options: SessionOptions,
  work: (session: LocalSession) => Promise<number>,
): Promise<number> {
  const tenant = toTenant(options.tenant ?? DEVELOPMENT_IDENTITY.tenant);
  const identity = { tenant, principal: toPrincipal(options.as ?? loginName()) };
  const config = readConfig(given.environment);
  const { surroundings, onProgress, clear } = await withProgress(given, options);
  const ended = new AbortController();
  tellOfStop(surroundings, ended.signal);
  const office = config.office ?? {};
  // What ${NAME} stands for in the endpoints is of the same environment.
  const operations = { webhooks: config.webhooks, environment: given.environment };
  const log = createLog({ level: config.log ?? options.log ?? "silent", write: surroundings.writeError });
  const checked = options.checks ? { playbooks: [], httpActions: [] } : {};
  const runtime = await createRuntime(config, { office, operations, ...checked, log, environment: given.environment });
  try {
    const start = `${homePrefix(config.home)}${programName(surroundings.environment)}`;
    const end = tenant === DEVELOPMENT_IDENTITY.tenant ? "" : ` --tenant ${tenant}`;
    const control = surroundings.stop?.control;
    const caller = { identity, ...(control ? { control } : {}), ...(onProgress ? { onProgress } : {}) };
    const { auth, tokens } = config;
    return await work({
      backend: localBackend(runtime, caller),
      local: {
        runtime,
        identity,
        playbooks: config.playbooks === undefined ? [] : [config.playbooks],
        httpActions: config.http?.path,
        server: { ...config.server, ...(auth ? { auth } : {}), ...(tokens ? { tokens } : {}) },
      },
      surroundings,
      json: options.json ?? false,
      command: (rest) => `${start} ${rest}${end}`,
    });
  } finally {
    ended.abort();
    clear();
    await runtime.close();
  }
}

type RemoteOptions = CommonOptions & RemoteConfig;

/** Runs the command by a server; no database is opened. */
async function withServer(
  given: Surroundings,
  options: RemoteOptions,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const { url, key, as, tenant, json = false } = options;
  const named = as !== undefined ? "--as" : tenant !== undefined ? "--tenant" : undefined;
  if (named !== undefined) {
    throw new HoldpointError(
      "usage",
      `${named} says nothing to a server: who calls, and of which tenant, is in the key.`,
      {
        hint: "Leave it out, and set HOLDPOINT_KEY to a key of whoever is meant.",
      },
    );
  }
  const { surroundings, onProgress, clear } = await withProgress(given, options);
  const client = createClient({ url, ...(key === undefined ? {} : { key }) });
  const signal = surroundings.stop?.signal;
  try {
    const start = `HOLDPOINT_URL=${quoteForShell(client.url)} ${programName(surroundings.environment)}`;
    const told = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
    return await work({
      backend: remoteBackend(client, told),
      surroundings,
      json,
      command: (rest) => `${start} ${rest}`,
    });
  } finally {
    clear();
  }
}

/** After so long, in milliseconds, a command that was asked to stop says that it is about to. */
const STOPPING_MS = 500;

/** What is in flight is awaited, such as a model that thinks: whoever pressed Ctrl-C is told so. */
function tellOfStop({ stop, writeError }: Surroundings, ended: AbortSignal): void {
  const tell = () => {
    if (!ended.aborted) writeError("Stopping once what is under way has ended; Ctrl-C again ends it at once.\n");
  };
  stop?.signal.addEventListener("abort", () => setTimeout(tell, STOPPING_MS).unref(), { signal: ended });
}

/** Progress is told of while a command is under way, and taken away before anything else is written. */
async function withProgress(
  surroundings: Surroundings,
  { json }: CommonOptions,
): Promise<{ surroundings: Surroundings; onProgress?: OnProgress; clear(): void }> {
  const { screen, environment, write, writeError } = surroundings;
  if (!screen || json) return { surroundings, clear: () => undefined };
  const live = await openLive(screen, { term: environment.TERM, writeLine: writeError });
  const after = (print: (text: string) => void) => (text: string) => {
    live.clear();
    print(text);
  };
  return {
    surroundings: { ...surroundings, write: after(write), writeError: after(writeError) },
    onProgress: live.show,
    clear: live.clear,
  };
}

/** @throws HoldpointError `usage` */
function toTenant(given: string): string {
  if (/^[A-Za-z0-9._-]{1,100}$/.test(given)) return given;
  throw new HoldpointError("usage", `"${maskText(given).slice(0, 120)}" is no name of a tenant.`, {
    hint: "Expected 1 to 100 letters, digits, dots, dashes and underscores.",
  });
}

/** Some machines run processes for users without a name. */
function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return DEVELOPMENT_IDENTITY.principal;
  }
}

function programName(environment: Surroundings["environment"]): string {
  if (import.meta.url.endsWith(".js")) return "npx holdpoint"; // installed as a package
  return environment.npm_lifecycle_event === "start" ? "npm start --" : "node src/cli/main.js";
}

/** A folder other than the default has to be named again. */
function homePrefix(home: string): string {
  const shown = relative(process.cwd(), home);
  if (shown === ".holdpoint") return "";
  const path = shown.startsWith("..") || parse(shown).root !== "" ? home : shown;
  return `HOLDPOINT_HOME=${quoteForShell(path)} `;
}

/** A word as a POSIX shell reads it back. */
function quoteForShell(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
