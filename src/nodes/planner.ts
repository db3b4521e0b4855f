/** The planner: request to plan revision. Playbooks first; where state lost the plan, the newest that is recorded. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Outcome } from "../graph/routes.ts";
import { findLatestRevision, recordRevision } from "../ledger/revisions.ts";
import { getRun } from "../ledger/runs.ts";
import type { State, Update } from "../state.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";

type Planned = Update & { outcome: Outcome<"planner"> };

export function createPlanner(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Planned> => {
    if (!state.run) return { outcome: "no plan" };
    const run = await getRun(deps.ledger, identityOf(config).tenant, state.run.id);
    const latest = state.plan ? undefined : await findLatestRevision(deps.ledger, run.tenant, run.id);
    if (latest) return { plan: { ...latest.plan, number: latest.number }, outcome: "planned" };
    const matched = deps.matchRequest(run.request);
    if (matched.kind === "plan") {
      const number = (state.plan?.number ?? 0) + 1;
      const input = { runId: run.id, number, plan: matched.plan };
      const revision = await recordRevision(deps.ledger, stampOf(deps, config), input);
      return { plan: { ...revision.plan, number }, outcome: "planned" };
    }
    const failure =
      matched.kind === "invalid"
        ? { status: "invalid_request" as const, message: matched.problem, details: [] }
        : {
            status: "unsupported_intent" as const,
            message: matched.problem,
            details: [
              "Without a model only these kinds of request are understood:",
              ...deps.whatCanBeAsked.map((line) => `  ${line}`),
            ],
          };
    return { failure, outcome: "no plan" };
  };
}
