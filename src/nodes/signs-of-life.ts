/** Nodes that say in the ledger that somebody is at the run, for as long as they are. */
import { isGraphInterrupt } from "@langchain/langgraph";
import { ALIVE_MS, type SignsOfLife } from "../ledger/liveness.ts";
import { type GraphNode, identityOf } from "./deps.ts";

/** @returns what makes a node one that gives signs of life, and takes them back when it waits for a person */
export function createSignsOfLife(signs: SignsOfLife) {
  return <Result>(node: GraphNode<Result>): GraphNode<Result> =>
    async (state, config) => {
      const runId = state.run?.id;
      if (runId === undefined) return await node(state, config);
      const { tenant } = identityOf(config);
      await signs.give(tenant, runId);
      const renewal = setInterval(() => void signs.give(tenant, runId), ALIVE_MS / 3);
      renewal.unref();
      try {
        return await node(state, config);
      } catch (error) {
        if (isGraphInterrupt(error)) await signs.takeBack(tenant, runId);
        throw error;
      } finally {
        clearInterval(renewal);
      }
    };
}
