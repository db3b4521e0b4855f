/**
 * An edit: a person's arguments become a new proposal, which passes the guardrail and is decided like any other
 * (invariant 1). Staging only reads; what cannot be done, or is not allowed, leaves the old proposal as it was.
 */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { ParsedAnswer } from "../domain/answer-to-proposal.ts";
import { coerceArgs } from "../domain/coerce-args.ts";
import { canonicalJson } from "../domain/json.ts";
import type { Plan } from "../domain/plan.ts";
import { type ActionDecision, type Proposal, proposalDigest } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { editedPlan } from "../execution/edits.ts";
import { loadRecord, type StepState, stepStates } from "../execution/progress.ts";
import { type DecisionInput, replaceProposal } from "../ledger/decisions.ts";
import { loadGateFacts } from "../ledger/gate-facts.ts";
import { findLatestRevision } from "../ledger/revisions.ts";
import { allowedHostsOf } from "../ledger/settings.ts";
import { checkPlan, unsettled } from "../planning/check-plan.ts";
import { checkTransaction, expiryOf } from "../policy/policy.ts";
import { type StageResult, stageWrites } from "../transaction/stage.ts";
import { actorOf, type NodeDeps, signalOf, stampOf } from "./deps.ts";

type EditAnswer = Extract<ParsedAnswer, { kind: "edited" }>;
type Staged = Extract<StageResult, { kind: "staged" }>;

/** Longest edited arguments of one action, in UTF-16 code units of JSON. */
const MAX_ARGS = 30_000;

/** @returns whether the edit is recorded, or why it is not taken; false when somebody else decided first */
export async function takeEdit(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  subject: { run: Run; proposal: Proposal },
  answer: EditAnswer,
): Promise<boolean | string> {
  const { run, proposal } = subject;
  const revision = await findLatestRevision(deps.ledger, run.tenant, run.id);
  if (revision?.verdict !== "allow") return "The plan changed meanwhile. Look at it again.";
  const decision = editDecision(deps, revision.plan, subject, answer);
  const stamp = stampOf(deps, config);
  const record = await loadRecord(deps.ledger, run.tenant, run.id);
  const decisions = [...record.decisions, { ...decision, principal: stamp.principal, decidedAt: stamp.at }];
  const states = stepStates(revision.plan, record);
  const faults = faultsOf(deps, editedPlan(revision.plan, decisions), { run, answer, states });
  if (faults.length > 0) return faults.join(" ");
  const staged = await stageWrites(deps.registry.of(run.tenant), {
    identity: actorOf(run),
    plan: revision.plan,
    record: { ...record, decisions },
    signal: signalOf(config),
    now: stamp.at,
    allowedHosts: allowedHostsOf(deps.ledger, run.tenant),
  });
  if (staged.kind === "nothing") return "Nothing would be left to decide: reject it instead.";
  if (staged.kind === "impossible") return staged.failures.map((failure) => failure.message).join(" ");
  const lost = decision.actions.find(
    ({ step, verdict }) => verdict !== "rejected" && !staged.actions.some((action) => action.step === step),
  );
  if (lost) return `${lost.step} could not be proposed any more: what it waits for would never be done.`;
  const objection = await objectionTo(deps, { run, proposal }, staged);
  if (objection !== undefined) return objection;
  const { actions, impact } = staged;
  const replacement = { decision, runId: run.id, revision: revision.number, actions, impact };
  return (await replaceProposal(deps.ledger, stamp, replacement)).taken;
}

function editDecision(
  deps: NodeDeps,
  plan: Plan,
  { run, proposal }: { run: Run; proposal: Proposal },
  { edits, rejected }: EditAnswer,
): DecisionInput {
  const registry = deps.registry.of(run.tenant);
  const actions = proposal.actions.map(({ step, action, args }): ActionDecision => {
    const edited = edits.get(step);
    if (edited) {
      const after = coerceArgs(registry.getWrite(action).input, edited.args);
      const planned = plan.steps.find((candidate) => candidate.id === step)?.args ?? {};
      return { step, verdict: "edited", reason: edited.reason, edit: { action, planned, before: args, after } };
    }
    const reason = rejected.get(step);
    return reason === undefined ? { step, verdict: "kept", reason: null } : { step, verdict: "rejected", reason };
  });
  return {
    proposalId: proposal.id,
    digest: proposal.digest,
    decider: "person",
    verdict: "edited",
    actions,
    reason: null,
    separateApprover: deps.policy.separateApprover,
    deadline: { until: expiryOf(deps.policy, proposal), now: deps.now },
  };
}

/** What is wrong with the edited arguments themselves. */
function faultsOf(
  deps: NodeDeps,
  plan: Plan,
  { run, answer: { edits }, states }: { run: Run; answer: EditAnswer; states: Record<string, StepState> },
): string[] {
  const large = plan.steps.filter(({ id, args }) => edits.has(id) && canonicalJson(args).length > MAX_ARGS);
  if (large.length > 0) {
    return large.map(({ id }) => `The arguments of ${id} are longer than ${MAX_ARGS} characters.`);
  }
  const registry = deps.registry.of(run.tenant);
  const found = [...checkPlan(plan, (name) => registry.find(name), states), ...deps.policy.checkPlan(plan)];
  const findings = unsettled(found, states);
  return findings.filter((finding) => finding.verdict === "deny").map((finding) => finding.reason);
}

async function objectionTo(
  deps: NodeDeps,
  { run, proposal }: { run: Run; proposal: Proposal },
  { actions, impact }: Staged,
): Promise<string | undefined> {
  const digest = proposalDigest(run.tenant, run.id, actions);
  if (digest === proposal.digest) return "The edit changes nothing: approve it, reject it, or change something.";
  // The guardrail would end the run; here the person can still mend it.
  const changed = { ...proposal, actions, impact, digest };
  const facts = await loadGateFacts(deps.ledger, run.tenant, changed, deps.now());
  const denied = checkTransaction(deps.policy, changed, run, facts).find((finding) => finding.verdict === "deny");
  return denied?.reason;
}
