/** Actions that go as a script says, and write down what is called. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ActionFailure } from "../../src/errors.ts";
import { type Action, defineAction } from "../../src/tools/action.ts";
import type { CallSettings } from "../../src/tools/call-settings.ts";
import { smallImpact } from "./ledger.ts";

/** How a step goes; without a script, at once and well. */
export interface Script {
  /** So many calls fail before one succeeds, knowing that nothing happened. */
  fails?: number;
  /** A write whose preview says no. */
  isImpossible?: boolean;
  delayMs?: number;
  /** Its output is `{ id, n }`. Default: 1. */
  n?: number;
  /** What else happens while it runs. */
  meanwhile?: () => Promise<unknown>;
}

export interface LogEntry {
  readonly id: string;
  readonly what: "began" | "failed" | "ended" | "undone";
}

/**
 * `look`, a read, and `put`, a write, of `{ id }`, with any `seen`; `send` is a `put` that cannot be undone.
 * @param settings of all of them
 */
export function createScripted(settings: CallSettings = {}) {
  let scripts: Readonly<Record<string, Script>> = {};
  const log: LogEntry[] = [];
  const input = z.strictObject({ id: z.string(), seen: z.unknown().optional() });
  const output = z.object({ id: z.string(), n: z.number() });
  const call = { breaker: false as const, retry: { attempts: 1, pauseMs: 1, maxPauseMs: 2 }, ...settings };
  const go = async ({ id }: { id: string }) => {
    log.push({ id, what: "began" });
    const { fails = 0, delayMs = 0, n = 1, meanwhile } = scripts[id] ?? {};
    if (delayMs > 0) await sleep(delayMs);
    await meanwhile?.();
    const isFailure = log.filter((entry) => entry.id === id && entry.what === "failed").length < fails;
    log.push({ id, what: isFailure ? "failed" : "ended" });
    if (isFailure) throw new ActionFailure("failed", `${id} did not want to.`);
    return { id, n };
  };
  const summarize = (_args: unknown, { id }: { id: string }) => `Did ${id}.`;
  const look = defineAction({
    ...{ kind: "read", name: "look", version: 1, title: "Look", description: "Looks.", ...call },
    ...{ input, output, run: go, summarize },
  });
  const put = defineAction({
    ...{ kind: "write", name: "put", version: 1, title: "Put", description: "Puts.", ...call },
    ...{ input, output, summarize, reversibility: "reversible", impact: () => ({ ...smallImpact, resources: [] }) },
    preview: async ({ id }) => {
      if (scripts[id]?.isImpossible) throw new ActionFailure("insufficient_stock", `${id} cannot be.`);
      return [{ table: "things", key: id, before: null, after: { id } }];
    },
    run: async (args: { id: string }) => ({ output: await go(args), changes: [] }),
    undo: async ({ args }) => {
      log.push({ id: String(args.id), what: "undone" });
      return `Took ${args.id} back.`;
    },
  });
  const actions: Action[] = [look, put, { ...put, name: "send", reversibility: "irreversible" }];
  return {
    actions,
    log,
    /** Begins anew, with other scripts. */
    play: (next: Readonly<Record<string, Script>>) => {
      scripts = next;
      log.length = 0;
    },
    began: () => log.filter(({ what }) => what === "began").map(({ id }) => id),
  };
}
