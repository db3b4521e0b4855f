/** Real offices in temporary folders, and contexts to act in. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { Change, Effect } from "../../../src/domain/proposal.ts";
import type { AnyRead, AnyWrite, PreviewContext } from "../../../src/tools/action.ts";
import { type OfficeOptions, openOffice } from "../../../src/tools/office/index.ts";
import { createRegistry } from "../../../src/tools/registry.ts";
import { tempDir } from "../../support/temp.ts";

/** A Sunday. */
export const NOW = "2026-11-22T15:00:00.000Z";

/** The tenant of these tests is not "default". */
const DEFAULTS = { timeZone: "Europe/Berlin", address: "office@example.com", caldavShared: true };

/** An office in Berlin with a folder of its own. */
export function newOffice(options: OfficeOptions = {}) {
  const home = options.home ?? tempDir();
  const office = openOffice({ home, ...DEFAULTS, ...options });
  onTestFinished(() => office.close());
  const registry = createRegistry(office.actions);
  const read = async (name: string, args: JsonObject, given: Partial<PreviewContext> = {}) => {
    const action: AnyRead = registry.getRead(name);
    return await action.run(parse(action, args), contextOf("", given));
  };
  const write = (name: string) => writeOf(registry.getWrite(name));
  return { home, office, read, ...writes(write) };
}

function writes(write: (name: string) => ReturnType<typeof writeOf>) {
  return {
    create: write("create_event"),
    update: write("update_event"),
    cancel: write("cancel_event"),
    send: write("send_email"),
  };
}

function writeOf(action: AnyWrite) {
  return {
    action,
    preview: async (args: JsonObject, given: Partial<PreviewContext> = {}): Promise<Change[]> =>
      await action.preview(parse(action, args), contextOf("", given)),
    prepare: async (args: JsonObject, given: Partial<PreviewContext> = {}): Promise<JsonObject> =>
      (await action.prepare?.(parse(action, args), contextOf("", given))) ?? args,
    run: async (args: JsonObject, key = "key-1", given: Partial<PreviewContext> = {}) =>
      await action.run(parse(action, args), contextOf(key, given)),
    lookup: async (key = "key-1", given: Partial<PreviewContext> = {}) =>
      await action.lookup?.(key, contextOf(key, given)),
    undo: async (effect: Effect, given: Partial<PreviewContext> = {}) =>
      await action.undo?.(effect, contextOf(`${effect.key}:undo`, given)),
    movedOn: async (effect: Effect) => await action.movedOn?.(effect, contextOf(effect.key)),
    effect: (args: JsonObject, key = "key-1", changes: Change[] = []) => effectOf(action, { key, args, changes }),
  };
}

function parse(action: AnyRead | AnyWrite, args: JsonObject): unknown {
  const parsed = action.input.safeParse(args);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
}

function contextOf(idempotencyKey: string, given: Partial<PreviewContext> = {}): PreviewContext {
  const signal = new AbortController().signal;
  return { tenant: "acme", principal: "ann", idempotencyKey, signal, now: NOW, staged: [], ...given };
}

function effectOf(
  action: AnyWrite,
  { key, args, changes }: { key: string; args: JsonObject; changes: Change[] },
): Effect {
  return {
    ...{ key, runId: "run-1", proposalId: "proposal-1", position: 0, step: "s1", action: action.name },
    ...{ version: action.version, args, status: "succeeded", attempts: 1, undoData: null, output: null, changes },
    ...{ note: null, createdAt: NOW },
  };
}

/** The texts of the files in a folder of the office's. */
export function filesIn(home: string, folder: "calendar" | "outbox"): string[] {
  try {
    return readdirSync(join(home, folder)).map((name) => readFileSync(join(home, folder, name), "utf8"));
  } catch {
    return [];
  }
}

/** An hour on the Tuesday after {@link NOW}, in Berlin. */
export const TUESDAY = {
  title: "Review",
  start: "2026-11-24T13:00:00+01:00",
  end: "2026-11-24T14:00:00+01:00",
  people: ["bob@example.com"],
};
