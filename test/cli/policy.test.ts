/** `policy test`, and rules from the environment. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { holdpoint } from "../support/child.ts";
import { tempDir } from "../support/temp.ts";

const RULES = `rules:
  - name: no-large-sales
    match: { action: sell }
    when: action.args.quantity > 10.0
    effect: deny
    reason: Sales of more than ten pieces are made by the wholesale team.
  - name: two-for-stock
    match: { action: adjust_stock }
    effect: { require: { role: approver, count: 2 } }
    reason: Two people correct stock.
  - name: small-returns
    match: { action: take_back }
    when: action.args.quantity <= 2.0 && run.requester != "mallory"
    effect: allow
    reason: Small returns are routine.
`;

let home: string;
const file = (name: string, content: string) => {
  const path = join(home, name);
  writeFileSync(path, content);
  return path;
};
const withRules = (rules = RULES, more: Record<string, string> = {}) => ({
  environment: { HOLDPOINT_RULES: file("rules.yaml", rules), ...more },
});
const casesOf = (...lines: string[]) =>
  file("cases.yaml", `cases:\n${lines.map((line) => `  - { ${line} }\n`).join("")}`);

beforeEach(() => {
  home = tempDir();
});

describe("policy test", () => {
  const dozen =
    "name: a dozen, action: sell, args: { item: SG001, quantity: 12 }, expect: deny, because: no-large-sales";
  const returns = "name: a return, action: take_back, args: { item: SG001, quantity: 1 }, expect: allow";

  it("says of each case what came of it and why, and ends with 0 when all are as expected", async () => {
    const cases = casesOf(
      dozen,
      "name: two, action: sell, args: { item: SG001, quantity: 2 }, expect: escalate, because: writes-need-a-person",
      "name: stock, action: adjust_stock, expect: escalate, because: two-for-stock",
      "name: no quantity, action: sell, expect: deny, because: no-large-sales",
      "name: text, action: sell, args: { item: 'rm -rf /', quantity: 1 }, expect: deny, because: blocked-pattern",
    );
    const ended = await holdpoint({ home, ...withRules() }, "policy", "test", cases);
    expect(ended.stderr).toBe("");
    expect(ended.stdout).toContain("rule:two-for-stock (2 × approver)");
    expect(ended.stdout).toContain("5 of 5 cases came out as expected.");
    expect(ended.status).toBe(0);
  });

  it("ends with 5 when one is not, for another verdict or another reason", async () => {
    const cases = casesOf(dozen, returns, dozen.replace("because: no-large-sales", "because: blocked-pattern"));
    const ended = await holdpoint({ home, ...withRules() }, "policy", "test", cases);
    expect(ended.stdout).toContain("1 of 3 cases came out as expected.");
    expect(ended.status).toBe(5);
    const json = await holdpoint({ home, ...withRules() }, "policy", "test", cases, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      cases: [
        { name: "a dozen", verdict: "deny", asExpected: true, because: [{ rule: "rule:no-large-sales" }] },
        { name: "a return", expected: "allow", verdict: "escalate", asExpected: false },
        { asExpected: false },
      ],
      ...{ passed: 1, failed: 2, exitStatus: 5 },
    });
    expect(json.status).toBe(5);
  });

  it("knows who asks, whose data it is, what it changes and what stands beside it", async () => {
    const rules = `rules:
  - { name: who, when: run.requester == "mallory" || tenant == "evil" || edited, effect: deny, reason: Who. }
  - { name: what, when: 'rows > 1 && changes[1].after.stock < 0.0', effect: deny, reason: What. }
  - { name: beside, when: '"sell" in transaction.actions && action.name == "adjust_stock"', effect: deny, reason: Beside. }
  - { name: impact, match: { minImpact: critical }, effect: deny, reason: Impact. }
`;
    const change = (stock: number) => `{ table: t, key: k, before: null, after: { stock: ${stock} } }`;
    const cases = casesOf(
      "name: a, action: sell, requester: mallory, expect: deny, because: who",
      "name: b, action: sell, tenant: evil, expect: deny, because: who",
      "name: c, action: sell, edited: true, expect: deny, because: rule:who",
      `name: d, action: sell, changes: [${change(1)}, ${change(-1)}], expect: deny, because: what`,
      "name: e, action: adjust_stock, with: [sell], expect: deny, because: beside",
      "name: f, action: sell, impact: critical, expect: deny, because: impact",
      "name: g, action: adjust_stock, expect: escalate",
    );
    const ended = await holdpoint({ home, ...withRules(rules) }, "policy", "test", cases);
    expect(ended.stdout).toContain("7 of 7");
  });

  it.each<[string, string, string]>([
    ["an unknown action", "name: a, action: sel, expect: deny", ':2:24: there is no action "sel" that writes'],
    ["an action that reads", "name: a, action: find_products, expect: deny", "that writes; there are"],
    ["an unknown field", "name: a, action: sell, expect: deny, becuase: x", ':2:44: there is no field "becuase".'],
    ["an unknown verdict", "name: a, action: sell, expect: refuse", ":2:38: Invalid option"],
    ["nothing expected", "name: a, action: sell", ":2:5: "],
  ])("refuses a file with %s, with 2 and the place", async (_what, line, message) => {
    const path = casesOf(line);
    const ended = await holdpoint({ home, ...withRules() }, "policy", "test", path);
    expect(ended.stderr).toContain(`holdpoint: ${path}`);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(ended.status).toBe(2);
  });

  it.each([
    [["policy"], "`policy` needs a command"],
    [["policy", "test"], "missing required argument 'cases.yaml'"],
    [["policy", "test", "/nowhere/cases.yaml"], "/nowhere/cases.yaml does not exist."],
  ])("refuses %j with 2", async (args, message) => {
    const ended = await holdpoint({ home }, ...args);
    expect(ended.stderr).toContain(message);
    expect(ended.status).toBe(2);
  });
});

describe("rules from HOLDPOINT_RULES", () => {
  it("stop the start when they do not fit, whatever is asked for", async () => {
    const bad = withRules(RULES.replace("action: sell", "action: sel"));
    const ended = await holdpoint({ home, ...bad }, "list");
    expect(ended.stderr).toContain(':3:22: there is no action "sel" that writes');
    expect(ended.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(ended.status).toBe(2);
    const none = await holdpoint({ home, environment: { HOLDPOINT_RULES: "/nowhere.yaml" } }, "list");
    expect(none.stderr).toContain("/nowhere.yaml does not exist.");
    expect(none.status).toBe(2);
  });

  it("deny what is asked for, with their reason", async () => {
    const ended = await holdpoint({ home, ...withRules() }, "Buy 12 Aviators");
    expect(ended.stdout).toContain(
      'Rule "no-large-sales": Sales of more than ten pieces are made by the wholesale team. Nothing was changed.',
    );
    expect(ended.stdout).not.toContain("needs a person");
    expect(ended.status).toBe(4);
  });

  it("let a write pass that they allow, where only rules decide who is asked", async () => {
    const rules = withRules(RULES, { HOLDPOINT_APPROVAL: "rules" });
    expect((await holdpoint({ home, ...rules }, "Return 1 Aviator")).status).toBe(0);
    expect((await holdpoint({ home, ...rules }, "Return 3 Aviators")).status).toBe(3);
    expect((await holdpoint({ home, ...rules }, "Buy 1 Moon")).status).toBe(3);
    expect((await holdpoint({ home, ...withRules() }, "Return 1 Aviator")).status).toBe(3);
  });
});
