/** The environment, read once and frozen. */
import { resolve } from "node:path";
import { z } from "zod";
import { type PlanningMode, PlanningModeSchema } from "./domain/plan.ts";
import { HoldpointError } from "./errors.ts";
import { parseKey } from "./sealing.ts";
import { LOG_LEVELS, type LogLevel } from "./telemetry/log.ts";

/** An OpenAI-compatible endpoint, and which of its models plays which role. */
export interface ModelConfig {
  readonly apiKey: string;
  /** Another endpoint than OpenAI's own. */
  readonly baseUrl: string | undefined;
  readonly planner: string;
  readonly reviewer: string;
  readonly reflector: string;
  /** Default: the planner's. */
  readonly worker?: string;
  /** For one question to a model, its repeats included, in milliseconds. */
  readonly timeoutMs: number;
}

/** Which plans first: `playbooks` then the model, or the `model` alone. */
type Planning = "playbooks" | "model";

export interface Config {
  /** Encrypts what is stored; see {@link parseKey}. */
  readonly encryptionKey?: Buffer;
  /** Folder of the embedded databases, absolute. */
  readonly home: string;
  /** Absent without a key: playbooks plan, and no model reviews. */
  readonly models?: ModelConfig;
  readonly planning?: Planning;
  /** Whether a model's plan is steps, a program, or whichever fits. */
  readonly planningMode?: PlanningMode;
  /** A YAML file of playbooks, or a folder with such files, absolute. */
  readonly playbooks?: string;
  /** A file that names MCP servers, absolute. */
  readonly mcp?: string;
  /** A YAML file of rules, absolute. */
  readonly rulesFile?: string;
  /** Which writes a person is asked about: all, or those that no rule allows. */
  readonly approval?: "always" | "rules";
  /** Where notices are posted to. */
  readonly notifyUrl?: string;
  /** A YAML file of endpoints for events, absolute. */
  readonly events?: string;
  /** How many reads of a run may be under way at once. */
  readonly concurrency?: number;
  /** HTTP actions; absent without HOLDPOINT_HTTP_ACTIONS. */
  readonly http?: HttpConfig;
  /** What the environment says of the office; absent where it says nothing. */
  readonly office?: OfficeConfig;
  /** A YAML file of endpoints for webhooks, absolute. */
  readonly webhooks?: string;
  /** What is told of the work on standard error. */
  readonly log?: LogLevel;
  /** What the environment says of the HTTP server; absent where it says nothing. */
  readonly server?: ServerConfig;
  /** Whoever does not say who they are is refused by every server, on this machine too. */
  readonly auth?: "required";
  /** The server that commands are done by; absent for this process. */
  readonly remote?: RemoteConfig;
  /** Whose tokens servers take; absent for nobody's. */
  readonly tokens?: TokenSettings;
}

/** A server, for whoever calls it. */
export interface RemoteConfig {
  readonly url: string;
  /** An API key, or an issuer's token: a secret. */
  readonly key?: string;
}

/** The HTTP server. */
export interface ServerConfig {
  /** Origins whose pages may call it. */
  readonly origins?: readonly string[];
  /** Where people find it, without a slash at the end; for links. */
  readonly publicUrl?: string;
  /** How many requests each key may send in a minute. */
  readonly requestsPerMinute?: number;
}

/** An issuer of tokens, and what its tokens say where. */
export interface TokenSettings {
  /** As it stands in the claim `iss`. */
  readonly issuer: string;
  /** What has to be in the claim `aud`. */
  readonly audience: string;
  /** Of its JSON Web Key Set. */
  readonly jwksUrl: string;
  /** The claim that names the tenant; dots lead into a claim. */
  readonly tenantClaim: string;
  /** The claim that names roles: a list, or words. */
  readonly rolesClaim: string;
}

/** HTTP actions that are written as files. */
interface HttpConfig {
  /** A YAML file, or a folder with such files, absolute. */
  readonly path: string;
  /** Hosts with their ports that may be local and need no TLS. */
  readonly localHosts: readonly string[];
  /** By their names without `HOLDPOINT_SECRET_`. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The office's calendar and mail; what is absent has a default, and the servers are the embedded ones. */
interface OfficeConfig {
  readonly timeZone?: string;
  readonly address?: string;
  /** With name and password: a secret. */
  readonly smtpUrl?: string;
  /** With name and password: a secret. */
  readonly caldavUrl?: string;
  readonly caldavShared?: boolean;
}

/** An empty variable is one that is not set. */
const text = (schema: z.ZodType<string>) =>
  z.preprocess((value) => (typeof value === "string" && value.trim() === "" ? undefined : value), schema.optional());
const secretWord = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]+$/, "must be one word");
const modelName = z.string().trim().max(200);

/** A name and a password in an address are not sent by fetch, and would stand in its errors. */
const plainAddress = z
  .url({ protocol: /^https?$/, error: "must be an http or https address" })
  .refine((address) => new URL(address).username === "" && new URL(address).password === "", {
    error: "must be an address without a name and a password",
  });

/** Keys that came unprotected over a network could be anybody's. */
const isProtected = (address: string): boolean => {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
};
const protectedAddress = plainAddress.refine(isProtected, {
  error: "must be an https address, or one of this machine",
});

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

const originsIn = (list: string): string[] =>
  list
    .split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "");
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

const EnvironmentSchema = z.object({
  HOLDPOINT_HOME: text(z.string().trim()),
  HOLDPOINT_ENCRYPTION_KEY: text(z.string().trim()),
  HOLDPOINT_PLANNING: text(z.enum(["playbooks", "model"], "must be playbooks or model")),
  HOLDPOINT_PLANNING_MODE: text(z.enum(PlanningModeSchema.options, "must be auto, steps or program")),
  HOLDPOINT_PLAYBOOKS: text(z.string().trim()),
  HOLDPOINT_MCP: text(z.string().trim()),
  HOLDPOINT_HTTP_ACTIONS: text(z.string().trim()),
  HOLDPOINT_HTTP_LOCAL_HOSTS: text(z.string().trim()),
  HOLDPOINT_RULES: text(z.string().trim()),
  HOLDPOINT_APPROVAL: text(z.enum(["always", "rules"], "must be always or rules")),
  HOLDPOINT_NOTIFY_URL: text(plainAddress),
  HOLDPOINT_CONCURRENCY: text(z.string().regex(/^[1-9]\d{0,3}$/, "must be a number from 1 to 9999")),
  HOLDPOINT_TIME_ZONE: text(
    z.string().trim().refine(isTimeZone, { error: "must be the name of a time zone, such as Europe/Berlin" }),
  ),
  HOLDPOINT_MAIL_FROM: text(
    z
      .string()
      .trim()
      .max(254)
      .regex(/^[^\s@]+@[^\s@]+$/, "must be a mail address"),
  ),
  HOLDPOINT_WEBHOOKS: text(z.string().trim()),
  HOLDPOINT_EVENTS: text(z.string().trim()),
  HOLDPOINT_LOG: text(z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(", ")}`)),
  HOLDPOINT_ORIGINS: text(
    z
      .string()
      .trim()
      .refine((list) => originsIn(list).every(isOrigin), {
        error: "must be origins such as https://app.example.com, with commas between",
      }),
  ),
  HOLDPOINT_PUBLIC_URL: text(plainAddress),
  HOLDPOINT_REQUESTS_PER_MINUTE: text(z.string().regex(/^[1-9]\d{0,6}$/, "must be a number from 1 to 9999999")),
  HOLDPOINT_URL: text(plainAddress),
  HOLDPOINT_KEY: text(secretWord),
  HOLDPOINT_TOKEN: text(secretWord),
  HOLDPOINT_AUTH: text(z.enum(["required"], "must be required, or be left out")),
  HOLDPOINT_JWT_ISSUER: text(z.string().trim().max(1000)),
  HOLDPOINT_JWT_AUDIENCE: text(z.string().trim().max(1000)),
  HOLDPOINT_JWT_JWKS_URL: text(protectedAddress),
  HOLDPOINT_JWT_TENANT_CLAIM: text(z.string().trim().max(200)),
  HOLDPOINT_JWT_ROLES_CLAIM: text(z.string().trim().max(200)),
  SMTP_URL: text(z.url({ protocol: /^smtps?$/, error: "must be an smtp or smtps address" })),
  CALDAV_URL: text(z.url({ protocol: /^https?$/, error: "must be an http or https address" })),
  CALDAV_SHARED: text(z.enum(["true", "false"], "must be true or false")),
  OPENAI_API_KEY: text(z.string().trim().regex(/^\S+$/, "must be one word")),
  OPENAI_BASE_URL: text(z.url({ protocol: /^https?$/, error: "must be an http or https address" })),
  HOLDPOINT_MODEL: text(modelName),
  HOLDPOINT_PLANNER_MODEL: text(modelName),
  HOLDPOINT_REVIEWER_MODEL: text(modelName),
  HOLDPOINT_REFLECTOR_MODEL: text(modelName),
  HOLDPOINT_WORKER_MODEL: text(modelName),
  HOLDPOINT_MODEL_TIMEOUT_S: text(z.string().regex(/^[1-9]\d{0,3}$/, "must be a number of seconds from 1 to 9999")),
});
type Environment = z.infer<typeof EnvironmentSchema>;

const DEFAULT_MODEL = "gpt-5-mini";
/** The reviewer should be the stronger model. */
const DEFAULT_REVIEWER = "gpt-5";

/**
 * Reads the configuration from environment variables. Values are never part of an error: one of them is a secret.
 * @throws HoldpointError `usage` that names the variable that does not fit
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = EnvironmentSchema.safeParse(environment);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new HoldpointError("usage", `The environment variable ${String(issue?.path[0])} ${issue?.message}.`, {
      hint: "See .env.example.",
    });
  }
  const values = parsed.data;
  const planning = (values.HOLDPOINT_PLANNING ?? "playbooks") as Planning;
  const models = modelConfig(values);
  const key = values.HOLDPOINT_ENCRYPTION_KEY;
  if (planning === "model" && !models) {
    throw new HoldpointError("usage", "HOLDPOINT_PLANNING is model, but there is no OPENAI_API_KEY.", {
      hint: "Set the key, or leave HOLDPOINT_PLANNING out.",
    });
  }
  return Object.freeze({
    home: resolve(values.HOLDPOINT_HOME ?? ".holdpoint"),
    planning,
    ...(values.HOLDPOINT_PLANNING_MODE === undefined
      ? {}
      : { planningMode: values.HOLDPOINT_PLANNING_MODE as PlanningMode }),
    ...(values.HOLDPOINT_PLAYBOOKS === undefined ? {} : { playbooks: resolve(values.HOLDPOINT_PLAYBOOKS) }),
    ...(values.HOLDPOINT_MCP === undefined ? {} : { mcp: resolve(values.HOLDPOINT_MCP) }),
    ...(values.HOLDPOINT_RULES === undefined ? {} : { rulesFile: resolve(values.HOLDPOINT_RULES) }),
    ...(values.HOLDPOINT_APPROVAL === undefined ? {} : { approval: values.HOLDPOINT_APPROVAL as "always" | "rules" }),
    ...tellingConfig(values),
    ...(values.HOLDPOINT_CONCURRENCY === undefined ? {} : { concurrency: Number(values.HOLDPOINT_CONCURRENCY) }),
    ...httpConfig(values, environment),
    ...officeConfig(values),
    ...(values.HOLDPOINT_WEBHOOKS === undefined ? {} : { webhooks: resolve(values.HOLDPOINT_WEBHOOKS) }),
    ...serverConfig(values),
    ...authConfig(values),
    ...remoteConfig(values),
    ...(models ? { models } : {}),
    ...(key === undefined ? {} : { encryptionKey: parseKey(key) }),
  });
}

const SECRET = "HOLDPOINT_SECRET_";

function httpConfig(
  { HOLDPOINT_HTTP_ACTIONS: path, HOLDPOINT_HTTP_LOCAL_HOSTS: local }: Environment,
  environment: Readonly<Record<string, string | undefined>>,
): { http?: HttpConfig } {
  if (path === undefined) return {};
  const secrets = Object.entries(environment).flatMap(([name, value]) =>
    name.startsWith(SECRET) && value ? [[name.slice(SECRET.length), value]] : [],
  );
  const localHosts = (local ?? "").split(",").map((host) => host.trim());
  return {
    http: {
      path: resolve(path),
      localHosts: localHosts.filter((host) => host !== ""),
      secrets: Object.fromEntries(secrets) as Record<string, string>,
    },
  };
}

/** @throws HoldpointError `usage` when an issuer is named without an audience, or without an address for its keys */
function authConfig(values: Environment): Pick<Config, "auth" | "tokens"> {
  const { HOLDPOINT_JWT_ISSUER: issuer, HOLDPOINT_JWT_AUDIENCE: audience } = values;
  const auth = values.HOLDPOINT_AUTH === undefined ? {} : { auth: "required" as const };
  if (issuer === undefined) return auth;
  if (audience === undefined) {
    throw new HoldpointError("usage", "HOLDPOINT_JWT_ISSUER is set, but HOLDPOINT_JWT_AUDIENCE is not.", {
      hint: "Name the audience: the issuer's tokens for other programs are not for this one.",
    });
  }
  const jwksUrl = values.HOLDPOINT_JWT_JWKS_URL ?? `${issuer.replace(/\/+$/, "")}/.well-known/jwks.json`;
  if (!protectedAddress.safeParse(jwksUrl).success) {
    throw new HoldpointError("usage", "HOLDPOINT_JWT_ISSUER is no https address to get the issuer's keys from.", {
      hint: "Name where they are in HOLDPOINT_JWT_JWKS_URL.",
    });
  }
  const tenantClaim = values.HOLDPOINT_JWT_TENANT_CLAIM ?? "tenant";
  const rolesClaim = values.HOLDPOINT_JWT_ROLES_CLAIM ?? "roles";
  return { ...auth, tokens: Object.freeze({ issuer, audience, jwksUrl, tenantClaim, rolesClaim }) };
}

/** @throws HoldpointError `usage` when there are a key and a token */
function remoteConfig(values: Environment): { remote?: RemoteConfig } {
  const { HOLDPOINT_URL: url, HOLDPOINT_KEY: own, HOLDPOINT_TOKEN: token } = values;
  if (url === undefined) return {};
  if (own !== undefined && token !== undefined) {
    throw new HoldpointError("usage", "HOLDPOINT_KEY and HOLDPOINT_TOKEN are both set.", {
      hint: "Leave one of them out: each of them says who calls.",
    });
  }
  const key = own ?? token;
  return { remote: Object.freeze({ url, ...(key === undefined ? {} : { key }) }) };
}

function officeConfig(values: Environment): { office?: OfficeConfig } {
  const office = {
    ...(values.HOLDPOINT_TIME_ZONE === undefined ? {} : { timeZone: values.HOLDPOINT_TIME_ZONE }),
    ...(values.HOLDPOINT_MAIL_FROM === undefined ? {} : { address: values.HOLDPOINT_MAIL_FROM }),
    ...(values.SMTP_URL === undefined ? {} : { smtpUrl: values.SMTP_URL }),
    ...(values.CALDAV_URL === undefined ? {} : { caldavUrl: values.CALDAV_URL }),
    ...(values.CALDAV_SHARED === undefined ? {} : { caldavShared: values.CALDAV_SHARED === "true" }),
  };
  return Object.keys(office).length === 0 ? {} : { office: Object.freeze(office) };
}

/** Who is told of the work, and what. */
function tellingConfig(values: Environment): Pick<Config, "notifyUrl" | "events" | "log"> {
  const { HOLDPOINT_NOTIFY_URL: notifyUrl, HOLDPOINT_EVENTS: events, HOLDPOINT_LOG: log } = values;
  return {
    ...(notifyUrl === undefined ? {} : { notifyUrl }),
    ...(events === undefined ? {} : { events: resolve(events) }),
    ...(log === undefined ? {} : { log: log as LogLevel }),
  };
}

function serverConfig(values: Environment): { server?: ServerConfig } {
  const {
    HOLDPOINT_ORIGINS: origins,
    HOLDPOINT_PUBLIC_URL: publicUrl,
    HOLDPOINT_REQUESTS_PER_MINUTE: perMinute,
  } = values;
  const server = {
    ...(origins === undefined ? {} : { origins: originsIn(origins) }),
    ...(publicUrl === undefined ? {} : { publicUrl: publicUrl.replace(/\/+$/, "") }),
    ...(perMinute === undefined ? {} : { requestsPerMinute: Number(perMinute) }),
  };
  return Object.keys(server).length === 0 ? {} : { server: Object.freeze(server) };
}

function modelConfig(values: Environment): ModelConfig | undefined {
  const apiKey = values.OPENAI_API_KEY;
  if (apiKey === undefined) return undefined;
  const general = values.HOLDPOINT_MODEL;
  const planner = values.HOLDPOINT_PLANNER_MODEL ?? general ?? DEFAULT_MODEL;
  return Object.freeze({
    apiKey,
    baseUrl: values.OPENAI_BASE_URL,
    planner,
    reviewer: values.HOLDPOINT_REVIEWER_MODEL ?? general ?? DEFAULT_REVIEWER,
    reflector: values.HOLDPOINT_REFLECTOR_MODEL ?? general ?? DEFAULT_MODEL,
    worker: values.HOLDPOINT_WORKER_MODEL ?? planner,
    timeoutMs: Number(values.HOLDPOINT_MODEL_TIMEOUT_S ?? "60") * 1000,
  });
}
