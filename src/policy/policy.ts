/**
 * Policy: pure checks of a request, a plan or a transaction, each giving findings with reasons. The most restrictive
 * finding wins, and what nobody vouched for is escalated (invariant 7).
 */
import type { Plan } from "../domain/plan.ts";
import type { Decision, Finding, Proposal, Verdict } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { type BlockedPattern, defaultBlockedPatterns, findBlocked, textsIn } from "./blocked.ts";

export interface PolicyOptions {
  /** Longest request, in UTF-16 code units. */
  maxRequestLength?: number;
  /** Most steps in a plan. */
  maxSteps?: number;
  blockedPatterns?: readonly BlockedPattern[];
  /** `always` asks a person for every write; `never` lets policy approve: only for trials and tests. */
  approval?: "always" | "never";
  /** Whoever asked may not approve. */
  separateApprover?: boolean;
}

export interface Policy {
  readonly separateApprover: boolean;
  checkRequest(text: string): Finding[];
  checkPlan(plan: Plan): Finding[];
  checkTransaction(proposal: Proposal): Finding[];
}

/** The policy that holds unless told otherwise: everything that writes needs a person. */
export function createPolicy(options: PolicyOptions = {}): Policy {
  const { maxRequestLength = 4000, maxSteps = 20, approval = "always", separateApprover = false } = options;
  const blockedPatterns = options.blockedPatterns ?? defaultBlockedPatterns;

  function checkText(text: string, step?: string): Finding[] {
    const blocked = findBlocked(text, blockedPatterns);
    if (!blocked) return [];
    const reason = `"${blocked.match}" is blocked: it looks like ${blocked.name}.`;
    return [{ rule: "blocked-pattern", verdict: "deny", reason, ...(step === undefined ? {} : { step }) }];
  }

  return {
    separateApprover,
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
    checkTransaction(proposal) {
      return proposal.actions.flatMap((action): Finding[] => [
        approval === "never"
          ? {
              rule: "writes-allowed",
              verdict: "allow",
              reason: `Policy lets "${action.title}" pass.`,
              step: action.step,
            }
          : { rule: "writes-need-a-person", verdict: "escalate", reason: writeReason(action), step: action.step },
        ...textsIn(action.args).flatMap((text) => checkText(text, action.step)),
      ]);
    },
  };
}

function writeReason(action: Proposal["actions"][number]): string {
  const undo = action.reversibility === "irreversible" ? "cannot be undone" : "can be undone";
  return `"${action.title}" changes data (${action.impact.level} impact, ${undo}), and everything that writes needs a person.`;
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
 * Whether a stored decision still lets the transaction run under the policy of this moment (invariant 1).
 * @returns undefined when it does, otherwise the reason why not
 */
export function insufficiency(
  policy: Policy,
  subject: { run: Run; proposal: Proposal; decision: Decision },
): string | undefined {
  const { run, proposal, decision } = subject;
  const verdict = transactionVerdict(proposal, policy.checkTransaction(proposal));
  if (verdict === "deny") return "Policy now denies it.";
  if (verdict === "escalate" && decision.decider !== "person") return "Policy now asks for a person.";
  if (policy.separateApprover && decision.decider === "person" && decision.principal === run.requester) {
    return "Policy now asks for somebody other than the requester.";
  }
  return undefined;
}
