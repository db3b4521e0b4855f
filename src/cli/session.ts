/** What every command shares: who calls, how output goes out, and the databases for the time that it runs. */
import { userInfo } from "node:os";
import { parse, relative } from "node:path";
import type { RunControl } from "@langchain/langgraph";
import { type Config, readConfig, type ServerConfig } from "../config.ts";
import type { ProgressEvent } from "../domain/progress.ts";
import type { Identity } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { DEVELOPMENT_IDENTITY } from "../nodes/deps.ts";
import { toPrincipal } from "../policy/principals.ts";
import { createRuntime, type StoreRuntime } from "../runtime.ts";
import { createLog, type LogLevel } from "../telemetry/log.ts";
import { maskText } from "../telemetry/mask.ts";
import type { Stop } from "../work/stop.ts";
import { openLive, type Screen } from "./live.ts";

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
  readonly runtime: StoreRuntime;
  readonly identity: Identity;
  readonly surroundings: Surroundings;
  readonly control?: RunControl;
  readonly onProgress?: (event: ProgressEvent) => void;
  readonly json: boolean;
  /** Where the playbooks are that the environment names. */
  readonly playbooks: readonly string[];
  /** Where the HTTP actions are that the environment names. */
  readonly httpActions: string | undefined;
  readonly server: ServerConfig & Pick<Config, "auth" | "tokens">;
  /** How the caller would type a further command of Holdpoint. */
  command(rest: string): string;
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

/** Opens the databases, runs the command, and closes them whatever happens. */
export async function withSession(
  given: Surroundings,
  options: SessionOptions,
  work: (session: Session) => Promise<number>,
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
    const command = (rest: string) => `${start} ${rest}${end}`;
    const control = surroundings.stop?.control;
    return await work({
      runtime,
      identity,
      surroundings,
      ...(control ? { control } : {}),
      ...(onProgress ? { onProgress } : {}),
      json: options.json ?? false,
      playbooks: config.playbooks === undefined ? [] : [config.playbooks],
      httpActions: config.http?.path,
      server: {
        ...config.server,
        ...(config.auth ? { auth: config.auth } : {}),
        ...(config.tokens ? { tokens: config.tokens } : {}),
      },
      command,
    });
  } finally {
    ended.abort();
    clear();
    await runtime.close();
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
): Promise<{ surroundings: Surroundings; onProgress?: (event: ProgressEvent) => void; clear(): void }> {
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
  return environment.npm_lifecycle_event === "start" ? "npm start --" : "node src/cli/main.ts";
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
