/**
 * The gate (rows E3 and E4): what is known of one action, to a verdict with its reasons. Pure. The most restrictive
 * reason counts, and what is not known is no reason to let it pass (invariant 7).
 */
import { z } from "zod";
import { holdReason } from "../domain/hold.ts";
import { type Finding, ImpactLevelSchema, inWords, isUpTo, type Verdict } from "../domain/proposal.ts";
import { MODES, TenantSettingsSchema } from "./settings.ts";

const count = z.int().min(0);
const amount = z.int().min(0);

/** What is known of an action before it runs. Money is in the smallest unit of its currency. */
const GateFactsSchema = z.strictObject({
  settings: TenantSettingsSchema.required(),
  /** The version of the settings. */
  version: count,
  action: z.string().min(1),
  title: z.string(),
  impact: ImpactLevelSchema,
  reversibility: z.enum(["reversible", "compensatable", "irreversible"]),
  /** How sure the plan is of the step, 0 to 1; null where it does not say. */
  confidence: z.number().min(0).max(1).nullable(),
  /** Whether the tenant has never done this before. */
  firstUse: z.boolean(),
  /** Where the run stands among all runs, 0 to 1: the same for good. */
  canary: z.number().min(0).max(1),
  /** How often the tenant let this action happen by itself in the last hour, and in the last 24. */
  usedThisHour: count,
  usedToday: count,
  /** What it moves, and what was moved before it in its run and in the last 24 hours. */
  amount,
  spentInRun: amount,
  spentToday: amount,
  /** How many rows it changes, how many resources it touches, and how many milliseconds it takes. */
  rows: count,
  resources: count,
  durationMs: count,
  /** Who outside would be told of it, such as the recipients of a mail. */
  outside: z.array(z.string()),
  /** Arguments that came from output which is not to be trusted. */
  untrusted: z.array(z.string()),
  /** How often it failed, one time after the other, and until when its receiver is left alone, ISO 8601 UTC, or null. */
  failuresInRow: count,
  heldUntil: z.iso.datetime().nullable(),
});
export type GateFacts = z.infer<typeof GateFactsSchema>;

type Said = readonly [rule: string, verdict: Verdict, reason: string] | undefined;
type Check = (facts: GateFacts) => Said;

/** Of a finding: the receiver is left alone. Whoever approves such a proposal wants it tried all the same. */
export const BREAKER_RULE = "breaker";

/** Whatever automation may do: these hold for every action. */
const ALWAYS: readonly Check[] = [
  ({ settings, action }) =>
    settings.allowedActions !== null && !settings.allowedActions.includes(action)
      ? ["allowed-actions", "deny", `"${action}" is not among the actions that this tenant allows.`]
      : undefined,
  ({ settings, amount: moved, spentInRun }) =>
    exceeds(settings.budgetPerRun, spentInRun + moved)
      ? [
          "budget-per-run",
          "deny",
          `It would bring the run to ${spentInRun + moved}, over its budget of ${settings.budgetPerRun}.`,
        ]
      : undefined,
  ({ settings, amount: moved, spentToday }) =>
    exceeds(settings.budgetPerDay, spentToday + moved)
      ? [
          "budget-per-day",
          "deny",
          `It would bring the day to ${spentToday + moved}, over its budget of ${settings.budgetPerDay}.`,
        ]
      : undefined,
  ({ action, failuresInRow: failures, heldUntil: until }) =>
    until === null ? undefined : [BREAKER_RULE, "escalate", holdReason(action, { failures, until })],
  ({ untrusted }) =>
    untrusted.length === 0
      ? undefined
      : [
          "untrusted-argument",
          "escalate",
          `${untrusted.join(", ")} came from outside, from output that is not to be trusted.`,
        ],
  ({ outside }) =>
    outside.length === 0
      ? undefined
      : ["outside-recipient", "escalate", `It goes outside, to ${outside.slice(0, 5).join(", ")}.`],
  ({ settings, amount: moved }) =>
    moved >= settings.largeAmount
      ? ["large-amount", "escalate", `It moves ${moved}; from ${settings.largeAmount} on a person looks at it.`]
      : undefined,
  ({ settings, rows }) =>
    rows >= settings.manyRows
      ? ["many-rows", "escalate", `It changes ${rows} rows; from ${settings.manyRows} on a person looks at it.`]
      : undefined,
  ({ settings, resources }) =>
    resources >= settings.manyResources
      ? [
          "many-resources",
          "escalate",
          `It touches ${resources} resources; from ${settings.manyResources} on a person looks at it.`,
        ]
      : undefined,
  ({ settings, durationMs }) =>
    durationMs >= settings.longMinutes * 60_000
      ? [
          "long-duration",
          "escalate",
          `It takes about ${Math.round(durationMs / 60_000)} minutes; from ${settings.longMinutes} on a person looks at it.`,
        ]
      : undefined,
];

/** Whether it may happen by itself, asked only where automation is on. */
const AUTOMATION: readonly Check[] = [
  ({ settings, action }) =>
    settings.approvalRequired && !settings.preApprovedActions.includes(action)
      ? ["approval-required", "escalate", `"${action}" needs an approval: it is not pre-approved.`]
      : undefined,
  ({ settings, confidence }) => {
    if (confidence === null) return ["confidence", "escalate", "The plan does not say how sure it is of this step."];
    const [is, needs] = [confidence, settings.confidenceThreshold].map(String);
    return confidence < settings.confidenceThreshold
      ? ["confidence", "escalate", `The plan is ${is} sure of this step; ${needs} is asked for.`]
      : ["confidence", "allow", `The plan is ${is} sure of this step; ${needs} is asked for.`];
  },
  ({ settings, action, impact }) => {
    const { upTo, preApprovedUpTo } = MODES[settings.safetyMode];
    const limit = settings.preApprovedActions.includes(action) ? preApprovedUpTo : upTo;
    return limit !== null && isUpTo(impact, limit)
      ? ["impact", "allow", `Its impact is ${impact}; up to ${limit} it may happen by itself.`]
      : [
          "impact",
          "escalate",
          `Its impact is ${impact}; ${limit === null ? "nothing" : `only up to ${limit} it`} may happen by itself (${settings.safetyMode}).`,
        ];
  },
  ({ settings, action, reversibility }) =>
    reversibility === "irreversible" &&
    !(MODES[settings.safetyMode].irreversible && settings.preApprovedActions.includes(action))
      ? ["irreversible", "escalate", "It cannot be undone."]
      : undefined,
  ({ settings, firstUse, action }) =>
    firstUse && !MODES[settings.safetyMode].firstUse
      ? ["first-use", "escalate", `This tenant has never used "${action}" before.`]
      : undefined,
  ({ settings, usedThisHour }) =>
    usedThisHour >= settings.actionsPerHour
      ? [
          "rate-per-hour",
          "escalate",
          `It happened ${usedThisHour} times in the last hour; ${settings.actionsPerHour} times it may by itself.`,
        ]
      : undefined,
  ({ settings, usedToday }) =>
    usedToday >= settings.actionsPerDay
      ? [
          "rate-per-day",
          "escalate",
          `It happened ${usedToday} times in the last 24 hours; ${settings.actionsPerDay} times it may by itself.`,
        ]
      : undefined,
  ({ settings, canary }) =>
    canary < settings.canaryShare
      ? ["canary", "allow", `The run is in the share of ${settings.canaryShare} in which automation acts.`]
      : ["canary", "escalate", `The run is not in the share of ${settings.canaryShare} in which automation acts.`],
];

/** The rules about whether something may happen by itself; the others hold whoever lets it pass. */
export const AUTOMATION_RULES: readonly string[] = [
  ...["automation-off", "approval-required", "confidence", "impact", "irreversible", "first-use"],
  ...["rate-per-hour", "rate-per-day", "canary"],
];

const exceeds = (limit: number | null, total: number): boolean => limit !== null && total > limit;

/**
 * What the gate says of an action, each reason a finding. With only `allow` findings it may happen by itself.
 * @param facts whatever is known; facts that do not fit deny
 */
export function checkGate(step: string, facts: unknown): Finding[] {
  const parsed = GateFactsSchema.safeParse(facts);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const reason = `What is known of it does not fit at "${issue?.path.join(".")}": ${issue?.message}.`;
    return [{ rule: "gate-facts", verdict: "deny", reason, step }];
  }
  const { settings, title, impact, reversibility } = parsed.data;
  const undo = inWords(reversibility);
  const off: Said = [
    "automation-off",
    "escalate",
    `"${title}" changes data (${impact} impact, ${undo}), and automation is off: everything that writes needs a person.`,
  ];
  const said = ALWAYS.map((check) => check(parsed.data));
  said.push(...(settings.automation ? AUTOMATION.map((check) => check(parsed.data)) : [off]));
  return said.filter((one) => one !== undefined).map(([rule, verdict, reason]) => ({ rule, verdict, reason, step }));
}
