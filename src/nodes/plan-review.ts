/** A plan before a person: when one is asked, the proposal that is put before them, and what they make of it. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Plan, Step } from "../domain/plan.ts";
import { PLAN_ACTION, planProposal } from "../domain/plan-proposal.ts";
import type { Finding, Proposal } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import type { StepState } from "../execution/progress.ts";
import type { Outcome } from "../graph/routes.ts";
import {
  findLatestProposal,
  findTransaction,
  getProposal,
  openProposalIn,
  recordFindingsIn,
} from "../ledger/proposals.ts";
import { listRevisions, type Revision } from "../ledger/revisions.ts";
import { getSettings } from "../ledger/settings.ts";
import { describeDifference, planDifference } from "../planning/plan-difference.ts";
import { planRisks } from "../planning/plan-risks.ts";
import type { TenantSettings } from "../policy/settings.ts";
import type { Update } from "../state.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";
import { waitingMessage } from "./waiting-message.ts";

type Asked = Update & { outcome: Outcome<"guardrail"> };

/** The run's open proposal of this very plan, or undefined. */
const isAbout = (proposal: Proposal | undefined, { number }: Revision): proposal is Proposal =>
  proposal?.kind === PLAN_ACTION && proposal.revision === number;

/**
 * Why a person is to look at a plan before anything of it runs.
 * @param states of its steps: what is done is no risk any more
 * @returns one finding that escalates for each reason; none when it may be carried out
 */
export async function whyAsk(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  { run, revision, states }: { run: Run; revision: Revision; states: Readonly<Record<string, StepState>> },
): Promise<Finding[]> {
  const { tenant } = identityOf(config);
  const { settings } = await getSettings(deps.ledger, tenant);
  const which = deps.policy.planReview ?? settings.planReview;
  const steps = revision.plan.steps.filter(({ id }) => !["completed", "skipped"].includes(states[id]?.status ?? ""));
  const reasons = reasonsOf(
    which,
    { ...revision.plan, steps },
    (action) => deps.registry.of(tenant).find(action)?.kind,
  );
  const proposal = await findLatestProposal(deps.ledger, tenant, run.id);
  const editors = isAbout(proposal, revision) ? proposal.actions.flatMap(({ edited }) => edited?.by ?? []) : [];
  const edited = editors.length > 0 ? [`${editors.join(", ")} changed the plan, so a person looks at it again.`] : [];
  // A program was written before it read anything, and each of its writes is shown with what came from outside.
  const outside = revision.plan.source.kind === "program" ? [] : await fromOutside(deps, run, steps);
  const why = [...edited, ...outside, ...reasons];
  return [...why, ...(why.length === 0 ? [] : await differenceOf(deps, run, revision, states))].map((reason) => ({
    rule: "plan-review",
    verdict: "escalate",
    reason,
  }));
}

/** Of a plan after another one, what is otherwise in it. */
async function differenceOf(
  { ledger }: NodeDeps,
  { tenant, id }: Run,
  { number, plan }: Revision,
  states: Readonly<Record<string, StepState>>,
): Promise<string[]> {
  const before = (await listRevisions(ledger, tenant, id)).findLast(
    (other) => other.verdict === "allow" && other.number < number,
  );
  return before ? describeDifference(planDifference(before.plan, plan, states)) : [];
}

/** Invariant 12: text from outside must not choose what runs, so a person sees what was planned in view of some. */
async function fromOutside({ ledger }: NodeDeps, { tenant, id }: Run, steps: readonly Step[]): Promise<string[]> {
  if (!steps.some(({ untrusted }) => untrusted)) return [];
  const seen = (await listRevisions(ledger, tenant, id)).filter(({ verdict }) => verdict === "allow");
  const known = new Set(seen.flatMap(({ plan }) => plan.steps.map((step) => step.id)));
  const found = steps.filter((step) => step.untrusted && !known.has(step.id)).map(({ title }) => `"${title}"`);
  return found.length === 0 ? [] : [`It was planned in view of text from outside: ${found.join(", ")}.`];
}

function reasonsOf(
  planReview: TenantSettings["planReview"],
  plan: Plan,
  kindOf: (action: string) => "read" | "write" | undefined,
): string[] {
  if (planReview === "never") return [];
  const risks = planRisks(plan, kindOf);
  if (planReview === "risky") return risks;
  return risks.length > 0 ? risks : ["Every plan is shown to a person before it is carried out."];
}

/**
 * Puts a plan before a person, or finds what they decided. Entered again, it finds its own proposal.
 * @param revision with the verdict `escalate`, and why
 */
export async function askAboutPlan(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  revision: Revision,
): Promise<Asked> {
  const stamp = { ...stampOf(deps, config), tenant: run.tenant };
  const { plan, number, findings } = revision;
  const update = { plan: { ...plan, number }, findings };
  const transaction = await findTransaction(deps.ledger, run.tenant, run.id);
  // What somebody approved is carried out first, whatever the plan has become since.
  if (transaction?.status === "approved") return { proposal: transaction, outcome: "transaction allowed" };
  const latest = await findLatestProposal(deps.ledger, run.tenant, run.id);
  if (isAbout(latest, revision) && latest.status !== "pending") {
    return { ...update, proposal: latest, outcome: "plan denied" };
  }
  const { settings } = await getSettings(deps.ledger, run.tenant);
  const id = await deps.ledger.transaction().execute(async (trx) => {
    const actions = isAbout(latest, revision) ? latest.actions : [planProposal(plan, null)];
    const [{ impact } = planProposal(plan, null)] = actions;
    const subject = { runId: run.id, kind: "plan" as const, actions, impact, revision: number };
    const proposal = await openProposalIn(trx, stamp, subject);
    const minutes = settings.approvals[impact.level].expiresMinutes;
    const expiresAt =
      minutes === null ? null : new Date(Date.parse(proposal.createdAt) + minutes * 60_000).toISOString();
    if (proposal.findings.length === 0) {
      await recordFindingsIn(trx, stamp, { proposal, findings, waits: true, expiresAt });
    }
    return proposal.id;
  });
  const proposal = await getProposal(deps.ledger, run.tenant, id);
  return { ...update, proposal, messages: [waitingMessage(deps.policy, proposal)], outcome: "plan escalated" };
}
