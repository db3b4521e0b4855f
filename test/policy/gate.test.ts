/** Rows E3, E4, E5, E13: what may happen by itself, and why not. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../src/domain/proposal.ts";
import { checkGate, type GateFacts } from "../../src/policy/gate.ts";
import { strictest } from "../../src/policy/policy.ts";
import { DEFAULT_SETTINGS, MODES, type TenantSettings } from "../../src/policy/settings.ts";

const LATER = "2026-01-01T00:00:00.000Z";

/** Everything that automation asks for. */
const OPEN: TenantSettings = { ...DEFAULT_SETTINGS, automation: true, approvalRequired: false, canaryShare: 1 };
const HARMLESS: GateFacts = {
  ...{ settings: OPEN, version: 1, action: "create_task", title: "Create a task", impact: "low" },
  ...{ reversibility: "reversible", confidence: 0.95, firstUse: false, canary: 0.5, usedThisHour: 0, usedToday: 0 },
  ...{ amount: 0, spentInRun: 0, spentToday: 0, rows: 1, resources: 1, durationMs: 100, outside: [], untrusted: [] },
  ...{ failuresInRow: 0, heldUntil: null },
};
const facts = (settings: Partial<TenantSettings>, more: Partial<GateFacts> = {}): GateFacts => ({
  ...HARMLESS,
  settings: { ...OPEN, ...settings },
  ...more,
});
const verdictOf = (given: unknown): Verdict => strictest(checkGate("s1", given), "escalate");
const stops = (given: unknown) => checkGate("s1", given).filter(({ verdict }) => verdict !== "allow");

describe("the gate", () => {
  it("lets what is harmless and sure happen by itself, where a tenant wants that, and says why", () => {
    expect(verdictOf(HARMLESS)).toBe("allow");
    expect(checkGate("s1", HARMLESS).map(({ reason }) => reason)).toEqual([
      "The plan is 0.95 sure of this step; 0.9 is asked for.",
      "Its impact is low; up to low it may happen by itself.",
      "The run is in the share of 1 in which automation acts.",
    ]);
  });

  it("says of a receiver that is left alone how often it failed, and until when", () => {
    expect(stops(facts({}, { failuresInRow: 5, heldUntil: LATER })).map(({ reason }) => reason)).toEqual([
      '"create_task" failed 5 times in a row, and is left alone until 2026-01-01T00:00:00.000Z.',
    ]);
  });

  it("lets nothing happen by itself by default", () => {
    expect(stops({ ...HARMLESS, settings: DEFAULT_SETTINGS }).map(({ rule }) => rule)).toEqual(["automation-off"]);
    expect(DEFAULT_SETTINGS).toMatchObject({
      ...{ automation: false, approvalRequired: true, confidenceThreshold: 0.9, canaryShare: 0 },
      ...{ actionsPerHour: 10, actionsPerDay: 50 },
    });
  });

  it.each<[string, GateFacts, Verdict, string]>([
    ["automation is off", facts({ automation: false }), "escalate", "automation-off"],
    ["an approval is required", facts({ approvalRequired: true }), "escalate", "approval-required"],
    ["the plan is less sure than asked for", facts({}, { confidence: 0.89 }), "escalate", "confidence"],
    ["the plan does not say how sure it is", facts({}, { confidence: null }), "escalate", "confidence"],
    ["the action is not allowed", facts({ allowedActions: ["other"] }), "deny", "allowed-actions"],
    ["no action is allowed", facts({ allowedActions: [] }), "deny", "allowed-actions"],
    ["the impact is high", facts({}, { impact: "high" }), "escalate", "impact"],
    ["it cannot be undone", facts({}, { reversibility: "irreversible" }), "escalate", "irreversible"],
    ["it is the tenant's first use", facts({}, { firstUse: true }), "escalate", "first-use"],
    ["the hour is used up", facts({ actionsPerHour: 10 }, { usedThisHour: 10 }), "escalate", "rate-per-hour"],
    ["the day is used up", facts({ actionsPerDay: 50 }, { usedToday: 50 }), "escalate", "rate-per-day"],
    [
      "it would exceed the run's budget",
      facts({ budgetPerRun: 100 }, { spentInRun: 60, amount: 41 }),
      "deny",
      "budget-per-run",
    ],
    [
      "it would exceed the day's budget",
      facts({ budgetPerDay: 100 }, { spentToday: 60, amount: 41 }),
      "deny",
      "budget-per-day",
    ],
    ["the run is not in the canary's share", facts({ canaryShare: 0.5 }, { canary: 0.5 }), "escalate", "canary"],
    ["it moves a large amount", facts({ largeAmount: 100 }, { amount: 100 }), "escalate", "large-amount"],
    ["it changes many rows", facts({ manyRows: 20 }, { rows: 20 }), "escalate", "many-rows"],
    ["it touches many resources", facts({ manyResources: 5 }, { resources: 5 }), "escalate", "many-resources"],
    ["it takes long", facts({ longMinutes: 2 }, { durationMs: 120_000 }), "escalate", "long-duration"],
    ["it goes outside", facts({}, { outside: ["a@example.org"] }), "escalate", "outside-recipient"],
    ["an argument came from outside", facts({}, { untrusted: ["text"] }), "escalate", "untrusted-argument"],
    ["its receiver is left alone", facts({}, { failuresInRow: 5, heldUntil: LATER }), "escalate", "breaker"],
    [
      "its receiver is left alone, pre-approved or not",
      facts({ preApprovedActions: ["create_task"] }, { failuresInRow: 5, heldUntil: LATER }),
      "escalate",
      "breaker",
    ],
  ])("stops where %s, and names the rule", (_why, given, verdict, rule) => {
    expect(verdictOf(given)).toBe(verdict);
    expect(stops(given).map((finding) => finding.rule)).toEqual([rule]);
  });

  it.each<[string, GateFacts]>([
    ["exactly as sure as asked for", facts({}, { confidence: 0.9 })],
    ["the last of the hour and of the day", facts({}, { usedThisHour: 9, usedToday: 49 })],
    [
      "exactly within both budgets",
      facts({ budgetPerRun: 100, budgetPerDay: 100 }, { spentInRun: 60, spentToday: 60, amount: 40 }),
    ],
    ["what failed, and is not left alone", facts({}, { failuresInRow: 4 })],
    ["just inside the canary's share", facts({ canaryShare: 0.5 }, { canary: 0.4999 })],
    [
      "pre-approved although approvals are required",
      facts({ approvalRequired: true, preApprovedActions: ["create_task"] }),
    ],
    ["pre-approved up to a higher impact", facts({ preApprovedActions: ["create_task"] }, { impact: "medium" })],
  ])("lets pass what is %s", (_why, given) => {
    expect(verdictOf(given)).toBe("allow");
  });

  it.each([
    ["strict", "low", false, "escalate"],
    ["strict", "low", true, "allow"],
    ["strict", "medium", true, "escalate"],
    ["moderate", "low", false, "allow"],
    ["moderate", "medium", false, "escalate"],
    ["moderate", "medium", true, "allow"],
    ["moderate", "high", true, "escalate"],
    ["permissive", "medium", false, "allow"],
    ["permissive", "high", false, "escalate"],
    ["permissive", "high", true, "allow"],
    ["permissive", "critical", true, "escalate"],
  ] as const)("in mode %s, of impact %s, pre-approved %s: %s", (safetyMode, impact, preApproved, verdict) => {
    const preApprovedActions = preApproved ? ["create_task"] : [];
    expect(verdictOf(facts({ safetyMode, preApprovedActions }, { impact }))).toBe(verdict);
  });

  it("gives every reason that applies, the most restrictive one counts", () => {
    const given = facts({ allowedActions: [], budgetPerRun: 0 }, { amount: 5, firstUse: true, untrusted: ["text"] });
    expect(verdictOf(given)).toBe("deny");
    expect(stops(given).map(({ rule }) => rule)).toEqual([
      "allowed-actions",
      "budget-per-run",
      "untrusted-argument",
      "first-use",
    ]);
  });
});

const NUMBER_OF_MUTATIONS = 10_000;

const anySettings = fc.record<TenantSettings>({
  automation: fc.boolean(),
  approvalRequired: fc.boolean(),
  confidenceThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
  actionsPerHour: fc.nat(20),
  actionsPerDay: fc.nat(100),
  requestsPerMinute: fc.constant(null),
  requestsPerMinutePerPerson: fc.constant(null),
  allowedActions: fc.option(fc.constantFrom([], ["create_task"], ["other"]), { nil: null }),
  preApprovedActions: fc.constantFrom([], ["create_task"], ["other"]),
  planReview: fc.constantFrom("never", "risky", "always"),
  canaryShare: fc.double({ min: 0, max: 1, noNaN: true }),
  safetyMode: fc.constantFrom("strict", "moderate", "permissive"),
  budgetPerRun: fc.option(fc.nat(1000), { nil: null }),
  budgetPerDay: fc.option(fc.nat(1000), { nil: null }),
  largeAmount: fc.nat(1000),
  manyRows: fc.integer({ min: 1, max: 50 }),
  manyResources: fc.integer({ min: 1, max: 50 }),
  longMinutes: fc.integer({ min: 1, max: 200 }),
  notifyOnAutomatic: fc.boolean(),
  remindBeforeMinutes: fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: null }),
  keepCheckpointsDays: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: null }),
  keepAuditDays: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: null }),
  maxReplans: fc.nat(20),
  maxExpansions: fc.nat(1000),
  maxSteps: fc.integer({ min: 1, max: 1000 }),
  maxModelCalls: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: null }),
  maxTokens: fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: null }),
  maxMinutes: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: null }),
  allowedHosts: fc.constantFrom([], ["api.example.com"]),
  approvals: fc.constant(DEFAULT_SETTINGS.approvals),
});
const anyFacts = fc.record<GateFacts>({
  settings: anySettings,
  version: fc.nat(),
  action: fc.constant("create_task"),
  title: fc.constant("Create a task"),
  impact: fc.constantFrom("low", "medium", "high", "critical"),
  reversibility: fc.constantFrom("reversible", "compensatable", "irreversible"),
  confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null }),
  firstUse: fc.boolean(),
  canary: fc.double({ min: 0, max: 1, noNaN: true }),
  usedThisHour: fc.nat(30),
  usedToday: fc.nat(120),
  amount: fc.nat(1000),
  spentInRun: fc.nat(1000),
  spentToday: fc.nat(1000),
  rows: fc.nat(60),
  resources: fc.nat(60),
  durationMs: fc.nat(10_000_000),
  outside: fc.constantFrom([], ["a@example.org"]),
  untrusted: fc.constantFrom([], ["text"]),
  failuresInRow: fc.nat(10),
  heldUntil: fc.constantFrom(null, LATER),
});
const STRICTNESS: Record<Verdict, number> = { allow: 0, escalate: 1, deny: 2 };
const names = Object.keys(HARMLESS) as (keyof GateFacts)[];
const wrong = fc.constantFrom<unknown>(
  undefined,
  "text",
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 60,
  {},
  [1],
  "1",
  true,
);

describe("whatever is known", () => {
  it("a fact that is dropped, mistyped or too large never turns a deny into an allow", () => {
    fc.assert(
      fc.property(anyFacts, fc.constantFrom(...names), wrong, (given, name, value) => {
        const changed: Record<string, unknown> = { ...given, [name]: value };
        if (value === undefined) delete changed[name];
        if (verdictOf(given) === "deny") expect(verdictOf(changed)).not.toBe("allow");
        else if (verdictOf(changed) === "allow") expect(verdictOf(given)).toBe("allow");
      }),
      { numRuns: NUMBER_OF_MUTATIONS },
    );
  });

  it.each<[string, (settings: TenantSettings) => Partial<TenantSettings>]>([
    ["automation off", () => ({ automation: false })],
    ["an approval required", () => ({ approvalRequired: true })],
    ["a higher threshold", ({ confidenceThreshold }) => ({ confidenceThreshold: (1 + confidenceThreshold) / 2 })],
    ["fewer per hour", ({ actionsPerHour }) => ({ actionsPerHour: Math.floor(actionsPerHour / 2) })],
    ["fewer per day", ({ actionsPerDay }) => ({ actionsPerDay: Math.floor(actionsPerDay / 2) })],
    ["fewer actions allowed", () => ({ allowedActions: [] })],
    ["fewer actions pre-approved", () => ({ preApprovedActions: [] })],
    ["a smaller share", ({ canaryShare }) => ({ canaryShare: canaryShare / 2 })],
    ["a stricter mode", ({ safetyMode }) => ({ safetyMode: safetyMode === "permissive" ? "moderate" : "strict" })],
    ["a budget for the run", ({ budgetPerRun }) => ({ budgetPerRun: Math.floor((budgetPerRun ?? 1000) / 2) })],
    ["a budget for the day", ({ budgetPerDay }) => ({ budgetPerDay: Math.floor((budgetPerDay ?? 1000) / 2) })],
    ["smaller amounts large", ({ largeAmount }) => ({ largeAmount: Math.floor(largeAmount / 2) })],
    ["fewer resources many", ({ manyResources }) => ({ manyResources: Math.max(1, Math.floor(manyResources / 2)) })],
    ["shorter times long", ({ longMinutes }) => ({ longMinutes: Math.max(1, Math.floor(longMinutes / 2)) })],
    ["fewer rows many", ({ manyRows }) => ({ manyRows: Math.max(1, Math.floor(manyRows / 2)) })],
  ])("a stricter setting never allows more: %s", (_what, stricter) => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const settings = { ...given.settings, ...stricter(given.settings) };
        expect(STRICTNESS[verdictOf({ ...given, settings })]).toBeGreaterThanOrEqual(STRICTNESS[verdictOf(given)]);
      }),
      { numRuns: NUMBER_OF_MUTATIONS / 10 },
    );
  });

  it("the same facts give the same verdict and reasons", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        expect(checkGate("s1", structuredClone(given))).toEqual(checkGate("s1", given));
      }),
    );
  });
});

describe("the safety modes", () => {
  it("are each as strict as the one after it, and let nothing critical happen", () => {
    const levels = ["low", "medium", "high", "critical"];
    const order = (["strict", "moderate", "permissive"] as const).map((mode) => MODES[mode]);
    const ranks = order.map(({ upTo, preApprovedUpTo }) => [
      upTo === null ? -1 : levels.indexOf(upTo),
      levels.indexOf(preApprovedUpTo),
    ]);
    expect(ranks).toEqual([...ranks].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)));
    expect(ranks.every(([plain = 0, pre = 0]) => plain <= pre && pre < 3)).toBe(true);
  });
});
