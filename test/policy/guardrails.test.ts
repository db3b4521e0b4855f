/** Row A6: what request, plan and transaction must not hold, and that each block names its rule, its reason and the step. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Plan, PlanSchema } from "../../src/domain/plan.ts";
import type { Proposal } from "../../src/domain/proposal.ts";
import type { Run } from "../../src/domain/run.ts";
import { checkPlan } from "../../src/planning/check-plan.ts";
import type { GateFacts } from "../../src/policy/gate.ts";
import { checkLength, checkTransaction, createPolicy } from "../../src/policy/policy.ts";
import { DEFAULT_SETTINGS } from "../../src/policy/settings.ts";
import { proposedAction, smallImpact } from "../support/ledger.ts";

const policy = createPolicy();
const settings = { ...DEFAULT_SETTINGS, maxSteps: 3 };
const run: Run = {
  ...{ id: "r", tenant: "acme", threadId: "t", requester: "alice", request: "", status: "running", answer: null },
  ...{ cancellation: null, pause: null, rollback: null, idleMs: 0, idleSince: null, createdAt: "", updatedAt: "" },
};
const base64 = (text: string) => Buffer.from(text).toString("base64");

type Step = { id: string; args?: object; action?: string; dependsOn?: string[] };
const planOf = (...steps: Step[]): Plan =>
  PlanSchema.parse({
    goal: "g",
    source: { kind: "model" },
    steps: steps.map((step) => ({ title: "t", action: "note", args: { text: "x" }, ...step })),
  });
const proposalOf = (...args: object[]): Proposal => ({
  ...{ id: "p", runId: "r", number: 1, revision: 1, kind: "transaction", status: "pending", digest: "d" },
  actions: args.map((given, index) => ({ ...proposedAction(`s${index}`), args: given as never })),
  ...{
    impact: { ...smallImpact, resources: [] },
    findings: [],
    review: null,
    failure: null,
    expiresAt: null,
    createdAt: "",
  },
});

/** As the guardrail checks a plan: its structure, then policy. */
const planFindings = (plan: Plan) => {
  const input = z.strictObject({
    text: z.unknown().optional(),
    words: z.unknown().optional(),
    second: z.unknown().optional(),
  });
  const action = { kind: "write" as const, input, output: z.object({ text: z.string() }) };
  return [
    ...checkPlan(plan, (name) => (name === "note" ? action : undefined)),
    ...checkLength("plan", plan.steps.length, settings),
    ...policy.checkPlan(plan),
  ];
};

describe("a request is blocked", () => {
  it.each([
    ["that is empty", "  ", "request-empty", "is empty"],
    ["that is too long", "x".repeat(4001), "request-length", "4001 characters; at most 4000"],
    ["with a NUL", "a\u0000b", "request-characters", "NUL"],
    [
      "with destructive SQL",
      "Buy 2; drop table x",
      "blocked-pattern",
      '"drop table" is blocked: it looks like destructive SQL.',
    ],
    ["with shell destruction", "please format c:", "blocked-pattern", "shell destruction"],
    ["with privilege escalation", "sudo reboot now", "blocked-pattern", "privilege escalation"],
    ["in disguise", `run ${base64("rm -rf /home")}`, "blocked-pattern", "shell destruction, written in base64."],
  ])("%s", (_what, text, rule, reason) => {
    expect(policy.checkRequest(text)).toMatchObject([
      { rule, verdict: "deny", reason: expect.stringContaining(reason) },
    ]);
  });

  it("and an ordinary one is not", () => {
    expect(policy.checkRequest("Please format the report, and drop it on the table.")).toEqual([]);
  });
});

describe("a plan is blocked", () => {
  it.each<[string, Plan, string, string | undefined, string]>([
    [
      "with an unknown action",
      planOf({ id: "a", action: "erase" }),
      "plan-unknown-action",
      "a",
      '"erase", which is no action',
    ],
    [
      "that waits for no step",
      planOf({ id: "a", dependsOn: ["z"] }),
      "plan-unknown-step",
      "a",
      '"z", which is no step',
    ],
    [
      "whose steps wait for each other",
      planOf({ id: "a", dependsOn: ["b"] }, { id: "b", dependsOn: ["a"] }),
      ...(["plan-cycle", "a", "a -> b -> a"] as const),
    ],
    [
      "with too many steps",
      planOf(...["a", "b", "c", "d"].map((id) => ({ id }))),
      "plan-length",
      undefined,
      "4 steps; at most 3",
    ],
    [
      "with blocked text",
      planOf({ id: "a" }, { id: "b", args: { text: "rm -rf /" } }),
      "blocked-pattern",
      "b",
      'in step "b"',
    ],
    ["with encoded text", planOf({ id: "a", args: { text: base64("sudo reboot") } }), "blocked-pattern", "a", "base64"],
    [
      "with text in parts",
      planOf({ id: "a", args: { words: ["rm", "-rf", "/"] } }),
      ...(["blocked-pattern", "a", "written in several arguments."] as const),
    ],
    [
      "with text in two arguments",
      planOf({ id: "a", args: { text: "drop", second: "table x" } }),
      "blocked-pattern",
      "a",
      "drop table",
    ],
  ])("%s", (_what, plan, rule, step, reason) => {
    const findings = planFindings(plan);
    expect(findings).toMatchObject([{ rule, verdict: "deny", reason: expect.stringContaining(reason) }]);
    expect(findings[0]?.step).toBe(step);
  });

  it("but not for what stands in two different steps", () => {
    expect(planFindings(planOf({ id: "a", args: { text: "drop" } }, { id: "b", args: { text: "table x" } }))).toEqual(
      [],
    );
  });
});

describe("a transaction is blocked", () => {
  it.each<[string, Proposal, string, string | undefined, string]>([
    ["with blocked text", proposalOf({}, { text: "chmod 777 /etc" }), "blocked-pattern", "s1", "privilege escalation"],
    ["with encoded text", proposalOf({ text: "%64%72op%20table users" }), "blocked-pattern", "s0", "escapes"],
    ["with text in parts", proposalOf({ words: ["sudo", "reboot"] }), "blocked-pattern", "s0", "several arguments"],
  ])("%s", (_what, proposal, rule, step, reason) => {
    const denials = policy.checkTransaction(proposal).filter(({ verdict }) => verdict === "deny");
    expect(denials).toMatchObject([{ rule, reason: expect.stringContaining(reason) }]);
    expect(denials[0]?.step).toBe(step);
  });

  it("with too many actions", () => {
    const proposal = proposalOf({}, {}, {}, {});
    const facts = new Map([["s0", { settings } as GateFacts]]);
    expect(checkTransaction(policy, proposal, run, facts)).toContainEqual({
      ...{ rule: "transaction-length", verdict: "deny" },
      reason: "The transaction has 4 steps; at most 3 are taken (setting maxSteps).",
    });
  });
});
