/** Whose approval a proposal takes: the strictest of what settings and rules say. */
import { describe, expect, it } from "vitest";
import type { Finding, ImpactLevel } from "../../src/domain/proposal.ts";
import type { Role } from "../../src/domain/role.ts";
import { countPeople, objectionTo, requirementOf, tooFew } from "../../src/policy/requirement.ts";
import { DEFAULT_SETTINGS } from "../../src/policy/settings.ts";
import { smallImpact } from "../support/ledger.ts";

const rule = (role: "operator" | "approver" | "admin", count: number): Finding => ({
  ...{ rule: "rule:x", verdict: "escalate", reason: "So it is.", requires: { role, count } },
});
const of = (level: ImpactLevel, ...findings: Finding[]) =>
  requirementOf(DEFAULT_SETTINGS, { impact: { ...smallImpact, resources: [], level }, findings });

const voter = (text: string) => {
  const [principal = "", onBehalfOf = null] = text.split(" for ");
  return { principal, onBehalfOf };
};

describe("what a proposal takes", () => {
  it.each([
    ["low", { role: "operator", people: 1, requesterMay: true }],
    ["medium", { role: "approver", people: 1, requesterMay: true }],
    ["high", { role: "approver", people: 1, requesterMay: true }],
    ["critical", { role: "approver", people: 2, requesterMay: false }],
  ] as const)("by default, of %s impact", (level, expected) => {
    expect(of(level)).toEqual(expected);
  });

  it("is what a rule asks for, where that is more, and never less than the settings say", () => {
    expect(of("low", rule("approver", 3))).toMatchObject({ role: "approver", people: 3 });
    expect(of("low", rule("approver", 1), rule("admin", 2))).toMatchObject({ role: "admin", people: 2 });
    expect(of("critical", rule("operator", 1))).toMatchObject({ role: "approver", people: 2 });
  });

  it("is had by whoever has the role, and did not ask where that matters", () => {
    const objection = (level: ImpactLevel, role: Role | null, onBehalfOf: string | null = null, principal = "ada") =>
      objectionTo(of(level), { voter: { principal, onBehalfOf, role }, requester: "ada" });
    expect(objection("medium", "approver")).toBeUndefined();
    expect(objection("medium", "operator")).toContain("takes the role approver; ada has the role operator");
    expect(objection("medium", null)).toContain("ada has none");
    expect(objection("critical", "admin")).toContain('"ada" asked for this and may not approve it.');
    expect(objection("medium", "operator", "bob")).toContain("bob has the role operator");
    expect(objection("critical", "admin", "bob")).toContain('"ada" asked for this and may not approve it, nor in');
    expect(objection("critical", "admin", "ada", "bob")).toContain('"ada" asked for this');
    expect(objection("critical", "admin", "eve", "bob")).toBeUndefined();
  });

  it("is not had by one person who approves twice", () => {
    const few = (...names: string[]) =>
      tooFew(of("critical"), { voters: names.map((name) => ({ ...voter(name), role: "approver" })), requester: "ada" });
    expect(few("bob", "bob")).toContain("ask for 2 people");
    expect(few("bob", "eve")).toBeUndefined();
    expect(few("bob", "ada")).toContain("somebody other");
    expect(few("bob", "eve", "ada")).toBeUndefined();
  });

  it("is not had any more by who has lost the role", () => {
    const voters = [voter("bob"), voter("eve")].map(
      (one, index) => ({ ...one, role: index ? "viewer" : "approver" }) as const,
    );
    expect(tooFew(of("critical"), { voters, requester: "ada" })).toBe(
      "It takes the role approver now, and eve has the role viewer.",
    );
  });

  it.each([
    [["bob", "eve"], 2],
    [["bob", "bob"], 1],
    [["bob for eve", "eve"], 1],
    [["bob for eve", "ada for eve"], 1],
    [["bob for eve", "bob"], 1],
    [["bob for eve", "ada for bob"], 1],
    [["bob for eve", "ada for joe", "eve for joe"], 1],
    [["bob for eve", "ada for joe"], 2],
  ])("counts %s as %i", (voters, people) => {
    expect(countPeople(voters.map(voter))).toBe(people);
  });
});
