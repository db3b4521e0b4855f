/**
 * State that another version of the program wrote, and that does not fit any more, is put right from the ledger before
 * a node sees it. State is a picture of the ledger, so nothing is lost with it, and nothing that it says is believed.
 */
import { isDeepStrictEqual } from "node:util";
import type { Ledger } from "../ledger/database.ts";
import { findLatestRevision } from "../ledger/revisions.ts";
import { findRun, findThreadRun } from "../ledger/runs.ts";
import { readState, type State, type Update } from "../state.ts";
import { type GraphNode, identityOf, type NodeDeps, threadOf } from "./deps.ts";

/**
 * A thread's state as today's nodes read it: each value that does not fit is as if it had never been written, and where
 * request, run or plan are missing, they come from the ledger.
 * @param values what the checkpoint holds
 * @returns the state, and those of its fields that differ from what the checkpoint holds
 */
export async function restoreState(
  ledger: Ledger,
  { tenant, threadId }: { tenant: string; threadId: string },
  values: Readonly<Record<string, unknown>>,
): Promise<{ state: State; restored: Partial<State> }> {
  const { state, unreadable } = readState(values);
  const restored: Partial<State> = Object.fromEntries(unreadable.map((key) => [key, state[key]]));
  delete restored.request; // that there is none cannot be written
  if (!state.run || !state.request) {
    const run = state.run ? await findRun(ledger, tenant, state.run.id) : await findThreadRun(ledger, tenant, threadId);
    if (run && !state.run) restored.run = { id: run.id };
    if (run && !state.request) restored.request = { id: run.id, text: run.request };
  }
  const runId = restored.run?.id ?? state.run?.id;
  const revision = runId && !state.plan ? await findLatestRevision(ledger, tenant, runId) : undefined;
  if (revision) restored.plan = { ...revision.plan, number: revision.number };
  return { state: { ...state, ...restored }, restored };
}

/**
 * The same node, which gets its state restored, and leaves it so; see {@link restoreState}. It writes what it changes,
 * and nothing that state holds already.
 */
export function withRestoredState({ ledger }: NodeDeps, node: GraphNode<Update>): GraphNode<Update> {
  return async (values, config) => {
    const thread = { tenant: identityOf(config).tenant, threadId: threadOf(config) };
    const { state, restored } = await restoreState(ledger, thread, values);
    return { ...(restored as Update), ...changesTo(state, await node(state, config)) };
  };
}

/** What an update changes; messages are added, and always do. */
function changesTo(state: State, update: Update): Update {
  const brief = update.steps ? { ...update, steps: withoutNotes(update.steps as State["steps"]) } : update;
  const changes = Object.entries(brief).filter(
    ([key, value]) => key === "messages" || !isDeepStrictEqual(state[key as keyof State], value),
  );
  return Object.fromEntries(changes);
}

/** What a completed step came to is told in the answer, and is in the ledger: in state it would be in each checkpoint. */
function withoutNotes(steps: State["steps"]): State["steps"] {
  const brief = Object.entries(steps).map(([id, { status, note }]) => [
    id,
    { status, note: status === "completed" ? "" : note },
  ]);
  return Object.fromEntries(brief);
}
