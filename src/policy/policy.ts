/**
 * Policy: pure checks of a request, a plan or a transaction, each giving findings with reasons. The most restrictive
 * finding wins, and what nobody vouched for is escalated (invariant 7).
 */
import type { Plan } from "../domain/plan.ts";
import {
  type Decision,
  editorsOf,
  type Finding,
  type ImpactLevel,
  isUpTo,
  type Proposal,
  type ProposedAction,
  type Verdict,
} from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { type BlockedPattern, defaultBlockedPatterns, findBlocked, textsIn } from "./blocked.ts";
import { checkGate, type GateFacts } from "./gate.ts";

export interface PolicyOptions {
  /** Longest request, in UTF-16 code units. */
  maxRequestLength?: number;
  /** Most steps in a plan. */
  maxSteps?: number;
  blockedPatterns?: readonly BlockedPattern[];
  /**
   * `always` asks a person for every write, whatever a tenant's settings let happen by itself; `never` asks nobody, and
   * is only for trials and tests. Default: the tenant's settings say.
   */
  approval?: "always" | "never";
  /** Whoever asked may not decide, and whoever edited may not approve. */
  separateApprover?: boolean;
  /** How often a run may be planned again after its outcome fell short. Default: 2; 0 for never. */
  maxReplans?: number;
  /** How long a person may take to decide, in milliseconds; then nothing of it runs any more. Default: for ever. */
  approvalExpiresMs?: number;
  /** A reviewer model may clear reversible writes up to this impact, so that no person is asked. Default: none. */
  clearableImpact?: ImpactLevel;
  /**
   * Up to this impact, an approval that names neither proposal nor interrupt (as Agent Inbox and agent-chat-ui send it)
   * is taken for a proposal of one single action; such an answer can be a late one. Default: `medium`; `none` for never.
   */
  plainAnswerImpact?: ImpactLevel | "none";
}

export interface Policy {
  readonly separateApprover: boolean;
  readonly plainAnswerImpact: ImpactLevel | undefined;
  /** Silence is never. */
  readonly maxReplans?: number | undefined;
  /** Milliseconds; undefined for ever. */
  readonly approvalExpiresMs?: number | undefined;
  checkRequest(text: string): Finding[];
  checkPlan(plan: Plan): Finding[];
  /** @param context what is known besides the proposal itself; without it, nothing happens by itself */
  checkTransaction(proposal: Proposal, context?: TransactionContext): Finding[];
}

/** What is known of a proposal besides itself. */
export interface TransactionContext {
  /** What is known of each action, by step. */
  readonly facts: ReadonlyMap<string, GateFacts>;
}

/** The policy that holds unless told otherwise: everything that writes needs a person. */
export function createPolicy(options: PolicyOptions = {}): Policy {
  const {
    maxRequestLength = 4000,
    maxSteps = 20,
    approval,
    separateApprover = false,
    clearableImpact,
    plainAnswerImpact = "medium",
  } = options;
  const blockedPatterns = options.blockedPatterns ?? defaultBlockedPatterns;

  function checkText(text: string, step?: string): Finding[] {
    const blocked = findBlocked(text, blockedPatterns);
    if (!blocked) return [];
    const reason = `"${blocked.match}" is blocked: it looks like ${blocked.name}.`;
    return [{ rule: "blocked-pattern", verdict: "deny", reason, ...(step === undefined ? {} : { step }) }];
  }

  return {
    separateApprover,
    approvalExpiresMs: options.approvalExpiresMs,
    maxReplans: options.maxReplans ?? 2,
    plainAnswerImpact: plainAnswerImpact === "none" ? undefined : plainAnswerImpact,
    checkRequest(text) {
      if (text.trim() === "") return [{ rule: "request-empty", verdict: "deny", reason: "The request is empty." }];
      if (text.length > maxRequestLength) {
        const reason = `The request has ${text.length} characters; at most ${maxRequestLength} are taken.`;
        return [{ rule: "request-length", verdict: "deny", reason }];
      }
      if (text.includes("\u0000") || !text.isWellFormed()) {
        const reason = "The request holds a NUL or half a surrogate pair.";
        return [{ rule: "request-characters", verdict: "deny", reason }];
      }
      return checkText(text);
    },
    checkPlan(plan) {
      const findings = plan.steps.flatMap((step) => textsIn(step.args).flatMap((text) => checkText(text, step.id)));
      if (plan.steps.length > maxSteps) {
        const reason = `The plan has ${plan.steps.length} steps; at most ${maxSteps} are taken.`;
        findings.push({ rule: "plan-length", verdict: "deny", reason });
      }
      return findings;
    },
    checkTransaction(proposal, context) {
      return proposal.actions.flatMap((action): Finding[] => [
        ...checkWrite(action, { approval, clearableImpact, context }),
        ...textsIn(action.args).flatMap((text) => checkText(text, action.step)),
      ]);
    },
  };
}

interface WriteRules {
  readonly approval: PolicyOptions["approval"];
  readonly clearableImpact: ImpactLevel | undefined;
  readonly context: TransactionContext | undefined;
}

function checkWrite(action: ProposedAction, { approval, clearableImpact, context }: WriteRules): Finding[] {
  const { step, title, impact, reversibility } = action;
  const facts = context?.facts.get(step);
  const gate = facts ? checkGate(step, facts) : [];
  if (approval === "never") {
    const allowed: Finding = { rule: "writes-allowed", verdict: "allow", reason: `Policy lets "${title}" pass.`, step };
    return [allowed, ...gate.filter(({ verdict }) => verdict !== "escalate")];
  }
  const clearable =
    clearableImpact !== undefined && reversibility === "reversible" && isUpTo(impact.level, clearableImpact);
  const asked: Finding = {
    rule: "writes-need-a-person",
    verdict: "escalate",
    reason: `"${title}" changes data (${impact.level} impact, ${reversibility === "irreversible" ? "cannot be undone" : "can be undone"}), and everything that writes needs a person.`,
    step,
  };
  const findings =
    approval === "always" || !facts ? [...gate.filter((one) => one.rule !== "automation-off"), asked] : gate;
  return findings.map((one) => (clearable && CLEARABLE.includes(one.rule) ? { ...one, clearable } : one));
}

/** What the reviewer may clear, where policy lets it: that a person is asked at all, and not for a reason. */
const CLEARABLE = ["writes-need-a-person", "automation-off", "approval-required"];

/** Until when a proposal can be decided, ISO 8601 UTC; null for ever. Outcomes that nobody can tell wait for ever. */
export function expiryOf({ approvalExpiresMs }: Policy, { kind, createdAt, expiresAt }: Proposal): string | null {
  if (kind !== "transaction") return null;
  const byPolicy =
    approvalExpiresMs === undefined ? null : new Date(Date.parse(createdAt) + approvalExpiresMs).toISOString();
  if (byPolicy === null || expiresAt === null) return byPolicy ?? expiresAt;
  return byPolicy < expiresAt ? byPolicy : expiresAt;
}

/** The most restrictive verdict: deny before escalate before allow. Without findings: `whenSilent`. */
export function strictest(findings: readonly Finding[], whenSilent: Verdict): Verdict {
  if (findings.some((finding) => finding.verdict === "deny")) return "deny";
  if (findings.some((finding) => finding.verdict === "escalate")) return "escalate";
  return findings.length === 0 ? whenSilent : "allow";
}

/** The verdict on a transaction: allow only when every action was allowed by name. */
export function transactionVerdict(proposal: Proposal, findings: readonly Finding[]): Verdict {
  const vouched = new Set(findings.filter((finding) => finding.verdict === "allow").map((finding) => finding.step));
  const verdict = strictest(findings, "escalate");
  return verdict === "allow" && !proposal.actions.every((action) => vouched.has(action.step)) ? "escalate" : verdict;
}

/**
 * What policy says of a transaction. What it is silent about goes to a person, and says so: a checked proposal always
 * has findings. So does what was edited, which nobody has approved yet, and which no reviewer may clear.
 */
export function checkTransaction(policy: Policy, proposal: Proposal, context?: TransactionContext): Finding[] {
  const findings = policy.checkTransaction(proposal, context);
  const judged = new Set(findings.map((finding) => finding.step));
  const silence = proposal.actions
    .filter(({ step }) => !judged.has(step))
    .map(({ step, title }): Finding => {
      const reason = `Policy says nothing about "${title}", so a person decides.`;
      return { rule: "policy-silent", verdict: "escalate", reason, step };
    });
  const edited = proposal.actions
    .filter((action) => action.edited)
    .map(({ step, title, edited: edit }): Finding => {
      const reason = `${edit?.by.join(", ")} changed the arguments of "${title}", so a person looks at it again.`;
      return { rule: "edited", verdict: "escalate", reason, step };
    });
  return [...findings, ...silence, ...edited];
}

/**
 * Whether a stored decision still lets the transaction run under the policy of this moment (invariant 1).
 * @returns undefined when it does, otherwise the reason why not
 */
export function insufficiency(
  policy: Policy,
  subject: { run: Run; proposal: Proposal; decision: Decision; context?: TransactionContext },
): string | undefined {
  const { run, proposal, decision, context } = subject;
  const findings = checkTransaction(policy, proposal, context);
  const verdict = transactionVerdict(proposal, findings);
  if (verdict === "deny") return "Policy now denies it.";
  if (verdict === "escalate" && decision.decider !== "person" && !isCleared(proposal, findings)) {
    return "Policy now asks for a person.";
  }
  const involved = [run.requester, ...editorsOf(proposal)];
  if (policy.separateApprover && decision.decider === "person" && involved.includes(decision.principal)) {
    return "Policy now asks for somebody other than who requested or edited it.";
  }
  return undefined;
}

/** Whether the reviewer allowed everything, and policy lets it clear every one of the escalations (invariant 8). */
export function isCleared(proposal: Proposal, findings: readonly Finding[]): boolean {
  const escalations = findings.filter((finding) => finding.verdict !== "allow");
  const clearable = escalations.length > 0 && escalations.every((finding) => finding.clearable === true);
  return clearable && proposal.review?.verdict === "allow";
}
