/** Progress while a run is under way: which node tells what of it. */
import { isGraphInterrupt, type LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Phase } from "../domain/progress.ts";
import type { NodeName } from "../graph/routes.ts";
import type { State, Update } from "../state.ts";
import { type GraphNode, identityOf } from "./deps.ts";
import { Tracker } from "./tracker.ts";

/** In the configuration of a call, put there by the graph where somebody listens: what tells of its progress. */
export const PROGRESS = "__holdpoint_progress";

/** Tells that a step stands otherwise. */
export type Reporter = Pick<Tracker, "step">;

const SILENT: Reporter = { step: () => undefined };

const trackerOf = ({ configurable }: LangGraphRunnableConfig): Tracker | undefined => {
  const tracker: unknown = configurable?.[PROGRESS];
  return tracker instanceof Tracker ? tracker : undefined;
};

/** Tells of a run's steps. Nobody has to listen, and a listener that fails disturbs nothing. */
export const createReporter = (config: LangGraphRunnableConfig): Reporter => trackerOf(config) ?? SILENT;

/** What a run is at while a node works; the executor says so when a step begins. */
const PHASES: Partial<Record<NodeName, Phase>> = {
  planner: "planning",
  stager: "staging",
  reviewer: "reviewing",
  committer: "committing",
  reflector: "reflecting",
};

/** The same node, which tells when it begins, what came of it, and when it waits for a person. */
export function withProgress<Result extends Update>(name: NodeName, node: GraphNode<Result>): GraphNode<Result> {
  return async (state, config) => {
    const tracker = trackerOf(config);
    // A request that has just come has no run yet: the one in state is of what was asked before.
    if (!tracker || name === "guardrail") return await node(state, config);
    // Where the ledger cannot be read, the node itself says so.
    const prepare = () => tracker.prepare(identityOf(config).tenant, state, config.writer).catch(() => undefined);
    // Of this one there is nothing to tell but that it waits.
    if (name !== "human") await prepare();
    const phase = PHASES[name];
    if (phase) tracker.phase(phase);
    try {
      const update = await node(state, config);
      await tellOf(tracker, name, state, update);
      return update;
    } catch (error) {
      if (isGraphInterrupt(error)) {
        await prepare();
        tracker.phase("waiting");
      }
      throw error;
    } finally {
      tracker.flush();
    }
  };
}

async function tellOf(tracker: Tracker, name: NodeName, state: State, update: Update): Promise<void> {
  if (update.steps) tracker.settle(update.steps as State["steps"]); // nodes write them as they are
  if (update.outcome === "paused") tracker.phase("paused");
  if (name !== "reflector" || update.outcome !== "done") return;
  if (!update.steps) await tracker.refresh(state).catch(() => undefined);
  tracker.phase("ended");
}
