/** Whose approval a proposal takes: the strictest of what settings and rules say. */
import { describe, expect, it } from "vitest";
import type { Finding, ImpactLevel } from "../../src/domain/proposal.ts";
import { objectionTo, requirementOf, tooFew } from "../../src/policy/requirement.ts";
import { DEFAULT_SETTINGS } from "../../src/policy/settings.ts";
import { smallImpact } from "../support/ledger.ts";

const rule = (role: "operator" | "approver" | "admin", count: number): Finding => ({
  ...{ rule: "rule:x", verdict: "escalate", reason: "So it is.", requires: { role, count } },
});
const of = (level: ImpactLevel, ...findings: Finding[]) =>
  requirementOf(DEFAULT_SETTINGS, { impact: { ...smallImpact, resources: [], level }, findings });

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
    const who = { principal: "ada", requester: "ada" };
    expect(objectionTo(of("medium"), { ...who, role: "approver" })).toBeUndefined();
    expect(objectionTo(of("medium"), { ...who, role: "operator" })).toContain("takes the role approver");
    expect(objectionTo(of("medium"), { ...who, role: null })).toContain("ada has none");
    expect(objectionTo(of("critical"), { ...who, role: "admin" })).toContain("may not approve it");
  });

  it("is not had by one person who approves twice", () => {
    expect(tooFew(of("critical"), { approvers: ["bob", "bob"], requester: "ada" })).toContain("ask for 2 people");
    expect(tooFew(of("critical"), { approvers: ["bob", "eve"], requester: "ada" })).toBeUndefined();
    expect(tooFew(of("critical"), { approvers: ["bob", "ada"], requester: "ada" })).toContain("somebody other");
  });
});
