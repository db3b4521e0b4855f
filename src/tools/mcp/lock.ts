/**
 * Which tools an admin has accepted, and as what: `mcp.lock.json` beside the file that names the servers. A tool's
 * description and schemas are words of its server that models read; they count only as they were accepted.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { digestOf, type JsonObject } from "../../domain/json.ts";
import { HoldpointError } from "../../errors.ts";
import type { Tool } from "./server.ts";

const AcceptedSchema = z.strictObject({
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  acceptedBy: z.string(),
  /** The tenant that whoever accepted it belongs to. */
  acceptedIn: z.string().optional(),
  /** ISO 8601 UTC. */
  acceptedAt: z.string(),
  definition: z.looseObject({
    name: z.string(),
    title: z.string().optional(),
    description: z.string().optional(),
    inputSchema: z.record(z.string(), z.unknown()),
    outputSchema: z.record(z.string(), z.unknown()).optional(),
    annotations: z
      .looseObject({
        readOnlyHint: z.boolean().optional(),
        destructiveHint: z.boolean().optional(),
        idempotentHint: z.boolean().optional(),
      })
      .optional(),
  }),
});
export type Accepted = z.infer<typeof AcceptedSchema>;

const LockSchema = z.strictObject({
  version: z.literal(1),
  servers: z.record(z.string(), z.record(z.string(), AcceptedSchema)),
});
type Lock = z.infer<typeof LockSchema>;

/** The digest of all that a server says of a tool. */
export const toolFingerprint = (tool: Tool): string => digestOf(tool);

/**
 * Each server's accepted tools, by their names; none where there is no file yet.
 * @throws HoldpointError `usage` when the file is none
 */
export function readLock(path: string): Lock {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { version: 1, servers: {} };
    throw unreadable(path, "it cannot be read");
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw unreadable(path, "it is no JSON");
  }
  const parsed = LockSchema.safeParse(content);
  const [issue] = parsed.error?.issues ?? [];
  if (!parsed.success) throw unreadable(path, `${issue?.path.join(".")}: ${issue?.message}`);
  for (const tools of Object.values(parsed.data.servers)) {
    for (const [name, { fingerprint, definition }] of Object.entries(tools)) {
      if (toolFingerprint(definition as unknown as Tool) === fingerprint) continue;
      throw unreadable(path, `what it holds of "${name}" was changed by hand`);
    }
  }
  return parsed.data;
}

const unreadable = (path: string, why: string) =>
  new HoldpointError("usage", `${path} does not fit: ${why}.`, {
    hint: "Restore it, or delete it and accept the tools again: `actions accept --all`.",
  });

/** Adds what was accepted to the file: as a whole, or not at all. @throws HoldpointError `storage` */
export function writeLock(path: string, server: string, accepted: Readonly<Record<string, Accepted>>): void {
  const lock = readLock(path);
  const servers = { ...lock.servers, [server]: { ...lock.servers[server], ...accepted } };
  const fresh = `${path}.${randomUUID()}`;
  try {
    writeFileSync(fresh, `${JSON.stringify({ version: 1, servers }, null, 2)}\n`, { mode: 0o644 });
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new HoldpointError("storage", `${path} cannot be written: ${(error as Error).message}.`, { cause: error });
  }
}

/** What is other than it was accepted, a line for each place, as in `inputSchema.properties.a.type: "string" -> "boolean"`. */
export function differences(before: Accepted | undefined, now: Tool): string[] {
  if (!before) return ["it was never accepted"];
  const old = before.definition as JsonObject;
  const fresh = now as unknown as JsonObject;
  const parts = ["title", "description", "inputSchema", "outputSchema", "annotations"];
  return parts.flatMap((part) => changed(part, old[part], fresh[part]));
}

const MAX_LINES = 1000;
/** Of one value, in characters: as long as a description may be, with what JSON escapes in it. */
const MAX_VALUE = 60_000;

function changed(part: string, before: unknown, after: unknown): string[] {
  const lines = changesAt(part, before, after);
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `${part}: ${lines.length} differences in all; the rest is not shown`];
}

/** By places, so that nothing can be hidden by words that stand elsewhere, too. */
function changesAt(path: string, before: unknown, after: unknown): string[] {
  if (isNode(before) && isNode(after) && Array.isArray(before) === Array.isArray(after)) {
    const [old, fresh] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
    const keys = [...new Set([...old.keys(), ...fresh.keys()])];
    return keys.flatMap((key) => changesAt(`${path}${placeIn(before, key)}`, old.get(key), fresh.get(key)));
  }
  const [old, fresh] = [shown(before), shown(after)];
  return old === fresh ? [] : [`${path}: ${cut(old)} -> ${cut(fresh)}`];
}

const isNode = (value: unknown): value is object => typeof value === "object" && value !== null;

function placeIn(node: object, key: string): string {
  if (Array.isArray(node)) return `[${key}]`;
  return /^[\w$-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

const shown = (value: unknown): string => (value === undefined ? "(none)" : JSON.stringify(value));
const cut = (text: string): string =>
  text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}… (${text.length} characters)` : text;
