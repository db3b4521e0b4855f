/** A runtime with a worker's model, and steps that think. */

import type { JsonObject } from "../../src/domain/json.ts";
import { listReads, type ReadOutcome } from "../../src/ledger/reads.ts";
import type { StoreRuntime } from "../../src/runtime.ts";
import { startRequest, type ThreadView } from "../../src/work/threads.ts";
import { expectCall, json } from "../support/openai-server.ts";
import { clientOf } from "./openai/client.ts";
import type { OpenAIServer } from "./openai/server.ts";
import { alice, openTestRuntime, type PlannedStep } from "./runtime.ts";

type Options = Omit<NonNullable<Parameters<typeof openTestRuntime>[0]>, "models">;

/** The worker of a scripted server, and nobody else. */
export async function openThinking(server: OpenAIServer, options: Options = {}): Promise<StoreRuntime> {
  return await openTestRuntime({ ...options, models: { worker: clientOf(server, { model: "worker-model" }) } });
}

export const worker = (expected: Parameters<typeof expectCall>[0] = {}) =>
  expectCall({ model: "worker-model", ...expected });

/** What `compose` is answered. */
export const made = (result: unknown, missing: string[] = []) => json({ made: result, missing });

export const composing = (args: JsonObject, more: Partial<PlannedStep> = {}): PlannedStep => ({
  ...{ id: "s1", action: "compose", args: { instruction: "Write a greeting.", ...args } },
  ...more,
});

/** Runs a plan of these steps. */
export async function carryOut(
  server: OpenAIServer,
  steps: PlannedStep[],
  options: Options = {},
): Promise<{ runtime: StoreRuntime; view: ThreadView; reads: ReadOutcome[] }> {
  const runtime = await openThinking(server, { ...options, plans: { go: steps } });
  const view = await startRequest(runtime, alice, { request: "go" });
  return { runtime, view, reads: await listReads(runtime.ledger, "acme", view.run.id) };
}
