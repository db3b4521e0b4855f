/** What needs consent, and what policy, reviewer and person said about it. */
import { z } from "zod";
import { FailureSchema } from "./answer.ts";
import { ChangeSchema } from "./change.ts";
import { digestOf, JsonObjectSchema, JsonSchema } from "./json.ts";
import { RoleSchema } from "./role.ts";

export { type Change, ChangeSchema, changedFields, type Row } from "./change.ts";

export const ReversibilitySchema = z.enum(["reversible", "compensatable", "irreversible"]);
export type Reversibility = z.infer<typeof ReversibilitySchema>;

/** What comes of undoing it, in words. */
export function inWords(reversibility: Reversibility): string {
  if (reversibility === "reversible") return "can be undone";
  return reversibility === "compensatable" ? "can be made up for, not undone" : "cannot be undone";
}

export const ImpactLevelSchema = z.enum(["low", "medium", "high", "critical"]);
export type ImpactLevel = z.infer<typeof ImpactLevelSchema>;

/** Whether a level is no higher than another. */
export function isUpTo(level: ImpactLevel, limit: ImpactLevel): boolean {
  return ImpactLevelSchema.options.indexOf(level) <= ImpactLevelSchema.options.indexOf(limit);
}

/** How much is at stake. `durationMs` is an estimate in milliseconds. */
export const ImpactSchema = z.object({
  level: ImpactLevelSchema,
  resources: z.array(z.string()),
  reversible: z.boolean(),
  durationMs: z.number().int().nonnegative(),
  /** The money that it moves, whichever way, in the smallest unit of its currency. */
  amount: z.number().int().nonnegative().optional(),
  /** Who outside would be told of it, such as the recipients of a mail. */
  outside: z.array(z.string()).optional(),
});
export type Impact = z.infer<typeof ImpactSchema>;

/** One write as it would run: `args` are final but for references to writes of the same proposal. */
const ProposedActionSchema = z.object({
  step: z.string(),
  title: z.string(),
  action: z.string(),
  version: z.number().int(),
  args: JsonObjectSchema,
  /** Steps of the same proposal that must have run before; rejecting one of them takes this one with it. */
  dependsOn: z.array(z.string()),
  changes: z.array(ChangeSchema),
  impact: ImpactSchema,
  reversibility: ReversibilitySchema,
  /** The action's definition when this was proposed; absent where a version proposed it that kept none. */
  fingerprint: z.string().optional(),
  /** People changed its arguments: who, in order, and what was proposed before the first of them did. */
  edited: z
    .object({ by: z.array(z.string()), before: JsonObjectSchema })
    .nullable()
    .default(null),
  /** The step that has done, or will have done before it, the same. */
  repeats: z.string().optional(),
  /** Where it fails and nothing of it happened, the others go on without it, and without what depends on it. */
  optional: z.literal(true).optional(),
  /** How sure the plan is of the step, 0 to 1; absent where it does not say. */
  confidence: z.number().min(0).max(1).optional(),
  /** Arguments that came, by whatever way, from output that is not to be trusted (invariant 12). */
  untrusted: z.array(z.string()).optional(),
});
export type ProposedAction = z.infer<typeof ProposedActionSchema>;

export const VerdictSchema = z.enum(["allow", "escalate", "deny"]);
export type Verdict = z.infer<typeof VerdictSchema>;

/** Who has to approve: so many people, each with at least that role. */
export const RequirementSchema = z.object({
  role: z.enum(["operator", "approver", "admin"]),
  count: z.number().int().min(1).max(5),
});
export type Requirement = z.infer<typeof RequirementSchema>;

/** One thing that policy noticed. `step` is absent when it concerns the whole. */
export const FindingSchema = z.object({
  rule: z.string(),
  verdict: VerdictSchema,
  reason: z.string(),
  step: z.string().optional(),
  /** An escalation that the reviewer may clear, so that no person is asked. */
  clearable: z.boolean().optional(),
  /** Of an escalation: who has to approve. Absent: whoever may. */
  requires: RequirementSchema.optional(),
});
export type Finding = z.infer<typeof FindingSchema>;

/** Names the rules that something was stopped by, each once. */
export function nameRules(findings: readonly Finding[]): string {
  const rules = [...new Set(findings.map(({ rule }) => rule))];
  return `${rules.length === 1 ? "Rule" : "Rules"}: ${rules.join(", ")}.`;
}

/** What the reviewer model said; `unavailable` sends the proposal to a person. */
export const ReviewSchema = z.object({
  verdict: z.enum(["allow", "escalate", "deny", "unavailable"]),
  reasons: z.array(z.string()),
  saferWay: z.string().nullable().default(null),
  /** What it said of each action. */
  actions: z.array(z.object({ step: z.string(), verdict: VerdictSchema, reason: z.string() })).default([]),
});
export type Review = z.infer<typeof ReviewSchema>;

/**
 * Where a proposal stands. Only `pending` ones can be decided; only `approved` ones can be committed; `edited` ones were
 * replaced by what a person made of them; `stale` ones were approved for something that is no longer what would run. Of
 * plans, which are not committed, `accepted` ones are carried out, and `sent_back` ones are planned anew.
 */
const ProposalStatusSchema = z.enum([
  "pending",
  "approved",
  "rejected",
  "expired",
  "denied",
  "edited",
  "superseded",
  "stale",
  "accepted",
  "sent_back",
  "committed",
  "rolled_back",
  "uncertain",
]);
export type ProposalStatus = z.infer<typeof ProposalStatusSchema>;

export const ProposalSchema = z.object({
  id: z.string(),
  runId: z.string(),
  number: z.number().int().positive(),
  /** The revision of the plan that it was made for. */
  revision: z.number().int().default(0),
  /** Writes that are to run; writes that were called, and of which nobody can tell whether they happened; or a plan. */
  kind: z.enum(["transaction", "reconciliation", "plan"]),
  status: ProposalStatusSchema,
  /** See {@link proposalDigest}. */
  digest: z.string(),
  actions: z.array(ProposedActionSchema).min(1),
  impact: ImpactSchema,
  findings: z.array(FindingSchema),
  review: ReviewSchema.nullable(),
  /** Why it came to nothing, once it was rolled back or its outcome is unknown. */
  failure: FailureSchema.nullable(),
  /** Until when it can be decided, ISO 8601 UTC; null for ever. */
  expiresAt: z.string().nullable().default(null),
  createdAt: z.string(),
});
export type Proposal = z.infer<typeof ProposalSchema>;

/**
 * `kept` ones stay proposed, unchanged, because another action of the proposal was edited. `happened` to
 * `look_again` are a person's word on an outcome that nobody could tell; `sent_back` is for plans.
 */
export const ActionDecisionSchema = z.object({
  step: z.string(),
  verdict: z.enum(["approved", "rejected", "edited", "kept", "happened", "not_happened", "look_again", "sent_back"]),
  reason: z.string().nullable(),
  /**
   * When edited: the action, its arguments as they stood in the plan, as they were proposed, and as the person wants
   * them. A step that a later plan changed is another one.
   */
  edit: z
    .object({ action: z.string(), planned: JsonObjectSchema, before: JsonObjectSchema, after: JsonObjectSchema })
    .optional(),
});
export type ActionDecision = z.infer<typeof ActionDecisionSchema>;

/** Who decided: a person, policy (nobody had to be asked) or the system (superseded, cancelled with the run). */
const DeciderSchema = z.enum(["person", "policy", "system"]);

/** Taken once for each proposal; `digest` is the proposal's digest at that moment. */
export const DecisionSchema = z.object({
  proposalId: z.string(),
  digest: z.string(),
  decider: DeciderSchema,
  principal: z.string(),
  verdict: z.enum([
    "approved",
    "partly_approved",
    "edited",
    "rejected",
    "cancelled",
    "superseded",
    "expired",
    "reconciled",
    "sent_back",
  ]),
  actions: z.array(ActionDecisionSchema),
  reason: z.string().nullable(),
  /** By whose right, where it is another's; see docs/policy.md. */
  onBehalfOf: z.string().nullish(),
  /** The version of the tenant's settings by which it was taken; absent where a version took it that kept none. */
  settingsVersion: z.number().int().nullish(),
  /** What whoever authenticated the person said; absent where their role among the members counts. */
  role: RoleSchema.nullish(),
  decidedAt: z.string(),
});
export type Decision = z.infer<typeof DecisionSchema>;

/** Who it was, in words: by themselves, or for another. */
export const byWhom = ({ principal, onBehalfOf }: Pick<Decision, "principal" | "onBehalfOf">): string =>
  onBehalfOf ? `${principal} for ${onBehalfOf}` : principal;

/**
 * Where an effect stands. `intended`: recorded, and the receiver was not called yet. `executing`: it may have been
 * called. `uncertain`: nobody can tell. `undoing`: its undo may have been called.
 */
const EffectStatusSchema = z.enum([
  "intended",
  "executing",
  "succeeded",
  "failed",
  "uncertain",
  "undoing",
  "undone",
  "undo_failed",
]);
export type EffectStatus = z.infer<typeof EffectStatusSchema>;

/** One write's recorded execution. `key` is the idempotency key that the action gets. */
export const EffectSchema = z.object({
  key: z.string(),
  runId: z.string(),
  proposalId: z.string(),
  position: z.number().int(),
  step: z.string(),
  action: z.string(),
  version: z.number().int(),
  args: JsonObjectSchema,
  status: EffectStatusSchema,
  attempts: z.number().int(),
  undoData: JsonSchema,
  output: JsonSchema,
  changes: z.array(ChangeSchema),
  note: z.string().nullable(),
  /** When it was intended, ISO 8601 UTC. */
  createdAt: z.string(),
  /** How long its last call took, in milliseconds; null or absent where nobody measured it. */
  durationMs: z.int().nullish(),
});
export type Effect = z.infer<typeof EffectSchema>;

/**
 * The first action of a proposal after which a failure can no longer be undone whole, or null. As they run in the order
 * in which they are proposed, everything before it still can.
 */
export function pointOfNoReturn(actions: readonly ProposedAction[]): string | null {
  return actions.find((action) => action.reversibility === "irreversible")?.step ?? null;
}

/** Who changed arguments of a proposal. */
export function editorsOf(proposal: Pick<Proposal, "actions">): string[] {
  return [...new Set(proposal.actions.flatMap((action) => action.edited?.by ?? []))];
}

/**
 * What an approval is bound to: tenant, run, and each action's step, name, version, arguments and dependencies, and
 * whether the others go on without it, in order. References to writes of the same proposal stay symbolic (invariant 1). Fingerprints are left out: proposals of
 * versions that kept none must have the same digest.
 */
export function proposalDigest(
  tenant: string,
  runId: string,
  actions: readonly ProposedAction[],
  kind: Proposal["kind"] = "transaction",
): string {
  const bound = actions.map(({ step, action, version, args, dependsOn, optional }) => ({
    ...{ step, action, version, args, dependsOn },
    ...(optional ? { optional } : {}),
  }));
  return digestOf({ tenant, runId, actions: bound, ...(kind === "transaction" ? {} : { kind }) });
}
