/** The file that names MCP servers: `mcpServers` as other clients write it, and `holdpoint` for what is said of them. */
import { resolve } from "node:path";
import { z } from "zod";
import type { Json } from "../../domain/json.ts";
import type { HoldpointError } from "../../errors.ts";
import { faultsOf } from "../../policy/faults.ts";
import { readYaml } from "../../policy/yaml-file.ts";
import { kindOfField } from "../../telemetry/names.ts";
import { DeclarationSchema } from "./declaration.ts";
import { createSecrets } from "./secrets.ts";

const words = z.record(z.string(), z.string());

const StdioSchema = z.looseObject({
  transport: z.literal("stdio").optional(),
  type: z.literal("stdio").optional(),
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: words.default({}),
  cwd: z.string().min(1).optional(),
});
const HttpSchema = z.looseObject({
  transport: z.enum(["http", "streamable_http", "streamable-http"]).optional(),
  type: z.enum(["http", "streamable_http", "streamable-http"]).optional(),
  url: z.string().min(1),
  headers: words.default({}),
});

const serverName = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,30}$/, "expected a name such as files");

const ServerSettingsSchema = z.strictObject({
  trusted: z.boolean().default(false),
  startTimeoutMs: z.int().min(1).max(600_000).default(20_000),
  maxOutputBytes: z.int().min(1000).max(100_000_000).default(1_000_000),
  hide: z.array(z.string()).default([]),
  actions: z.record(z.string().min(1), DeclarationSchema).default({}),
});
type ServerSettings = z.infer<typeof ServerSettingsSchema>;

const FileSchema = z.looseObject({
  mcpServers: z.record(
    serverName,
    z.union([StdioSchema, HttpSchema], "expected a command, or the url of a server"),
    "expected `mcpServers:` with servers by their names",
  ),
  holdpoint: z.record(serverName, ServerSettingsSchema).default({}),
});

/** Where a server is, with every placeholder filled in: it holds secrets. */
type Target =
  | { readonly kind: "stdio"; command: string; args: string[]; env: Record<string, string>; cwd: string | undefined }
  | { readonly kind: "http"; url: URL; headers: Record<string, string> };

export interface ServerConfig {
  readonly name: string;
  readonly settings: ServerSettings;
  /** Values that must not be told. */
  readonly secrets: readonly string[];
  readonly target: Target;
}

/** Shorter values are no secrets that could be told from other text. */
const MIN_SECRET = 4;
const PASSED_APART = ["env", "headers", "url"];

/**
 * @param environment where the values of `${NAME}` are
 * @throws HoldpointError `usage` that names file, place, value and what was expected; never a secret
 */
export function readMcpConfig(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly ServerConfig[] {
  const file = readYaml(path, "docs/mcp.md");
  const parsed = FileSchema.safeParse(file.content);
  // What stands under mcpServers may be a secret: of that, values are not shown.
  if (!parsed.success) throw file.error(parsed.error.issues.flatMap((issue) => faultsAt(issue, file.content)));
  const { mcpServers, holdpoint } = parsed.data;
  for (const name of Object.keys(holdpoint)) {
    if (Object.hasOwn(mcpServers, name)) continue;
    throw file.error([
      { path: ["holdpoint", name], message: `there is no server "${name}" under mcpServers`, isName: true },
    ]);
  }
  return Object.entries(mcpServers).map(([name, server]) => {
    const secrets = new Set<string>();
    const filled = (text: string, ...at: string[]) =>
      text.replace(/\$\{([A-Z_][A-Z0-9_]*)\}/g, (_whole, variable: string) => {
        const value = environment[variable];
        if (value === undefined || value === "") {
          const message = `the environment variable ${variable} is not set`;
          throw file.error([{ path: ["mcpServers", name, ...at], message }]);
        }
        // A path among the arguments stands in every answer; what is handed over apart is there to be kept.
        const isSecret = PASSED_APART.includes(at[0] ?? "") || kindOfField(variable) !== undefined;
        if (isSecret && value.length >= MIN_SECRET) secrets.add(value);
        return value;
      });
    const named = (values: Record<string, string>, at: string) =>
      Object.fromEntries(
        Object.entries(values).map(([key, value]) => {
          const given = filled(value, at, key);
          if (kindOfField(key) !== undefined && given.length >= MIN_SECRET) addSecret(secrets, given);
          return [key, given];
        }),
      );
    const settings = holdpoint[name] ?? ServerSettingsSchema.parse({});
    const fail = (at: string, message: string) => file.error([{ path: ["mcpServers", name, at], message }]);
    const target =
      "command" in server ? stdio(server as Stdio, { filled, named }) : http(server as Http, { filled, named, fail });
    return { name, settings, secrets: [...secrets], target };
  });
}

type Stdio = z.infer<typeof StdioSchema>;
type Http = z.infer<typeof HttpSchema>;
interface Fill {
  filled(text: string, ...at: string[]): string;
  named(values: Record<string, string>, at: string): Record<string, string>;
}

function stdio({ command, args, env, cwd }: Stdio, { filled, named }: Fill): Target {
  return {
    kind: "stdio",
    command: filled(command, "command"),
    args: args.map((arg) => filled(arg, "args")),
    env: named(env, "env"),
    cwd: cwd === undefined ? undefined : resolve(filled(cwd, "cwd")),
  };
}

function http(
  { url, headers }: Http,
  { filled, named, fail }: Fill & { fail(at: string, message: string): HoldpointError },
): Target {
  const address = filled(url, "url");
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw fail("url", "expected an http or https address");
  }
  const parsed = new URL(address);
  if (parsed.username !== "" || parsed.password !== "") {
    throw fail("url", "expected an address without a name and a password; put them in headers");
  }
  if (parsed.protocol === "http:" && hasSecret(url, parsed) && !isLocal(parsed)) {
    throw fail("url", "expected https: what it holds behind the host would go over a line without encryption");
  }
  if (parsed.protocol === "http:" && Object.keys(headers).length > 0 && !isLocal(parsed)) {
    throw fail("url", "expected https: the headers would go over a line without encryption");
  }
  return { kind: "http", url: parsed, headers: named(headers, "headers") };
}

/** Whether something stands behind the host that is not for everybody. */
function hasSecret(written: string, { searchParams }: URL): boolean {
  const behind = written.replace(/^\w+:\/\/[^/?#]*/, "");
  return behind.includes("${") || [...searchParams.keys()].some((name) => kindOfField(name) === "secret");
}

const isLocal = ({ hostname }: URL): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);

/** Of `Bearer x`, `x` is the secret. */
function addSecret(secrets: Set<string>, value: string): void {
  secrets.add(value);
  const last = value.split(" ").at(-1) ?? "";
  if (last !== value && last.length >= MIN_SECRET) secrets.add(last);
}

function faultsAt(issue: z.core.$ZodIssue, content: unknown) {
  const meant = meantOf(issue);
  const error = new z.ZodError([meant]);
  return meant.path[0] === "mcpServers" ? faultsOf(error, undefined) : faultsOf(error, content);
}

/** Of alternatives, the one that got furthest. */
function meantOf(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const nested = issue.errors.flat().find((one) => one.path.length > 1);
  return nested ? meantOf({ ...nested, path: [...issue.path, ...nested.path] }) : issue;
}

/** Where a server is, for people, without anything secret. */
export const placeOf = ({ target }: Pick<ServerConfig, "target">): string =>
  target.kind === "http" ? target.url.origin : target.command;

/** The same as a whole: what is started with what, or the address; with secrets masked. */
export function wholePlaceOf({ target, secrets }: Pick<ServerConfig, "target" | "secrets">): Json {
  const { hide } = createSecrets(secrets);
  if (target.kind === "http") return { url: hide(target.url.href) };
  return { command: hide(target.command), args: hide(target.args), cwd: hide(target.cwd ?? null) };
}
