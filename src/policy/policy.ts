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
  inWords,
  isUpTo,
  type Proposal,
  type ProposedAction,
  type Verdict,
} from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { type Blocked, createBlockedText } from "./blocked.ts";
import type { BlockedPattern } from "./blocked-patterns.ts";
import { AUTOMATION_RULES, BREAKER_RULE, checkGate, type GateFacts } from "./gate.ts";
import { factsOf, type PolicyRun, policyRunOf } from "./rule-facts.ts";
import { evaluateRules, parseRules, type Rule, type RuleInput } from "./rules.ts";
import { loadRulesFile } from "./rules-file.ts";
import type { TenantSettings } from "./settings.ts";

export interface PolicyOptions {
  /** Longest request, in UTF-16 code units. */
  maxRequestLength?: number;
  /** Instead of `defaultBlockedPatterns`. They run on a linear-time engine, which takes no look-around. */
  blockedPatterns?: readonly BlockedPattern[];
  /**
   * `always` asks a person for every write, whatever a tenant's settings let happen by itself. `rules` asks for every
   * write that no rule allows. `never` lets policy approve: only for trials and tests. Default: the settings say.
   */
  approval?: Approval;
  /** Rules of one's own; see docs/policy.md. */
  rules?: readonly RuleInput[];
  /** A YAML file with more of them, read once. */
  rulesFile?: string;
  /** Whoever asked may not decide, and whoever edited may not approve. */
  separateApprover?: boolean;
  /** Which plans a person looks at before anything of them runs. Default: the tenant's settings say. */
  planReview?: TenantSettings["planReview"];
  /** How long a person may take to decide, in milliseconds; then nothing of it runs any more. Default: for ever. */
  approvalExpiresMs?: number;
  /**
   * A reviewer model may clear reversible writes up to this impact, so that no person is asked, in tenants whose automation
   * is on; only that approvals are required, and nothing else that speaks for a person. Default: none.
   */
  clearableImpact?: ImpactLevel;
  /**
   * Up to this impact, an approval that names neither proposal nor interrupt (as Agent Inbox and agent-chat-ui send it)
   * is taken where it sends back what it saw, or answers a run's first question about one action; any other can be a
   * late one. Default: `medium`; `none` for never.
   */
  plainAnswerImpact?: ImpactLevel | "none";
}

type Approval = "always" | "rules" | "never";

export interface Policy {
  readonly separateApprover: boolean;
  readonly plainAnswerImpact: ImpactLevel | undefined;
  /** Silence is as the tenant's settings say. */
  readonly planReview?: TenantSettings["planReview"] | undefined;
  /** Milliseconds; undefined for ever. */
  readonly approvalExpiresMs?: number | undefined;
  checkRequest(text: string): Finding[];
  checkPlan(plan: Plan): Finding[];
  /** @param context whose proposal it is, and what is known of its actions; Holdpoint always says so */
  checkTransaction(proposal: Proposal, context?: TransactionContext): Finding[];
}

/** What is known of a proposal besides itself. */
export interface TransactionContext extends PolicyRun {
  /** What is known of each action, by step; without it, nothing happens by itself. */
  readonly facts?: ReadonlyMap<string, GateFacts>;
}

/**
 * The policy that holds unless told otherwise: everything that writes needs a person.
 * @param actions the names of the actions that write, for the check of the rules; undefined when they are not known
 * @throws HoldpointError `usage` when a rule or a pattern does not fit, or the file of rules cannot be read
 */
export function createPolicy(options: PolicyOptions = {}, actions?: readonly string[]): Policy {
  const {
    maxRequestLength = 4000,
    approval,
    separateApprover = false,
    clearableImpact,
    plainAnswerImpact = "medium",
  } = options;
  const rules = rulesOf(options, actions);
  const blockedText = createBlockedText(options.blockedPatterns);

  return {
    separateApprover,
    approvalExpiresMs: options.approvalExpiresMs,
    planReview: options.planReview,
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
      return blockedFinding(blockedText.find(text));
    },
    checkPlan(plan) {
      return plan.steps.flatMap(({ id, args }) => blockedFinding(blockedText.findIn(args), id));
    },
    checkTransaction(proposal, context) {
      return proposal.actions.flatMap((action): Finding[] => {
        const byRules = evaluateRules(rules, factsOf(action, proposal, context));
        const isLetPass = approval === "rules" && byRules.some(({ verdict }) => verdict === "allow");
        return [
          ...checkWrite(action, { approval, clearableImpact, isLetPass, facts: context?.facts?.get(action.step) }),
          ...byRules,
          ...blockedFinding(blockedText.findIn(action.args), action.step),
        ];
      });
    },
  };
}

function blockedFinding(blocked: Blocked | undefined, step?: string): Finding[] {
  if (!blocked) return [];
  const { name, match, how } = blocked;
  const where = step === undefined ? "" : ` in step "${step}"`;
  const disguise = how === undefined ? "" : `, written in ${how}`;
  const reason = `"${match}" is blocked${where}: it looks like ${name}${disguise}.`;
  return [{ rule: "blocked-pattern", verdict: "deny", reason, ...(step === undefined ? {} : { step }) }];
}

/** A `deny` finding where a plan or a transaction has more steps than the tenant's settings take. */
export function checkLength(
  what: "plan" | "transaction",
  steps: number,
  { maxSteps }: Pick<TenantSettings, "maxSteps">,
): Finding[] {
  if (steps <= maxSteps) return [];
  const reason = `The ${what} has ${steps} steps; at most ${maxSteps} are taken (setting maxSteps)${what === "plan" ? ", done ones among them" : ""}.`;
  return [{ rule: `${what}-length`, verdict: "deny", reason }];
}

/** Those of the program, then those of the file. Two of the same name could not be told apart. */
function rulesOf({ rules = [], rulesFile }: PolicyOptions, actions: readonly string[] | undefined): Rule[] {
  const own = parseRules(rules, { actions, where: "policy.rules" });
  const filed = rulesFile === undefined ? [] : loadRulesFile(rulesFile, actions);
  const twice = filed.find(({ name }) => own.some((rule) => rule.name === name));
  if (!twice) return [...own, ...filed];
  throw new HoldpointError("usage", `${rulesFile} and policy.rules both have a rule "${twice.name}".`, {
    hint: "Give one of them another name.",
  });
}

interface WriteRules {
  readonly approval: Approval | undefined;
  readonly clearableImpact: ImpactLevel | undefined;
  /** A rule of one's own lets it pass, in place of automation. */
  readonly isLetPass: boolean;
  readonly facts: GateFacts | undefined;
}

function checkWrite(action: ProposedAction, rules: WriteRules): Finding[] {
  const { step, title, impact, reversibility } = action;
  const { approval, clearableImpact, isLetPass, facts } = rules;
  const gate = facts ? checkGate(step, facts) : [];
  if (approval === "never") {
    const allowed: Finding = { rule: "writes-allowed", verdict: "allow", reason: `Policy lets "${title}" pass.`, step };
    return [allowed, ...gate.filter(({ verdict }) => verdict !== "escalate")];
  }
  const hard = gate.filter(({ rule }) => !AUTOMATION_RULES.includes(rule));
  if (isLetPass) return hard;
  const undo = inWords(reversibility);
  const reason = `"${title}" changes data (${impact.level} impact, ${undo}), and everything that writes needs a person.`;
  const asked: Finding = { rule: "writes-need-a-person", verdict: "escalate", reason, step };
  const findings = approval === undefined && facts ? gate : [asked, ...hard];
  const clearable =
    clearableImpact !== undefined &&
    facts?.settings.automation === true && // the master switch: without it, a person decides
    reversibility === "reversible" &&
    isUpTo(impact.level, clearableImpact);
  return findings.map((one) => (clearable && CLEARABLE.includes(one.rule) ? { ...one, clearable } : one));
}

/** What the reviewer may clear, where policy lets it: that a person is asked at all, and not for a reason. */
const CLEARABLE = ["writes-need-a-person", "approval-required"];

/** Until when a proposal can be decided, ISO 8601 UTC; null for ever. Outcomes that nobody can tell wait for ever. */
export function expiryOf(
  { approvalExpiresMs }: Pick<Policy, "approvalExpiresMs">,
  { kind, createdAt, expiresAt }: Pick<Proposal, "kind" | "createdAt" | "expiresAt">,
): string | null {
  if (kind === "reconciliation") return null;
  const byPolicy =
    approvalExpiresMs === undefined ? null : new Date(Date.parse(createdAt) + approvalExpiresMs).toISOString();
  if (byPolicy === null || expiresAt === null) return byPolicy ?? expiresAt;
  return byPolicy < expiresAt ? byPolicy : expiresAt;
}

/**
 * When whoever decides is reminded of a proposal, ISO 8601 UTC.
 * @param remindBeforeMinutes how long before it expires; where it has less time than that, at half of it
 */
export function reminderOf(
  { createdAt, expiresAt }: { readonly createdAt: string; readonly expiresAt: string },
  remindBeforeMinutes: number,
): string {
  const [from, until] = [Date.parse(createdAt), Date.parse(expiresAt)];
  const before = remindBeforeMinutes * 60_000;
  return new Date(until - from < before ? from + (until - from) / 2 : until - before).toISOString();
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
export function checkTransaction(
  policy: Policy,
  proposal: Proposal,
  run: Run,
  facts?: ReadonlyMap<string, GateFacts>,
): Finding[] {
  const findings = policy.checkTransaction(proposal, { ...policyRunOf(run), ...(facts ? { facts } : {}) });
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
  const [known] = facts?.values() ?? [];
  const tooLong = known ? checkLength("transaction", proposal.actions.length, known.settings) : [];
  return [...findings, ...silence, ...edited, ...tooLong];
}

/**
 * Whether a stored decision still lets the transaction run under the policy of this moment (invariant 1).
 * @returns undefined when it does, otherwise the reason why not
 */
export function insufficiency(
  policy: Policy,
  subject: { run: Run; proposal: Proposal; decision: Decision; facts?: ReadonlyMap<string, GateFacts> },
): string | undefined {
  const { run, proposal, decision, facts } = subject;
  const findings = checkTransaction(policy, proposal, run, facts);
  const verdict = transactionVerdict(proposal, findings);
  if (verdict === "deny") return "Policy now denies it.";
  if (verdict === "escalate" && decision.decider !== "person" && !isCleared(proposal, findings)) {
    return "Policy now asks for a person.";
  }
  const untold = decision.decider === "person" ? untoldPause(proposal, decision, findings) : undefined;
  if (untold !== undefined) return untold;
  const involved = [run.requester, ...editorsOf(proposal)];
  const deciders = [decision.principal, decision.onBehalfOf];
  if (policy.separateApprover && decision.decider === "person" && involved.some((name) => deciders.includes(name))) {
    return "Policy now asks for somebody other than who requested or edited it.";
  }
  return undefined;
}

/** Whether a proposal said that the receiver of an action is left alone, so that whoever approves it knows. */
export const toldOfHold = ({ findings }: Proposal, step: string): boolean =>
  findings.some((finding) => finding.rule === BREAKER_RULE && finding.step === step);

/** That the receiver of an approved action is left alone by now, and whoever approved it could not know; or undefined. */
function untoldPause(proposal: Proposal, { actions }: Decision, findings: readonly Finding[]): string | undefined {
  const isUntold = (step: string) =>
    !toldOfHold(proposal, step) && actions.some((other) => other.step === step && other.verdict === "approved");
  return findings.find(({ rule, step }) => rule === BREAKER_RULE && step !== undefined && isUntold(step))?.reason;
}

/** The facts of the actions of a proposal, by step: as they were shown, and as they are known to run. */
interface FactsShownAndKnown {
  readonly shown: ReadonlyMap<string, GateFacts>;
  readonly known: ReadonlyMap<string, GateFacts>;
}

/**
 * What policy says against an action of which more is known than when it was approved, since what it refers to has run,
 * or the world has moved on: that it is denied, or that it needs an approval that nobody was asked for.
 * @param subject `known`: the actions of the proposal as they would run
 * @returns undefined when nothing speaks against it
 */
export function objectionToKnown(
  policy: Policy,
  subject: { run: Run; proposal: Proposal; known: ProposedAction[]; step: string; facts: FactsShownAndKnown },
): string | undefined {
  const { run, proposal, known, step, facts } = subject;
  const ofAction = (actions: ProposedAction[], about: ReadonlyMap<string, GateFacts>) =>
    policy
      .checkTransaction({ ...proposal, actions }, { ...policyRunOf(run), facts: about })
      .filter((finding) => finding.step === undefined || finding.step === step);
  const findings = ofAction(known, facts.known);
  const denied = findings.find(({ verdict }) => verdict === "deny");
  if (denied) return denied.reason;
  const asked = new Set(ofAction(proposal.actions, facts.shown).map(({ rule, verdict }) => `${verdict} ${rule}`));
  const unasked = findings.find(({ rule, verdict }) => verdict === "escalate" && !asked.has(`${verdict} ${rule}`));
  return unasked && `It needs an approval that was not asked for: ${unasked.reason}`;
}

/** Whether the reviewer allowed everything, and policy lets it clear every one of the escalations (invariant 8). */
export function isCleared(proposal: Proposal, findings: readonly Finding[]): boolean {
  const escalations = findings.filter((finding) => finding.verdict !== "allow");
  const clearable = escalations.length > 0 && escalations.every((finding) => finding.clearable === true);
  return clearable && proposal.review?.verdict === "allow";
}
