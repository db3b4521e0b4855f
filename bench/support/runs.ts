/** Whole runs, through `createHoldpoint` on files of their own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { createHoldpoint, type Holdpoint, type HoldpointOptions, type PlaybookPlan } from "../../src/index.ts";
import { openSqliteLedger } from "../../src/ledger/database.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { DEVELOPMENT_IDENTITY } from "../../src/nodes/deps.ts";
import { type Action, defineAction } from "../../src/tools/action.ts";

export interface Bench {
  readonly holdpoint: Holdpoint;
  /** The path of its checkpoints. */
  readonly checkpoints: string;
  close(): Promise<void>;
}

export async function openBench({ settings, ...options }: HoldpointOptions & { settings?: object }): Promise<Bench> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-bench-"));
  if (settings) await setBefore(join(home, "ledger.db"), settings);
  const holdpoint = await createHoldpoint({ home, ...options });
  return {
    holdpoint,
    checkpoints: join(home, "checkpoints.db"),
    close: async () => {
      await holdpoint.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function setBefore(path: string, settings: object): Promise<void> {
  const ledger = await openSqliteLedger(path);
  await changeSettings(ledger, { ...DEVELOPMENT_IDENTITY, at: new Date().toISOString() }, settings);
  await ledger.destroy();
}

/** @param principal who calls; of each, only so many requests are taken within a minute */
export const at = (threadId: string, principal = "local") => ({
  configurable: { thread_id: threadId },
  context: { tenant: "default", principal },
});

/** Asks, and expects a successful end. @returns how many supersteps it took */
export async function runToEnd({ holdpoint }: Bench, threadId: string, request: string): Promise<number> {
  let supersteps = 0;
  let last: object = {};
  const stream = await holdpoint.stream({ request }, { ...at(threadId), streamMode: "updates" });
  for await (const update of stream) {
    supersteps += 1;
    last = update;
  }
  const said = JSON.stringify(last);
  if (!said.includes('"answer":{"status":"success"')) throw new Error(`It did not succeed: ${said}`);
  return supersteps;
}

/** A read that answers after so many milliseconds, without leaving the process. */
export function lookUp(latencyMs = 0): Action {
  return defineAction({
    kind: "read",
    name: "look_up",
    version: 1,
    title: "Look up",
    description: "Looks something up.",
    input: z.strictObject({ n: z.number() }),
    output: z.object({ n: z.number(), text: z.string() }),
    run: async ({ n }) => {
      if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
      return { n, text: "RESULT-OF-A-CALL" };
    },
    summarize: ({ n }) => `Looked up ${n}.`,
  }) as Action;
}

/** A plan of so many reads that need nothing of each other. */
export const sideBySide = (count: number): PlaybookPlan => ({
  steps: Array.from({ length: count }, (_, n) => ({
    ...{ id: `s${n + 1}`, title: `Look up number ${n + 1}`, action: "look_up", args: { n } },
  })),
});

/** A write, and the plan of it alone. */
export function setValue(): Action {
  return defineAction({
    kind: "write",
    name: "set_value",
    version: 1,
    title: "Set a value",
    description: "Sets a value.",
    input: z.strictObject({ key: z.string(), value: z.number() }),
    output: z.object({ value: z.number() }),
    reversibility: "reversible",
    preview: async ({ key, value }) => [{ table: "values", key, before: { value: 0 }, after: { value } }],
    run: async ({ key, value }) => ({
      output: { value },
      changes: [{ table: "values", key, before: { value: 0 }, after: { value } }],
    }),
    undo: async () => "It is 0 again.",
    summarize: ({ key }, { value }) => `${key} is ${value}.`,
  }) as Action;
}

export const oneWrite: PlaybookPlan = {
  steps: [{ id: "s1", title: "Set a to 1", action: "set_value", args: { key: "a", value: 1 } }],
};
