/** What the data is like, for a model that writes a program: some of what reads answer that say how to ask them. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { type Json, JsonObjectSchema } from "../domain/json.ts";
import { programStep } from "../domain/program.ts";
import type { Run } from "../domain/run.ts";
import { runRead } from "../execution/run-read.ts";
import { listReads, type ReadOutcome, readKey, recordReads } from "../ledger/reads.ts";
import type { Sample } from "../models/prompts/program.ts";
import type { Action, AnyRead } from "../tools/action.ts";
import { actorOf, type NodeDeps, signalOf, stampOf } from "./deps.ts";

/** The most reads that are asked, and rows of a list. */
const MAX_SAMPLES = 5;
const MAX_ITEMS = 3;

/**
 * Text from outside is never shown as a sample. What fails is left out: the program will hear of it. Each is asked once in
 * a run: whoever asks for another program, or goes on after a crash, takes what is recorded.
 */
export async function takeSamples(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  functions: ReadonlyMap<string, Action>,
): Promise<Sample[]> {
  const recorded = await listReads(deps.ledger, run.tenant, run.id);
  const samples: Sample[] = [];
  for (const [name, action] of functions) {
    if (action.kind !== "read" || action.sample === undefined || action.untrustedOutput) continue;
    if (samples.length === MAX_SAMPLES) break;
    const args = JsonObjectSchema.parse(action.sample);
    const call = { step: programStep(0, samples.length + 1), args };
    const key = readKey(run.id, { ...call, action: action.name, version: action.version });
    const read = recorded.find((one) => one.key === key) ?? (await readNow(deps, config, run, { action, call }));
    if (read?.status === "succeeded") samples.push({ function: name, args, answer: firstOf(read.output) });
  }
  return samples;
}

/** @returns what is recorded of it then; undefined where it came to nothing */
async function readNow(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { action, call }: { readonly action: AnyRead; readonly call: Pick<ReadOutcome, "step" | "args"> },
): Promise<ReadOutcome | undefined> {
  const signal = signalOf(config);
  const guard = {
    ...{ ledger: deps.ledger, identity: actorOf(run), signal, now: deps.now },
    stopped: () => signal.aborted,
  };
  const read = await runRead(guard, action, { runId: run.id, ...call });
  if (read === undefined || read instanceof Error) return undefined;
  // That it was cut off says nothing of what it would have come to.
  if (signal.aborted && read.status !== "succeeded") return undefined;
  return (await recordReads(deps.ledger, stampOf(deps, config), run.id, [read]))[0];
}

function firstOf(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(firstOf);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, firstOf(item)]));
}
