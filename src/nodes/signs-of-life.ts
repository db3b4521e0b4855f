/** Nodes that say in the ledger that somebody is at the run, for as long as they are. */
import { explainError } from "../errors.ts";
import { ALIVE_MS, aliveUntil, showAlive } from "../ledger/liveness.ts";
import { warn } from "../telemetry/tell.ts";
import { type GraphNode, identityOf, type NodeDeps } from "./deps.ts";

/** @returns what makes a node one that gives signs of life; short ones share a sign */
export function createSignsOfLife({ ledger }: Pick<NodeDeps, "ledger">) {
  const given = new Map<string, number>();
  const give = async (tenant: string, runId: string): Promise<void> => {
    const now = Date.now();
    if (now - (given.get(runId) ?? 0) < ALIVE_MS / 3) return;
    for (const [id, at] of given) if (now - at > ALIVE_MS) given.delete(id);
    given.set(runId, now);
    // A sign that cannot be given is no loss: the run may be looked at by somebody else as well.
    await showAlive(ledger, tenant, runId, aliveUntil()).catch((error: unknown) =>
      warn(`A sign of life was not given: ${explainError(error)}`),
    );
  };
  return <Result>(node: GraphNode<Result>): GraphNode<Result> =>
    async (state, config) => {
      const runId = state.run?.id;
      if (runId === undefined) return await node(state, config);
      const { tenant } = identityOf(config);
      await give(tenant, runId);
      const renewal = setInterval(() => void give(tenant, runId), ALIVE_MS / 3);
      renewal.unref();
      try {
        return await node(state, config);
      } finally {
        clearInterval(renewal);
      }
    };
}
