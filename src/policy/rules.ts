/**
 * Rules of one's own. A rule looks at one action that is proposed: where it matches and its condition holds, it has an
 * effect. The most restrictive effect wins, so `allow` takes nothing back that another rule, or policy itself, forbids or
 * asks for. What cannot be judged denies (invariant 7).
 */
import { z } from "zod";
import { type Finding, ImpactLevelSchema, type Requirement, RequirementSchema } from "../domain/proposal.ts";
import { findReferences } from "../domain/references.ts";
import { HoldpointError } from "../errors.ts";
import { type Bindings, bindFacts, type Condition, compileCondition, type Judgement } from "./condition.ts";
import { ConditionFault } from "./condition-check.ts";
import { describeFault, type Fault, faultsOf } from "./faults.ts";
import { type RuleFacts, rankOf } from "./rule-facts.ts";

const { role, count } = RequirementSchema.shape;
const oneOrMore = <T extends z.ZodType>(schema: T) => z.union([schema, z.array(schema).min(1)]);
const name = z.string().min(1).max(200);

/** A rule as it is written, in code or in YAML. */
const RuleSchema = z.strictObject({
  name: z
    .string("a rule needs a name")
    .regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "a name is 1 to 60 lower-case letters, digits and hyphens"),
  /** Which actions it looks at. What is left out matches everything. */
  match: z
    .strictObject({
      /** The names of actions that write; `*` is every one. */
      action: oneOrMore(name).optional(),
      /** From this impact on. */
      minImpact: ImpactLevelSchema.optional(),
      tenant: oneOrMore(name).optional(),
    })
    .default({}),
  /** A CEL expression that is true where the rule applies; without one it applies wherever it matches. */
  when: z.string().min(1).optional(),
  effect: z.union(
    [
      z.enum(["deny", "allow"]),
      z.strictObject({
        require: z.union([
          z.strictObject({ role, count: count.default(1) }),
          role.transform((only) => ({ role: only, count: 1 })),
        ]),
      }),
    ],
    "expected deny, allow, { require: <role> } or { require: { role: <role>, count: <1 to 5> } }, with the role operator, approver or admin",
  ),
  /** Shown to people, and to whoever asked. */
  reason: z.string("a rule needs a reason, which people are shown").trim().min(1).max(500),
});

export type RuleInput = z.input<typeof RuleSchema>;

/** A rule that was checked and can be judged; made by {@link parseRules}. */
export interface Rule {
  readonly name: string;
  readonly match: z.output<typeof RuleSchema>["match"];
  readonly when: Condition | undefined;
  readonly effect: "deny" | "allow" | { readonly require: Requirement };
  readonly reason: string;
}

/**
 * Checks rules from code.
 * @param source a list of rules
 * @param context `actions`: the names of those that write, undefined when they are not known; `where`: what the rules are
 * called in errors
 * @throws HoldpointError `usage` that names the rule, the field, its value, and what was expected
 */
export function parseRules(
  source: unknown,
  { actions, where }: { actions: readonly string[] | undefined; where: string },
): Rule[] {
  const { rules, faults } = checkRules(source, actions);
  if (faults.length === 0) return rules;
  const told = faults.map((fault) => describeFault(fault, where));
  throw new HoldpointError("usage", `${told.join(" ")}`, { hint: "See docs/policy.md." });
}

/** The rules of a list, and what is wrong with them; without faults all of them are there. */
export function checkRules(
  source: unknown,
  actions: readonly string[] | undefined,
): { rules: Rule[]; faults: Fault[] } {
  const parsed = z.array(RuleSchema, "expected a list of rules").safeParse(source);
  if (!parsed.success) return { rules: [], faults: faultsOf(parsed.error, source) };
  const faults: Fault[] = [];
  const rules = parsed.data.map((rule, index): Rule => {
    const earlier = parsed.data.findIndex((other) => other.name === rule.name);
    if (earlier < index) faults.push({ path: [index, "name"], message: `another rule is called "${rule.name}"` });
    faults.push(...unknownActions(rule.match.action, actions, [index, "match", "action"]));
    return { ...rule, when: rule.when === undefined ? undefined : conditionOf(rule.when, index, actions, faults) };
  });
  return { rules, faults };
}

function unknownActions(
  named: string | string[] | undefined,
  actions: readonly string[] | undefined,
  path: readonly PropertyKey[],
): Fault[] {
  if (named === undefined || actions === undefined) return [];
  return [named].flat().flatMap((one, index) => {
    if (one === "*" || actions.includes(one)) return [];
    const message = `there is no action "${one}" that writes; there are ${actions.join(", ")}`;
    return [{ path: Array.isArray(named) ? [...path, index] : path, message }];
  });
}

function conditionOf(
  text: string,
  index: number,
  actions: readonly string[] | undefined,
  faults: Fault[],
): Condition | undefined {
  try {
    return compileCondition(text, actions);
  } catch (error) {
    if (!(error instanceof ConditionFault)) throw error;
    faults.push({ path: [index, "when"], message: error.message, offset: error.offset });
    return undefined;
  }
}

/**
 * What rules say of one action.
 * @param facts see `rule-facts.ts`; they are checked, since what is missing or of another kind must not let a rule sleep
 * @returns a finding, called `rule:<name>`, of each rule that applies or cannot be judged
 */
export function evaluateRules(rules: readonly Rule[], facts: RuleFacts | unknown): Finding[] {
  if (rules.length === 0) return [];
  const bound = bindFacts(facts);
  if ("problem" in bound) {
    const reason = `The rules cannot be judged, so it is denied: what they look at is not whole (${bound.problem}).`;
    return [{ rule: "rule-facts", verdict: "deny", reason, ...stepOf(facts) }];
  }
  const known = facts as RuleFacts;
  const { step, args } = known.action;
  const isOpen = findReferences(args).length > 0;
  const bindings = isOpen ? withoutOutcome(bound.bindings) : bound.bindings;
  return rules
    .filter((rule) => matches(rule, known, isOpen))
    .flatMap((rule) => {
      const finding = findingOf(rule, judgementOf(rule, bindings, isOpen), isOpen);
      return finding ? [{ rule: `rule:${rule.name}`, ...finding, step }] : [];
    });
}

function judgementOf({ when, match }: Rule, bindings: Bindings, isOpen: boolean): Judgement {
  const judged = when ? when.judge(bindings) : true;
  const isImpactMissing = isOpen && match.minImpact !== undefined;
  return judged === true && isImpactMissing ? { problem: "its impact is not known" } : judged;
}

/** What waits for another write has no preview yet: that it changes no rows is not known, and must not be believed. */
function withoutOutcome(bindings: Bindings): Bindings {
  const { changes: _changes, rows: _rows, impact: _impact, ...known } = bindings ?? {};
  return known;
}

function matches({ match: { action = "*", minImpact, tenant } }: Rule, facts: RuleFacts, isOpen: boolean): boolean {
  const isNamed = [action].flat().some((one) => one === "*" || one === facts.action.name);
  const isEnough = minImpact === undefined || isOpen || facts.impact.rank >= rankOf(minImpact);
  return isNamed && isEnough && (tenant === undefined || [tenant].flat().includes(facts.tenant));
}

type Effect = Pick<Finding, "verdict" | "reason" | "requires">;

function findingOf(rule: Rule, judged: Judgement, isOpen: boolean): Effect | undefined {
  if (judged === false) return undefined;
  const { effect, reason, name: called } = rule;
  const required = typeof effect === "object" ? { requires: effect.require } : {};
  if (judged === true) {
    const named = `Rule "${called}": ${reason}`;
    return { verdict: typeof effect === "object" ? "escalate" : effect, reason: named, ...required };
  }
  const why = `Rule "${called}" cannot be judged (${judged.problem})`;
  if (!isOpen) return { verdict: "deny", reason: `${why}, so it denies.` };
  // What another write of the same transaction will put out is judged once more when it is known, before it runs.
  return {
    verdict: "escalate",
    reason: `${why} before what it refers to is known. It is judged again then.`,
    ...required,
  };
}

function stepOf(facts: unknown): { step?: string } {
  const step = (facts as { action?: { step?: unknown } } | null | undefined)?.action?.step;
  return typeof step === "string" ? { step } : {};
}
