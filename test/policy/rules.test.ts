/** Rules of one's own: what they say of an action, and that nothing of them is passed over. */
import { describe, expect, it } from "vitest";
import type { Finding, ProposedAction, Row } from "../../src/domain/proposal.ts";
import { evaluateRules, parseRules, type RuleInput } from "../../src/policy/rules.ts";
import { defaultFacts } from "./facts.ts";

const actions = ["sell", "take_back", "adjust_stock"];
const rule = (more: Partial<RuleInput> = {}): RuleInput => ({
  ...{ name: "a-rule", effect: "deny", reason: "Because." },
  ...more,
});
const parse = (...given: unknown[]) => parseRules(given, { actions, where: "policy.rules" });

/** What one rule says of the default facts with some changed. */
function said(given: Partial<RuleInput>, facts: object = {}): Finding | undefined {
  const findings = evaluateRules(parse(rule(given)), { ...defaultFacts(), ...facts });
  expect(findings.length).toBeLessThan(2);
  return findings[0];
}

const withArgs = (args: ProposedAction["args"]) => ({ action: { ...defaultFacts().action, args } });
const withRow = (after: Row) => ({ changes: [{ table: "products", key: "SG001", before: null, after }] });

describe("a rule", () => {
  it("denies, escalates or allows, naming itself, its reason and the step", () => {
    const common = { rule: "rule:a-rule", reason: 'Rule "a-rule": Because.', step: "s1" };
    expect(said({ effect: "deny" })).toEqual({ ...common, verdict: "deny" });
    expect(said({ effect: "allow" })).toEqual({ ...common, verdict: "allow" });
    const requires = { role: "approver", count: 1 };
    expect(said({ effect: { require: "approver" } })).toEqual({ ...common, verdict: "escalate", requires });
    const two = { role: "admin", count: 2 } as const;
    expect(said({ effect: { require: two } })).toEqual({ ...common, verdict: "escalate", requires: two });
  });

  it.each<[string, RuleInput["match"], boolean]>([
    ["everything, when it says nothing", undefined, true],
    ["every action", { action: "*" }, true],
    ["an action", { action: "sell" }, true],
    ["another action", { action: "take_back" }, false],
    ["one of several", { action: ["take_back", "sell"] }, true],
    ["none of several", { action: ["take_back", "adjust_stock"] }, false],
    ["a lower impact", { minImpact: "low" }, true],
    ["that impact", { minImpact: "medium" }, true],
    ["a higher impact", { minImpact: "high" }, false],
    ["a tenant", { tenant: "acme" }, true],
    ["another tenant", { tenant: ["evil", "other"] }, false],
    ["action and impact", { action: "sell", minImpact: "critical" }, false],
  ])("matches %s", (_what, match, applies) => {
    expect(said({ match }) !== undefined).toBe(applies);
  });

  it.each([
    ["action.args.quantity > 1.0", true],
    ["action.args.quantity > 2", false],
    ["action.args.quantity == 2", true],
    ["action.args.quantity * 10.0 >= 20.0", true],
    ['action.name == "sell" && action.version == 1 && action.step == "s1"', true],
    ['action.title.startsWith("Sell")', true],
    ['action.reversibility == "reversible"', true],
    ['impact.level in ["medium", "high"]', true],
    ["impact.amount > 499 && impact.outside.exists(who, who.endsWith('@example.org'))", true],
    ["impact.rank >= 1 && impact.reversible && impact.durationMs + 1 == 1001", true],
    ['impact.resources.exists(r, r == "products/SG001")', true],
    ['changes.exists(c, c.table == "products" && c.after.stock < 20)', false],
    ["changes[0].before.stock - changes[0].after.stock > 1.0", true],
    ["rows > 1", false],
    ["rows == size(changes)", true],
    ['run.requester == "alice" && run.request.contains("Aviator") && run.id != ""', true],
    ['tenant == "acme"', true],
    ['transaction.size == 1 && "sell" in transaction.actions', true],
    ["edited", false],
    ["!edited", true],
    ['has(action.args.note) && action.args.note == "x"', false],
    ["action.args.customer == null", true],
    ["action.args.item != null", true],
    ['action.args == {"item": "SG001", "quantity": 2, "customer": null}', true],
    ['action.args != {"item": "SG001", "quantity": 3, "customer": null}', true],
    ['"customer" in action.args && !has(action.args.customer)', true],
    ['"colour" in action.args || has(action.args.colour)', false],
    ['action.args.item.matches("^SG[0-9]{3}$")', true],
  ])("sees with %s what is so", (when, applies) => {
    expect(said({ when }) !== undefined).toBe(applies);
  });
});

describe("a condition that cannot be judged", () => {
  it.each<[string, string, object]>([
    ["names an argument that is not there", "action.args.amount > 100.0", {}],
    ["calculates with what is no number", "action.args.item > 5", {}],
    ["calculates beyond numbers", "action.args.quantity * 1e308 * 10.0 > 1.0", {}],
    ["is not true or false", "action.args.item", {}],
    ["compares text with a number", 'action.args.item == "x"', withArgs({ item: 5 })],
    ["compares null with a text", 'action.args.customer == "x"', {}],
    ["looks for a number among texts", 'action.args.item in ["x", "y"]', withArgs({ item: 5 })],
    ["compares objects with other fields", 'action.args == {"item": "SG001"}', {}],
    ["looks for what is no name in an object", "action.args.quantity in action.args", {}],
    ["looks into a row that is not there", 'changes[0].after.owner == "x"', withRow({ stock: 1 })],
    ["looks beyond the rows", 'changes[7].table == "x"', {}],
    ["divides by zero", "rows / (rows - 1) > 1", {}],
  ])("denies, naming the rule: one that %s", (_what, when, facts) => {
    for (const effect of ["deny", "allow", { require: "approver" }] as const) {
      const finding = said({ when, effect }, facts);
      expect(finding).toMatchObject({ rule: "rule:a-rule", verdict: "deny", step: "s1" });
      expect(finding?.reason).toMatch(/^Rule "a-rule" cannot be judged \(.+\), so it denies\.$/);
    }
  });

  it("asks a person where it waits for what another write puts out, and keeps who has to approve", () => {
    const facts = withArgs({ quantity: { $ref: "s0.quantity" } });
    const when = "action.args.quantity > 1.0";
    expect(said({ when }, facts)).toMatchObject({
      verdict: "escalate",
      reason: expect.stringContaining("judged again"),
    });
    expect(said({ when, effect: "allow" }, facts)).toMatchObject({ verdict: "escalate" });
    expect(said({ when, effect: { require: "admin" } }, facts)).toMatchObject({
      requires: { role: "admin", count: 1 },
    });
  });

  it.each(["rows > 50", "changes.size() > 50", 'impact.level == "critical"', 'action.args.text == "x"'])(
    "asks a person about %s while it is not known what that will be",
    (when) => {
      for (const args of [{ text: { $ref: "s0.text" } }, { text: "see ${s0.text}", list: [1] }]) {
        const facts = { ...withArgs(args), changes: [], rows: 0 };
        const isSeen = when.includes("text") && typeof args.text === "string";
        expect(said({ when }, facts)?.verdict, JSON.stringify(args)).toBe(isSeen ? undefined : "escalate");
        expect(said({ match: { minImpact: "critical" } }, facts), "impact").toMatchObject({ verdict: "escalate" });
      }
    },
  );

  it.each<[string, unknown]>([
    ["no facts", undefined],
    ["facts without the run", { ...defaultFacts(), run: undefined }],
    ["facts without the tenant", { ...defaultFacts(), tenant: undefined }],
    ["rows that are not counted", { ...defaultFacts(), rows: 7 }],
    ["a rank of another level", { ...defaultFacts(), impact: { ...defaultFacts().impact, rank: 3 } }],
    ["infinite arguments", { ...defaultFacts(), ...withArgs({ quantity: Number.POSITIVE_INFINITY }) }],
  ])("denies everything on %s", (_what, facts) => {
    for (const effect of ["deny", "allow"] as const) {
      expect(evaluateRules(parse(rule({ effect })), facts)).toMatchObject([{ rule: "rule-facts", verdict: "deny" }]);
    }
  });

  it("cannot be reached through names that JavaScript gives every object", () => {
    const args = JSON.parse('{"constructor": {"name": "x"}, "__proto__": {"quantity": 9}}');
    expect(said({ when: 'action.args.constructor.name == "x"' }, withArgs(args))).toMatchObject({ verdict: "deny" });
    expect(said({ when: "action.args.quantity > 1.0" }, withArgs(args))?.reason).toContain("cannot be judged");
  });
});

describe("rules that do not fit are refused, naming what is wrong and where", () => {
  it.each<[string, unknown, string]>([
    ["an unknown field", rule({ wen: "true" } as never), 'policy.rules[0].wen: there is no field "wen".'],
    ["an unknown match", rule({ match: { acton: "sell" } as never }), 'match.acton: there is no field "acton".'],
    ["no name", { ...rule(), name: undefined }, "policy.rules[0].name: a rule needs a name."],
    ["a name with spaces", rule({ name: "No sales" }), "a name is 1 to 60 lower-case letters"],
    ["no reason", { ...rule(), reason: undefined }, "a rule needs a reason"],
    ["an unknown effect", rule({ effect: "dney" as never }), "policy.rules[0].effect: expected deny, allow,"],
    ["an unknown role", rule({ effect: { require: "chef" as never } }), 'it is {"require":"chef"}.'],
    ["too many people", rule({ effect: { require: { role: "admin", count: 6 } } }), "effect.require.count: Too big"],
    ["an unknown impact", rule({ match: { minImpact: "hihg" as never } }), 'it is "hihg".'],
    ["an unknown action", rule({ match: { action: ["sell", "sel"] } }), '.match.action[1]: there is no action "sel"'],
    ["an action that reads", rule({ match: { action: "find_products" } }), "that writes; there are sell, take_back"],
    ["no rule", "deny", "expected"],
    ["bad syntax", rule({ when: "rows > " }), "policy.rules[0].when at character 6: found > but"],
    ["an unknown fact", rule({ when: "rows > 1 && amont > 3" }), 'at character 13: there is no fact "amont"'],
    ["an unknown part", rule({ when: 'impact.levl == "low"' }), 'at character 7: there is no "levl"'],
    ["an unknown part of rows", rule({ when: 'changes.all(c, c.tabel == "x")' }), 'there is no "tabel"'],
    ["an impossible value", rule({ when: 'impact.level == "hihg"' }), '"hihg" is not possible there'],
    ["an impossible action", rule({ when: 'action.name == "sel"' }), '"sel" is not possible there'],
    ["an unknown function", rule({ when: "sum(rows) > 3" }), 'there is no function "sum"'],
    ["what is no condition", rule({ when: "rows" }), "it is never true or false"],
    ["what calculates", rule({ when: "rows + 1" }), "it is never true or false"],
    ["a bad pattern", rule({ when: 'tenant.matches("(")' }), 'the pattern "(" does not fit'],
    ["a pattern from data", rule({ when: "tenant.matches(run.request)" }), "is to be written in quotes"],
    ["an enormous condition", rule({ when: `rows > ${"1".repeat(3000)}` }), "at most 2000 are taken"],
  ])("%s", (_what, given, message) => {
    expect(() => parse(given)).toThrow(message);
  });

  it("two of one name", () => {
    expect(() => parse(rule(), rule())).toThrow('policy.rules[1].name: another rule is called "a-rule".');
  });

  it("all at once", () => {
    const both = () => parse(rule({ match: { action: "sel" } }), rule({ name: "b", when: "foo" }));
    expect(both).toThrow(/policy\.rules\[0\].*policy\.rules\[1\]/);
  });

  it("no list", () => {
    expect(() => parseRules({ rules: [] }, { actions, where: "policy.rules" })).toThrow("expected a list of rules");
  });
});
