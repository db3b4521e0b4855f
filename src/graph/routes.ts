/**
 * Where each node leads, by how it ended. The keys are the values of `state.outcome` and the labels of the edges in
 * Studio and in the picture of the graph; a route is a pure function of state.
 */
import { END } from "@langchain/langgraph";
import { HoldpointError } from "../errors.ts";
import type { State } from "../state.ts";

export const routes = {
  guardrail: {
    "request allowed": "planner",
    "request denied": "reflector",
    "earlier transaction unfinished": "committer",
    "plan allowed": "executor",
    "plan sent back": "planner",
    "plan denied": "reflector",
    "plan escalated": "human",
    "transaction allowed": "committer",
    "transaction escalated": "reviewer",
    "transaction denied": "reflector",
    "nothing to check": "reflector",
  },
  planner: { planned: "guardrail", "no plan": "reflector", drained: "planner", paused: END },
  reviewer: { "person asked": "human", cleared: "committer", denied: "reflector" },
  human: {
    approved: "committer",
    rejected: "reflector",
    "asked again": "human",
    edited: "guardrail",
    "plan approved": "executor",
    "plan sent back": "planner",
    "nothing to decide": "reflector",
  },
  executor: {
    "writes ready": "stager",
    "nothing left": "reflector",
    "step failed": "reflector",
    "budget spent": "reflector",
    "plan wanted": "planner",
    drained: "executor",
    paused: END,
    "plan changed": "guardrail",
  },
  stager: { staged: "guardrail", "cannot be done": "reflector", "nothing to stage": "executor" },
  committer: {
    committed: "executor",
    "plan done": "reflector",
    drained: "committer",
    "approval stale": "executor",
    "not approved": "human",
    "rolled back": "reflector",
    "outcome unknown": "human",
    "taken back": "reflector",
    "nothing to commit": "reflector",
  },
  // The pending ones only after somebody jumped here while a proposal was open: a run does not end before that has.
  reflector: {
    done: END,
    paused: END,
    replan: "planner",
    "rollback asked": "committer",
    "decision pending": "human",
    "transaction pending": "committer",
  },
} as const;

export type NodeName = keyof typeof routes;
/** How a node can end. */
export type Outcome<Node extends NodeName> = keyof (typeof routes)[Node] & string;

/**
 * The route out of a node.
 * @throws HoldpointError `internal` when state holds an outcome that the node does not have: it was edited
 */
export function routeFrom<Node extends NodeName>(node: Node): (state: State) => Outcome<Node> {
  return (state) => {
    if (Object.hasOwn(routes[node], state.outcome)) return state.outcome as Outcome<Node>;
    throw new HoldpointError("internal", `"${state.outcome}" is no way out of ${node}.`, {
      hint: `Expected one of: ${Object.keys(routes[node]).join(", ")}.`,
    });
  };
}
