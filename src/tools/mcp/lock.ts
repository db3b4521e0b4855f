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

/** What is other than it was accepted, a line for each part. */
export function differences(before: Accepted | undefined, now: Tool): string[] {
  if (!before) return ["it was never accepted"];
  const old = before.definition as JsonObject;
  const fresh = now as unknown as JsonObject;
  const parts = ["title", "description", "inputSchema", "outputSchema", "annotations"];
  return parts.flatMap((part) => changed(part, old[part], fresh[part]));
}

const MAX_LINES = 40;

/** By lines, so that a small change in a long schema can be seen. */
function changed(part: string, before: unknown, after: unknown): string[] {
  const linesOf = (value: unknown) =>
    value === undefined ? [] : (typeof value === "string" ? value : JSON.stringify(value, null, 1)).split("\n");
  const [old, fresh] = [linesOf(before), linesOf(after)];
  if (old.join("\n") === fresh.join("\n")) return [];
  const gone = old.filter((line) => !fresh.includes(line)).map((line) => `${part} - ${line.trim()}`);
  const come = fresh.filter((line) => !old.includes(line)).map((line) => `${part} + ${line.trim()}`);
  const lines = [...gone, ...come];
  if (lines.length === 0) return [`${part}: the same lines in another order`];
  return lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), `${part}: ${lines.length} lines in all`] : lines;
}
