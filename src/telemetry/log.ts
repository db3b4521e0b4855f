/**
 * The log: JSON lines on standard error, one for each thing that is told of the work. Every text in it is masked, and so
 * is whatever stands under the name of a secret, such as `authorization`, `cookie` or `x-api-key` (names.ts). It never
 * throws: what cannot be told does not stop the work.
 */
import { createRequire } from "node:module";
import type { pino as Pino } from "pino";
import type { Json, JsonObject } from "../domain/json.ts";
import { explainError } from "../errors.ts";
import { maskJson, maskText } from "./mask.ts";

export const LOG_LEVELS = ["silent", "error", "warn", "info"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Takes what is told of the work: fields that belong to it (`tenant`, `thread`, `run`, `request`), and one sentence. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Tells nobody. */
export const SILENT: Log = { info: ignore, warn: ignore, error: ignore };

function ignore(): void {}

/** How deep fields are read, and how many there are of one object; what goes beyond is left out. */
const MAX_DEPTH = 8;
const MAX_FIELDS = 100;
/** Set by the log itself: a field of the caller's of the same name gets another one. */
const OWN: ReadonlySet<string> = new Set(["level", "time", "msg"]);

/**
 * @param options `level`: the least that is told, default `info`; `write` takes each line, its end included, default:
 * standard error
 */
export function createLog(options: {
  readonly level?: LogLevel | undefined;
  readonly write?: ((line: string) => unknown) | undefined;
}): Log {
  const { level = "info", write = (line: string) => process.stderr.write(line) } = options;
  if (level === "silent") return SILENT;
  // It takes time to load: a program that has no log is spared it.
  const { pino } = createRequire(import.meta.url)("pino") as { pino: typeof Pino };
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (told: Json) => told }, // pino has one of its own, for errors as they are thrown
    },
    { write },
  );
  const at = (one: Exclude<LogLevel, "silent">) => (fields: object, message: string) => {
    if (!logger.isLevelEnabled(one)) return;
    try {
      logger[one](toldOf(fields), maskText(message));
    } catch {
      // A full disk, or a receiver that has gone.
    }
  };
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

function toldOf(fields: object): JsonObject {
  const masked = maskJson(plain(fields, 0)) as JsonObject;
  return Object.fromEntries(Object.entries(masked).map(([name, value]) => [OWN.has(name) ? `${name}_` : name, value]));
}

/** A value as JSON. Of an error its kind, message and code: its stack names files, and its further fields hold anything. */
function plain(value: unknown, depth: number): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Error) return errorOf(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value !== "object") return typeof value === "bigint" ? String(value) : null;
  if (depth >= MAX_DEPTH) return "[left out]";
  if (Array.isArray(value)) return value.slice(0, MAX_FIELDS).map((item) => plain(item, depth + 1));
  const entries = Object.entries(value).filter(([, field]) => field !== undefined && typeof field !== "function");
  return Object.fromEntries(entries.slice(0, MAX_FIELDS).map(([name, field]) => [name, plain(field, depth + 1)]));
}

function errorOf(error: Error): JsonObject {
  const { code } = error as { code?: unknown };
  return {
    ...{ type: error.name, message: explainError(error) },
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
  };
}
