import { describe, expect, it } from "vitest";
import type { Decision, Proposal } from "../../src/domain/proposal.ts";
import type { Run } from "../../src/domain/run.ts";
import { createPolicy, insufficiency, strictest, transactionVerdict } from "../../src/policy/policy.ts";
import { proposedAction, smallImpact } from "../support/ledger.ts";

function proposal(...steps: string[]): Proposal {
  const actions = steps.map((step) => proposedAction(step, { text: step }));
  return {
    ...{ id: "p", runId: "r", number: 1, revision: 1, kind: "transaction", status: "pending", digest: "d", actions },
    ...{
      impact: { ...smallImpact, resources: [] },
      findings: [],
      review: null,
      failure: null,
      expiresAt: null,
      createdAt: "",
    },
  };
}

describe("policy", () => {
  const policy = createPolicy();

  it.each([
    ["", "empty"],
    [" \n ", "empty"],
    ["x".repeat(4001), "4001 characters"],
    ["a\u0000b", "NUL"],
    ["half \ud800 pair", "surrogate"],
  ])("denies a request that cannot be taken (%#)", (text, reason) => {
    const findings = policy.checkRequest(text);
    expect(strictest(findings, "allow")).toBe("deny");
    expect(findings[0]?.reason).toContain(reason);
  });

  it("takes the longest request that it allows", () => {
    expect(policy.checkRequest("x".repeat(4000))).toEqual([]);
  });

  it("asks a person for everything that writes", () => {
    const findings = policy.checkTransaction(proposal("a", "b"));
    expect(findings.map((finding) => finding.verdict)).toEqual(["escalate", "escalate"]);
    expect(transactionVerdict(proposal("a", "b"), findings)).toBe("escalate");
  });

  it("denies blocked text in arguments of a plan and of a transaction, naming the step", () => {
    const steps = [{ id: "a", title: "a", action: "note", args: { deep: [{ text: "drop table x" }] }, dependsOn: [] }];
    const finding = { rule: "blocked-pattern", verdict: "deny", step: "a" };
    expect(policy.checkPlan({ goal: "", source: { kind: "model" }, steps })).toMatchObject([finding]);
    const hostile = { ...proposal("a"), actions: [proposedAction("a", { text: "sudo rm" })] };
    expect(transactionVerdict(hostile, policy.checkTransaction(hostile))).toBe("deny");
  });

  it("takes the strictest finding, and escalates what nobody vouched for (invariant 7)", () => {
    const allow = { rule: "r", verdict: "allow", reason: "", step: "a" } as const;
    expect(strictest([allow, { ...allow, verdict: "escalate" }, { ...allow, verdict: "deny" }], "allow")).toBe("deny");
    expect(transactionVerdict(proposal("a"), [])).toBe("escalate");
    expect(transactionVerdict(proposal("a"), [allow])).toBe("allow");
    expect(transactionVerdict(proposal("a", "b"), [allow])).toBe("escalate");
  });

  it("tells why a decision is no longer sufficient", () => {
    const run = { requester: "alice" } as Run;
    const decision = { decider: "person", principal: "alice" } as Decision;
    const subject = { run, proposal: proposal("a"), decision };
    expect(insufficiency(policy, subject)).toBeUndefined();
    expect(insufficiency(policy, { ...subject, decision: { ...decision, decider: "policy" } })).toContain(
      "asks for a person",
    );
    expect(insufficiency(createPolicy({ separateApprover: true }), subject)).toContain(
      "other than who requested or edited it",
    );
    const [action] = proposal("a").actions;
    const edited = action && { ...action, edited: { by: ["bob", "carol"], before: {} } };
    const byEditors = { ...proposal("a"), actions: edited ? [edited] : [] };
    const decidedBy = (principal: string) =>
      insufficiency(createPolicy({ separateApprover: true }), {
        ...{ run, proposal: byEditors },
        decision: { ...decision, principal },
      });
    expect(decidedBy("bob")).toContain("requested or edited");
    expect(decidedBy("carol")).toContain("requested or edited");
    expect(decidedBy("dave")).toBeUndefined();
    const hostile = { ...proposal("a"), actions: [proposedAction("a", { text: "sudo rm" })] };
    expect(insufficiency(policy, { ...subject, proposal: hostile })).toContain("denies");
  });
});
