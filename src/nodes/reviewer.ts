/**
 * The reviewer: a model as safety officer. It can make a verdict stricter; it clears only what policy marked as
 * clearable, and it never stands in for a required person (invariant 8). Its failure sends the proposal to the person.
 */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { type Proposal, type Review, ReviewSchema } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import type { Outcome } from "../graph/routes.ts";
import { takeDecision } from "../ledger/decisions.ts";
import { listPrograms } from "../ledger/programs.ts";
import { findLatestProposal, getProposal, moveProposal, recordReview } from "../ledger/proposals.ts";
import { getRun } from "../ledger/runs.ts";
import { type ReviewerReply, ReviewerReplySchema, reviewerPrompt } from "../models/prompts/reviewer.ts";
import { isCleared, strictest } from "../policy/policy.ts";
import type { State, Update } from "../state.ts";
import { askRole } from "./ask-role.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";
import { toldProgram } from "./told-program.ts";
import { waitingMessage } from "./waiting-message.ts";

type Reviewed = Update & { outcome: Outcome<"reviewer"> };

export function createReviewer(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Reviewed> => {
    const { tenant } = identityOf(config);
    if (!state.run) return { outcome: "person asked" };
    const run = await getRun(deps.ledger, tenant, state.run.id);
    const proposal = await findLatestProposal(deps.ledger, tenant, run.id);
    if (proposal?.status !== "pending") return { outcome: "person asked" };
    if (!proposal.review) {
      const review = await makeReview(deps, config, { run, proposal, goal: state.plan?.goal ?? "" });
      await recordReview(deps.ledger, stampOf(deps, config), proposal, review);
    }
    return await follow(deps, config, await getProposal(deps.ledger, tenant, proposal.id));
  };
}

const unavailable = (reason: string): Review => ReviewSchema.parse({ verdict: "unavailable", reasons: [reason] });

async function makeReview(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  subject: { run: Run; proposal: Proposal; goal: string },
): Promise<Review> {
  const { run, proposal, goal } = subject;
  const programs = await listPrograms(deps.ledger, run.tenant, run.id);
  const program = toldProgram(programs, proposal.revision);
  const prompt = reviewerPrompt({ request: run.request, goal, proposal, program });
  const reply = await askRole(deps, config, { role: "reviewer", runId: run.id, schema: ReviewerReplySchema, prompt });
  if (!reply) return unavailable("No reviewer model is configured, so nothing was reviewed by one.");
  if (reply.kind === "failed") return unavailable(`The reviewer model could not review this: ${reply.message}`);
  return toReview(proposal, reply.value);
}

/** A reply about other actions than those proposed is no review. The strictest word in it counts. */
function toReview(proposal: Proposal, reply: ReviewerReply): Review {
  const steps = proposal.actions.map((action) => action.step).toSorted();
  const reviewed = reply.actions.map((action) => action.step).toSorted();
  if (steps.join("\n") !== reviewed.join("\n")) {
    return unavailable(
      "The reviewer model did not review the proposed actions one by one, so its answer does not count.",
    );
  }
  const words = [reply, ...reply.actions].map(({ verdict }) => ({ rule: "review", verdict, reason: "" }));
  const doubts = reply.actions
    .filter((action) => action.verdict !== "allow")
    .map(({ step, reason }) => `${step}: ${reason}`);
  return {
    verdict: strictest(words, "escalate"),
    reasons: [...reply.reasons, ...doubts],
    saferWay: reply.saferWay.trim() || null,
    actions: reply.actions,
  };
}

async function follow(deps: NodeDeps, config: LangGraphRunnableConfig, proposal: Proposal): Promise<Reviewed> {
  const { review } = proposal;
  const stamp = { ...stampOf(deps, config), principal: "reviewer" };
  if (review?.verdict === "deny") {
    const message = `The reviewer denied it. ${review.reasons.join(" ")}`;
    await deps.ledger.transaction().execute((trx) => moveProposal(trx, stamp, proposal, "denied"));
    return { proposal, failure: { status: "denied", message, details: [] }, outcome: "denied" };
  }
  if (!isCleared(proposal, proposal.findings)) {
    return { proposal, messages: [waitingMessage(deps.policy, proposal)], outcome: "person asked" };
  }
  await takeDecision(deps.ledger, stamp, {
    proposalId: proposal.id,
    digest: proposal.digest,
    decider: "policy",
    verdict: "approved",
    actions: proposal.actions.map(({ step }) => ({ step, verdict: "approved", reason: null })),
    reason: "Policy lets the reviewer clear it, and the reviewer did.",
    separateApprover: false,
  });
  return { proposal, outcome: "cleared" };
}
