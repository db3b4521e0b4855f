/** A person's changes to a plan become a new revision, which is checked like any plan, and which a person looks at again. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";
import type { ParsedAnswer } from "../domain/answer-to-proposal.ts";
import { coerceArgs } from "../domain/coerce-args.ts";
import { canonicalJson, type JsonObject } from "../domain/json.ts";
import type { Plan } from "../domain/plan.ts";
import { PLAN_STEP, PlanArgsSchema, planProposal } from "../domain/plan-proposal.ts";
import { editorsOf, type Proposal } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { loadRecord, stepStates } from "../execution/progress.ts";
import { replacePlan } from "../ledger/decisions.ts";
import { findLatestRevision } from "../ledger/revisions.ts";
import { unsettled } from "../planning/check-plan.ts";
import { expiryOf } from "../policy/policy.ts";
import { type NodeDeps, stampOf } from "./deps.ts";
import { planFaults } from "./plan-faults.ts";

type EditAnswer = Extract<ParsedAnswer, { kind: "edited" }>;

/** Longest edited plan, in UTF-16 code units of JSON. */
const MAX_PLAN = 500_000;

/** @returns whether the edit is recorded, or why it is not taken; false when somebody else decided first */
export async function takePlanEdit(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  { run, proposal }: { run: Run; proposal: Proposal },
  { edits }: EditAnswer,
): Promise<boolean | string> {
  const revision = await findLatestRevision(deps.ledger, run.tenant, run.id);
  const edit = edits.get(PLAN_STEP);
  if (revision?.number !== proposal.revision || !edit) return "The plan changed meanwhile. Look at it again.";
  const given = coerceArgs(PlanArgsSchema, edit.args);
  const plan = readPlan(given);
  if (typeof plan === "string") return plan;
  if (canonicalJson({ ...plan, source: null }) === canonicalJson({ ...revision.plan, source: null })) {
    return "The edit changes nothing: approve the plan, reject it, or change something.";
  }
  const faults = await faultsOf(deps, run, { before: revision.plan, plan });
  if (faults.length > 0) return faults.join(" ");
  const [action] = proposal.actions;
  const before = action?.edited?.before ?? action?.args ?? {};
  const stamp = stampOf(deps, config);
  const by = [...new Set([...editorsOf(proposal), stamp.principal])];
  const decision = {
    ...({ proposalId: proposal.id, digest: proposal.digest, decider: "person", verdict: "edited" } as const),
    actions: [
      {
        step: PLAN_STEP,
        verdict: "edited" as const,
        reason: edit.reason,
        edit: { action: "plan", planned: before, before: action?.args ?? {}, after: given },
      },
    ],
    reason: null,
    separateApprover: deps.policy.separateApprover,
    deadline: { until: expiryOf(deps.policy, proposal), now: deps.now },
  };
  const proposed = { ...planProposal(plan, null), edited: { by, before } };
  const next = { runId: run.id, number: revision.number + 1, plan, action: proposed };
  return (await replacePlan(deps.ledger, { ...stamp, tenant: run.tenant }, decision, next)).taken;
}

/** The plan, or what does not fit. */
function readPlan(args: JsonObject): Plan | string {
  if (canonicalJson(args).length > MAX_PLAN) return `The plan is longer than ${MAX_PLAN} characters.`;
  const parsed = PlanArgsSchema.safeParse(args);
  if (parsed.success) return { ...parsed.data, source: { kind: "edited" } };
  return `The plan does not fit: ${z
    .prettifyError(parsed.error)
    .replaceAll(/\s*\n\s*/g, " ")
    .slice(0, 1000)}`;
}

/** What is wrong with the plan, and what is done and was changed all the same. */
async function faultsOf(deps: NodeDeps, run: Run, { before, plan }: { before: Plan; plan: Plan }): Promise<string[]> {
  const record = await loadRecord(deps.ledger, run.tenant, run.id);
  const states = stepStates(before, record);
  const settled = before.steps.filter(({ id }) => ["completed", "skipped"].includes(states[id]?.status ?? ""));
  const changed = settled.filter((step) => {
    const now = plan.steps.find(({ id }) => id === step.id);
    return !now || canonicalJson(now) !== canonicalJson(step);
  });
  if (changed.length > 0) {
    return changed.map(({ id, title }) => `"${id}" (${title}) is done, and has to stay as it is.`);
  }
  return unsettled(await planFaults(deps, run.tenant, plan, states), states)
    .filter(({ verdict }) => verdict === "deny")
    .map(({ reason }) => reason);
}
