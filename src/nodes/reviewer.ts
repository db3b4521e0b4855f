/** The reviewer: a model as safety officer. There is no model yet, which it says, and sends the proposal to a person. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Review } from "../domain/proposal.ts";
import type { Outcome } from "../graph/routes.ts";
import { findLatestProposal, getProposal, recordReview } from "../ledger/proposals.ts";
import type { State, Update } from "../state.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";

const NO_MODEL: Review = {
  verdict: "unavailable",
  reasons: ["No reviewer model is configured, so nothing was reviewed by one."],
};

export function createReviewer(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Update & { outcome: Outcome<"reviewer"> }> => {
    const { tenant } = identityOf(config);
    const proposal = state.run ? await findLatestProposal(deps.ledger, tenant, state.run.id) : undefined;
    if (proposal?.status !== "pending") return { outcome: "person asked" };
    await recordReview(deps.ledger, stampOf(deps, config), proposal, NO_MODEL);
    return { proposal: await getProposal(deps.ledger, tenant, proposal.id), outcome: "person asked" };
  };
}
