/** LangGraph alone: as many nodes as a question takes, that do nothing, on the same saver. */
import { interrupt, START, StateGraph } from "@langchain/langgraph";
import { openCheckpoints } from "../../src/checkpoints.ts";
import { HoldpointInput, HoldpointState } from "../../src/state.ts";

/** From the request to the question: guardrail, planner, guardrail, executor, stager, guardrail, reviewer, human. */
const NODES = 8;

export interface BareGraph {
  /** Runs until the last node asks. */
  ask(threadId: string): Promise<void>;
  close(): void;
}

/** @param path of a file of checkpoints */
export function bareGraph(path: string): BareGraph {
  const { saver, file } = openCheckpoints(path);
  const names = Array.from({ length: NODES }, (_, n) => `node${n}`);
  const graph = new StateGraph(HoldpointState, { input: HoldpointInput });
  const wired = names.reduce(
    (builder, name, n) =>
      builder.addNode(name, async () => {
        if (n === NODES - 1) interrupt("What now?");
        return { outcome: "on" };
      }) as typeof builder,
    graph,
  );
  const edges = wired as unknown as {
    addEdge(from: string, to: string): void;
    addConditionalEdges(from: string, route: () => string, paths: Record<string, string>): void;
  };
  edges.addEdge(START, "node0");
  for (const [n, name] of names.slice(0, -1).entries()) {
    edges.addConditionalEdges(name, () => "on", { on: `node${n + 1}`, back: "node0" });
  }
  const compiled = wired.compile({ checkpointer: saver });
  return {
    ask: async (threadId) => {
      await compiled.invoke({ request: "Go on" }, { configurable: { thread_id: threadId }, durability: "sync" });
    },
    close: () => void file.close(),
  };
}
