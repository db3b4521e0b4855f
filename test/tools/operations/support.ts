/** Real operations in temporary folders, and calls of their actions. */
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { Change, Effect } from "../../../src/domain/proposal.ts";
import type { Action, AnyWrite, PreviewContext } from "../../../src/tools/action.ts";
import { type OfficeOptions, openOffice } from "../../../src/tools/office/index.ts";
import { type OperationsSettings, openOperations } from "../../../src/tools/operations/index.ts";
import { createRegistry } from "../../../src/tools/registry.ts";
import { openStore, storeActions } from "../../../src/tools/store/index.ts";
import { tempDir } from "../../support/temp.ts";

/** A Sunday. */
const NOW = "2026-11-22T15:00:00.000Z";

/** Operations beside a store and an office, with a folder of their own. */
export function newOperations(settings: OperationsSettings & { office?: OfficeOptions; home?: string } = {}) {
  const { office: mail = {}, home = tempDir(), ...own } = settings;
  const store = openStore(join(home, "store.db"));
  const office = openOffice({ home, timeZone: "UTC", address: "office@example.com", ...mail });
  const operations = openOperations({ home, store: () => store, office }, own);
  onTestFinished(() => {
    operations.close();
    office.close();
    store.close();
  });
  const registry = createRegistry([...operations.actions, ...storeActions(store)]);
  const read = async (name: string, args: JsonObject, given: Partial<PreviewContext> = {}) => {
    const action = registry.getRead(name);
    return await action.run(parse(action, args), contextOf("", given));
  };
  const write = (name: string) => writeOf(registry.getWrite(name));
  const stockOf = (item: string) =>
    store.snapshot(["inventory"])[0]?.rows.find(({ item_id: id }) => id === item)?.quantity_in_stock;
  return { home, store, office, operations, read, write, stockOf, snapshot: () => operations.snapshot("acme") };
}

function writeOf(action: AnyWrite) {
  const run = async (args: JsonObject, key = "key-1", given: Partial<PreviewContext> = {}) =>
    await action.run(parse(action, args), contextOf(key, given));
  return {
    action,
    preview: async (args: JsonObject, given: Partial<PreviewContext> = {}): Promise<Change[]> => {
      const parsed = parse(action, args);
      const context = contextOf("", given);
      return await action.preview((await action.prepare?.(parsed, context)) ?? parsed, context);
    },
    run,
    /** Runs it, and gives the effect that the ledger would have recorded. */
    done: async (args: JsonObject, key = "key-1", given: Partial<PreviewContext> = {}): Promise<Effect> =>
      effectOf(action, key, { args, ...(await run(args, key, given)) }),
    effect: (key: string, args: JsonObject) => effectOf(action, key, { args }),
    lookup: async (key = "key-1", given: Partial<PreviewContext> = {}) =>
      await action.lookup?.(key, contextOf(key, given)),
    undo: async (effect: Effect, given: Partial<PreviewContext> = {}) =>
      await action.undo?.(effect, contextOf(`${effect.key}:undo`, given)),
    movedOn: async (effect: Effect) => await action.movedOn?.(effect, contextOf(effect.key)),
  };
}

function parse(action: Action, args: JsonObject): unknown {
  const parsed = action.input.safeParse(args);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
}

function contextOf(idempotencyKey: string, given: Partial<PreviewContext> = {}): PreviewContext {
  const signal = new AbortController().signal;
  return { tenant: "acme", principal: "ann", idempotencyKey, signal, now: NOW, staged: [], ...given };
}

function effectOf(action: AnyWrite, key: string, given: Partial<Effect>): Effect {
  return {
    ...{ key, runId: "run-1", proposalId: "proposal-1", position: 0, step: "s1", action: action.name },
    ...{ version: action.version, args: {}, status: "succeeded", attempts: 1, undoData: null, output: null },
    ...{ changes: [], note: null, createdAt: NOW, ...given },
  };
}
