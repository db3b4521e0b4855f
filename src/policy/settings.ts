/**
 * What a tenant lets happen by itself, and who decides the rest (row E3). The defaults let nothing happen by itself.
 * Settings are data of the tenant: durable, versioned, and changed only by an admin.
 */
import { z } from "zod";
import { MAX_STEPS } from "../domain/plan.ts";
import type { ImpactLevelSchema } from "../domain/proposal.ts";
import { RoleSchema } from "../domain/role.ts";

/** How strict automation is; see {@link MODES} for what each means. */
const SafetyModeSchema = z.enum(["strict", "moderate", "permissive"]);
type SafetyMode = z.infer<typeof SafetyModeSchema>;

const ApprovalRuleSchema = z.strictObject({
  /** The role that each approver must have; a viewer cannot answer. */
  role: RoleSchema.exclude(["viewer"]),
  /** How many different people must approve. */
  people: z.int().min(1).max(5),
  /** Whether whoever asked may be one of them. */
  requesterMay: z.boolean(),
  /** How long they may take, in minutes; null for ever. */
  expiresMinutes: z.int().min(1).max(525_600).nullable(),
});
export type ApprovalRule = z.infer<typeof ApprovalRuleSchema>;

const names = z.array(z.string().min(1).max(100)).max(1000);
const perMinute = z.int().min(1).max(1_000_000).nullable();
/** Money in the smallest unit of its currency, such as cents. */
const money = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const days = z.int().min(1).max(36_500);

/**
 * To which hosts requests of HTTP actions may go: `api.example.com`, which means its port 443, another port, as in
 * `api.example.com:8443`, or every host below one, `*.example.com`.
 */
const HOST_PATTERN =
  /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*(?::[1-9]\d{0,4})?$/;

const HostSchema = z
  .string()
  .max(260)
  .regex(HOST_PATTERN, "expected hosts such as api.example.com, api.example.com:8443 or *.example.com");

const APPROVALS = {
  low: { role: "operator", people: 1, requesterMay: true, expiresMinutes: null },
  medium: { role: "approver", people: 1, requesterMay: true, expiresMinutes: null },
  high: { role: "approver", people: 1, requesterMay: true, expiresMinutes: null },
  critical: { role: "approver", people: 2, requesterMay: false, expiresMinutes: null },
} as const satisfies Record<z.infer<typeof ImpactLevelSchema>, ApprovalRule>;

export const TenantSettingsSchema = z.strictObject({
  /** The master switch: without it, a person decides everything that writes. */
  automation: z.boolean().default(false),
  /** A person decides everything but the pre-approved actions, whatever automation could do. */
  approvalRequired: z.boolean().default(true),
  /** How sure a plan must be of a step, 0 to 1, for it to happen by itself. */
  confidenceThreshold: z.number().min(0).max(1).default(0.9),
  /** How many actions of a type may happen by themselves within an hour, and within 24. */
  actionsPerHour: z.int().min(0).max(1_000_000).default(10),
  actionsPerDay: z.int().min(0).max(1_000_000).default(50),
  /** How many requests are taken within a minute, from everybody and from each person; null for any number. */
  requestsPerMinute: perMinute.default(1000),
  requestsPerMinutePerPerson: perMinute.default(300),
  /** The only actions that may run at all; null for every one. */
  allowedActions: names.nullable().default(null),
  /** Actions that need no approval, within the limits of the safety mode. */
  preApprovedActions: names.default([]),
  /**
   * Which plans a person looks at before anything of them runs: none, those whose writes cannot all be seen before the
   * first of them runs or that name a risk, or all.
   */
  planReview: z.enum(["never", "risky", "always"]).default("risky"),
  /** The share of runs in which automation acts, 0 to 1. A run is in it or not, for good. */
  canaryShare: z.number().min(0).max(1).default(0),
  safetyMode: SafetyModeSchema.default("moderate"),
  /** How much money the actions of a run, and of 24 hours, may move; null for any amount. */
  budgetPerRun: money.nullable().default(null),
  budgetPerDay: money.nullable().default(null),
  /** How often a run may be planned again after its outcome fell short; 0 for never. */
  maxReplans: z.int().min(0).max(20).default(2),
  /** How many steps of a plan may be left to be planned when they are reached, over a run; 0 for none. */
  maxExpansions: z.int().min(0).max(1000).default(10),
  /** The most steps of a plan, those that are done among them. */
  maxSteps: z.int().min(1).max(MAX_STEPS).default(50),
  /** How often a run may ask models, and how many tokens it may use, both ways together; null for any number. */
  maxModelCalls: z.int().min(1).max(1_000_000).nullable().default(60),
  maxTokens: z.int().min(1).max(1_000_000_000_000).nullable().default(500_000),
  /** How long a run may be worked on, in minutes; what it waits for people or is paused does not count. Null for ever. */
  maxMinutes: z.int().min(1).max(525_600).nullable().default(60),
  /**
   * From here on a change is a large one, which a person looks at: money that an action moves, rows that it changes,
   * resources that it touches, minutes that it takes.
   */
  largeAmount: money.default(1_000_00),
  manyRows: z.int().min(1).max(1_000_000).default(20),
  manyResources: z.int().min(1).max(1_000_000).default(20),
  longMinutes: z.int().min(1).max(525_600).default(60),
  /** Whether whoever runs the system is told of each approval that policy gave. */
  notifyOnAutomatic: z.boolean().default(true),
  /** How long before a proposal expires whoever decides is reminded, in minutes; null never. */
  remindBeforeMinutes: z.int().min(1).max(525_600).nullable().default(60),
  /** How long checkpoints are kept once everything on their thread has ended, and audit entries; null for ever. */
  keepCheckpointsDays: days.nullable().default(null),
  keepAuditDays: days.nullable().default(null),
  /** Hosts to which requests of actions that are written as files may go, such as `api.example.com`; see HOST_PATTERN. */
  allowedHosts: z.array(HostSchema).max(1000).default([]),
  /** Who decides, by impact. */
  approvals: z
    .strictObject({
      low: ApprovalRuleSchema.default(APPROVALS.low),
      medium: ApprovalRuleSchema.default(APPROVALS.medium),
      high: ApprovalRuleSchema.default(APPROVALS.high),
      critical: ApprovalRuleSchema.default(APPROVALS.critical),
    })
    .default(APPROVALS),
});
export type TenantSettings = z.infer<typeof TenantSettingsSchema>;

export const DEFAULT_SETTINGS: TenantSettings = TenantSettingsSchema.parse({});

/** What a safety mode lets happen by itself. Nothing critical ever does. */
export const MODES: Readonly<
  Record<
    SafetyMode,
    {
      /** The highest impact of an action that is not pre-approved; null for none. */
      readonly upTo: "low" | "medium" | null;
      /** The highest impact of one that is. */
      readonly preApprovedUpTo: "low" | "medium" | "high";
      /** Whether what cannot be undone may, when it is pre-approved. */
      readonly irreversible: boolean;
      /** Whether an action's first use by the tenant may. */
      readonly firstUse: boolean;
    }
  >
> = {
  strict: { upTo: null, preApprovedUpTo: "low", irreversible: false, firstUse: false },
  moderate: { upTo: "low", preApprovedUpTo: "medium", irreversible: false, firstUse: false },
  permissive: { upTo: "medium", preApprovedUpTo: "high", irreversible: true, firstUse: false },
};
