/** Wires the graph: eight nodes, and the routes between them. */
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { type BaseCheckpointSaver, isCommand, START, StateGraph } from "@langchain/langgraph";
import { createCommitter } from "../nodes/committer.ts";
import { ANSWERING, ASKING, type GraphNode, identityOf, type NodeDeps } from "../nodes/deps.ts";
import { createExecutor } from "../nodes/executor.ts";
import { createGuardrail } from "../nodes/guardrail.ts";
import { createHuman } from "../nodes/human.ts";
import { createPlanner } from "../nodes/planner.ts";
import { createReflector } from "../nodes/reflector.ts";
import { PROGRESS, withProgress } from "../nodes/report.ts";
import { withRestoredState } from "../nodes/restore-state.ts";
import { createReviewer } from "../nodes/reviewer.ts";
import { createSignsOfLife } from "../nodes/signs-of-life.ts";
import { createStager } from "../nodes/stager.ts";
import { withNodeTrace, withTrace } from "../nodes/traced.ts";
import { Tracker } from "../nodes/tracker.ts";
import { GraphContext, HoldpointInput, HoldpointState, type Update } from "../state.ts";
import { type NodeName, routeFrom, routes } from "./routes.ts";

/** Enough supersteps for 50 stages of one step each, and for planning again after them; LangGraph's default is 25. */
const RECURSION_LIMIT = 1000;

/**
 * The compiled graph. Every caller gets durability `sync` (a checkpoint is written before the next node starts) and
 * strict resume (an answer names the interrupt that it is for).
 */
export function buildGraph(deps: NodeDeps, checkpointer?: BaseCheckpointSaver) {
  const alive = createSignsOfLife(deps.signs);
  const node = (name: NodeName, work: GraphNode<Update>) =>
    withNodeTrace(name, alive(withRestoredState(deps, withProgress(name, work))));
  const compiled = new StateGraph(HoldpointState, { input: HoldpointInput, context: GraphContext })
    .addNode("guardrail", node("guardrail", createGuardrail(deps)))
    .addNode("planner", node("planner", createPlanner(deps)))
    .addNode("executor", node("executor", createExecutor(deps)))
    .addNode("stager", node("stager", createStager(deps)))
    .addNode("reviewer", node("reviewer", createReviewer(deps)))
    .addNode("human", node("human", createHuman(deps)))
    .addNode("committer", node("committer", createCommitter(deps)))
    .addNode("reflector", node("reflector", createReflector(deps)))
    .addEdge(START, "guardrail")
    .addConditionalEdges("guardrail", routeFrom("guardrail"), routes.guardrail)
    .addConditionalEdges("planner", routeFrom("planner"), routes.planner)
    .addConditionalEdges("executor", routeFrom("executor"), routes.executor)
    .addConditionalEdges("stager", routeFrom("stager"), routes.stager)
    .addConditionalEdges("reviewer", routeFrom("reviewer"), routes.reviewer)
    .addConditionalEdges("human", routeFrom("human"), routes.human)
    .addConditionalEdges("committer", routeFrom("committer"), routes.committer)
    .addConditionalEdges("reflector", routeFrom("reflector"), routes.reflector)
    .compile({ ...(checkpointer ? { checkpointer } : {}), name: "holdpoint" });
  const graph = compiled.withConfig({
    configurable: { __pregel_strict_resume: true },
    durability: "sync",
    recursionLimit: RECURSION_LIMIT,
  });
  const stream = graph.stream.bind(graph) as (input: unknown, options?: CallOptions) => Promise<never>;
  // Every way to call a graph leads through `stream`. LangGraph keeps an answer that was cut off, and would give it to
  // the node in somebody else's call.
  graph.stream = async (input: unknown, options: CallOptions = {}) => {
    if (isPartOfAnother(options)) {
      // There the answer comes by way of the other one, and so does whoever listens.
      return await stream(input, {
        ...options,
        configurable: { ...options.configurable, [PROGRESS]: new Tracker(deps) },
      });
    }
    const answering = isCommand(input) && input.resume !== undefined;
    const asking = typeof input === "object" && input !== null && !isCommand(input);
    const progress = [options.streamMode].flat().includes("custom") ? new Tracker(deps) : undefined;
    const own = { [ANSWERING]: answering, [ASKING]: asking, [PROGRESS]: progress };
    const configurable = { ...options.configurable, ...own };
    const given = asking ? { ...input, asker: identityOf(options).principal } : input;
    return await stream(given, withTrace({ ...options, configurable }));
  };
  return graph;
}

/** Whether it is called inside a node of another graph: LangGraph passes that one's reader on (constants.js). */
function isPartOfAnother({ configurable = {} }: CallOptions): boolean {
  const around: unknown = AsyncLocalStorageProviderSingleton.getRunnableConfig()?.configurable;
  return [configurable, around ?? {}].some((config) => "__pregel_read" in (config as object));
}

interface CallOptions {
  configurable?: Record<string, unknown>;
  context?: Record<string, unknown>;
  streamMode?: string | string[] | undefined;
}

export type HoldpointGraph = ReturnType<typeof buildGraph>;
