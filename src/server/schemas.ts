/** What the interface takes and answers, as schemas: the OpenAPI document is made from them. */
import { z } from "@hono/zod-openapi";
import { AnswerSchema } from "../domain/answer.ts";
import { JsonObjectSchema } from "../domain/json.ts";
import { PlanSchema, StepStatusSchema } from "../domain/plan.ts";
import {
  DecisionSchema,
  EffectSchema,
  FindingSchema,
  ImpactSchema,
  ProposalSchema,
  ReversibilitySchema,
  ReviewSchema,
} from "../domain/proposal.ts";
import { CancellationSchema, PauseSchema, RollbackRequestSchema } from "../domain/run.ts";
import { TenantSettingsSchema } from "../policy/settings.ts";

const time = z.iso.datetime({ offset: true });
export const Time = time.describe("ISO 8601, UTC.");
/** A time from outside, as the ledger writes times. */
export const GivenTime = time
  .transform((text) => new Date(text).toISOString())
  .describe("ISO 8601, such as 2026-01-31T18:00:00Z.");

const MAX_REASON = 2000;
const Reason = z
  .string()
  .trim()
  .max(MAX_REASON)
  .transform((text) => text || null);

/** Ids come from outside and stand in errors and logs: what could never be one is refused at once. */
export const Id = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/, "expected an id");

export const RunParams = z.object({ id: Id.describe("A run's id, or a thread's: then its newest run is meant.") });
export const ProposalParams = z.object({ id: Id.describe("A proposal's id.") });

const RunStatusSchema = z.enum(["running", "waiting", "paused", "ended"]);

const RunSchema = z
  .object({
    id: z.string(),
    tenant: z.string(),
    threadId: z.string(),
    requester: z.string(),
    request: z.string(),
    status: RunStatusSchema,
    answer: AnswerSchema.nullable().describe("How it ended."),
    cancellation: CancellationSchema.nullable().describe("That it is to end early."),
    pause: PauseSchema.nullable().describe("Why it does not go on, when nobody is asked to decide."),
    rollback: RollbackRequestSchema.nullable().describe("That what it did is being undone."),
    forgottenAt: z.string().optional(),
    refusal: z.string().optional(),
    idleMs: z.number(),
    idleSince: z.string().nullable(),
    createdAt: Time,
    updatedAt: Time,
  })
  .openapi("Run");

/** The question has all that a person needs to decide, and what review pages read. */
const QuestionSchema = z
  .looseObject({
    kind: z.enum(["transaction", "reconciliation", "plan"]),
    proposalId: z.string(),
    digest: z.string(),
    runId: z.string(),
    request: z.string(),
    requester: z.string(),
    reasons: z.array(z.string()),
    review: ReviewSchema.nullable(),
    impact: ImpactSchema,
    expiresAt: z.string().nullable(),
    pointOfNoReturn: z.string().nullable(),
    actions: z.array(
      z.looseObject({ step: z.string(), title: z.string(), action: z.string(), args: JsonObjectSchema }),
    ),
    notices: z.array(z.string()),
  })
  .openapi("Question");

export const ThreadSchema = z
  .object({
    threadId: z.string(),
    run: RunSchema,
    plan: PlanSchema.extend({ number: z.int() }).nullable(),
    steps: z.record(z.string(), z.object({ status: StepStatusSchema, note: z.string() })),
    question: QuestionSchema.nullable().describe("What a person is asked, while one is awaited."),
    effects: z.array(EffectSchema).describe("What was written, oldest first."),
    notices: z.array(z.string()),
    edited: z.array(z.string()).describe("The steps whose arguments a person changed."),
    recorded: z.boolean().optional().describe("The answer was recorded, and more people have to say yes."),
  })
  .openapi("Thread");

export const RecordSchema = z
  .looseObject({
    revisions: z.array(z.looseObject({ number: z.int() })),
    proposals: z.array(ProposalSchema),
    decisions: z.array(DecisionSchema),
  })
  .openapi("Record");

const page = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().describe("The cursor of the next page; null after the last one."),
  });

export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("How many at most."),
  cursor: z.string().max(500).optional().describe("`next` of the page before."),
});

export const RunsQuery = PageQuery.extend({
  status: RunStatusSchema.optional(),
  thread: Id.optional(),
  requester: z.string().min(1).max(100).optional(),
});
export const RunPageSchema = page(RunSchema).openapi("RunPage");

export const NewRunSchema = z
  .strictObject({
    request: z.string().min(1).max(20_000).describe("What you want done, in plain words."),
    thread: Id.optional().describe("Go on in this thread; a request that waits there is superseded."),
  })
  .openapi("NewRun");

export const AnswerBody = z
  .unknown()
  .describe("An answer in any of the formats of docs/server.md: Holdpoint's own, LangChain's, or Agent Inbox's.");
export const ResumeSchema = z.strictObject({ answer: AnswerBody.optional() }).openapi("Resume");
export const CancelSchema = z
  .strictObject({
    reason: Reason.optional(),
    rollback: z.boolean().default(false).describe("Undo what was committed before, too; otherwise it stays."),
  })
  .openapi("Cancel");
export const RollbackSchema = z
  .strictObject({
    reason: Reason.optional(),
    anyway: z.boolean().default(false).describe("Also where others have changed since what it changed."),
  })
  .openapi("Rollback");
export const ExecutionRollbackSchema = RollbackSchema.extend({
  together: z.boolean().default(false).describe("Undo all that its run did; needed where that is more than this one."),
}).openapi("ExecutionRollback");
export const RollbackReportView = z
  .looseObject({ kind: z.enum(["rolled_back", "moved_on"]) })
  .openapi("RollbackReport");

const ExecutionStatus = z.enum([
  ...["pending", "approved", "rejected", "expired", "denied", "edited", "superseded", "stale"],
  ...["intended", "executing", "succeeded", "failed", "uncertain", "undoing", "undone", "undo_failed"],
] as const);
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;

export const ExecutionSchema = z
  .object({
    id: z.string().describe("The proposal's id and the step, with a colon between."),
    proposalId: z.string(),
    step: z.string(),
    runId: z.string(),
    threadId: z.string(),
    requester: z.string(),
    title: z.string(),
    action: z.string(),
    version: z.int(),
    status: ExecutionStatus,
    args: JsonObjectSchema,
    output: z.unknown(),
    note: z.string().nullable(),
    impact: ImpactSchema,
    reversibility: ReversibilitySchema,
    confidence: z.number().nullable(),
    reasons: z.array(z.string()).describe("Why a person was asked, or why it was denied."),
    decision: z
      .object({
        verdict: z.string(),
        decider: z.enum(["person", "policy", "system"]),
        principal: z.string(),
        onBehalfOf: z.string().nullable(),
        reason: z.string().nullable(),
        at: Time,
      })
      .nullable(),
    expiresAt: z.string().nullable(),
    attempts: z.int(),
    durationMs: z.int().nullable().describe("How long its last call took."),
    createdAt: Time,
    executedAt: Time.nullable().describe("When it was begun."),
  })
  .openapi("Execution");
export const ExecutionPageSchema = page(ExecutionSchema).openapi("ExecutionPage");
export const ExecutionParams = z.object({ id: Id.describe("An execution's id: `<proposal>:<step>`.") });
export const ExecutionsQuery = PageQuery.extend({
  status: ExecutionStatus.optional(),
  action: z.string().min(1).max(100).optional(),
  run: Id.optional(),
  thread: Id.optional(),
  since: GivenTime.optional(),
  until: GivenTime.optional(),
});

export const ReasonBody = z.strictObject({ reason: Reason.optional() }).openapi("Reason");
export const RejectBody = z
  .strictObject({ reason: z.string().trim().min(1).max(MAX_REASON).describe("Why; whoever asked reads it.") })
  .openapi("Reject");

const ApprovalSchema = z
  .object({
    proposalId: z.string(),
    kind: z.enum(["transaction", "reconciliation", "plan"]),
    digest: z.string(),
    runId: z.string(),
    threadId: z.string(),
    requester: z.string(),
    impact: ImpactSchema,
    findings: z.array(FindingSchema),
    review: ReviewSchema.nullable(),
    expiresAt: z.string().nullable(),
    createdAt: Time,
    actions: z.array(
      z.object({
        step: z.string(),
        title: z.string(),
        action: z.string(),
        args: JsonObjectSchema,
        impact: ImpactSchema,
      }),
    ),
  })
  .openapi("Approval");
export const ApprovalViewSchema = z
  .object({
    proposal: ProposalSchema,
    threadId: z.string(),
    decision: DecisionSchema.nullable(),
    question: QuestionSchema.nullable(),
  })
  .openapi("ApprovalView");
export const ApprovalPageSchema = page(ApprovalSchema).openapi("ApprovalPage");
export const BatchSchema = z
  .strictObject({
    decisions: z
      .array(
        z.strictObject({
          proposalId: Id,
          digest: z.string().max(200).describe("Of the proposal as it was seen; another one is refused."),
          answer: AnswerBody,
        }),
      )
      .min(1)
      .max(50),
  })
  .openapi("Batch");
export const BatchResultSchema = z
  .object({
    results: z.array(
      z.object({
        proposalId: z.string(),
        thread: ThreadSchema.nullable(),
        problem: z.looseObject({ code: z.string() }).nullable(),
      }),
    ),
  })
  .openapi("BatchResult");

export const SettingsSchema = z.object({ version: z.int(), settings: TenantSettingsSchema }).openapi("Settings");
export const SettingsBody = JsonObjectSchema.describe("Settings by name; see docs/policy.md.");

export const DefinitionSchema = z
  .looseObject({
    name: z.string(),
    kind: z.enum(["read", "write"]),
    version: z.int(),
    title: z.string(),
    description: z.string(),
  })
  .openapi("Definition");

export const PlanViewSchema = z
  .object({
    runId: z.string(),
    threadId: z.string(),
    number: z.int().describe("Of the revision."),
    verdict: z.string().nullable(),
    plan: PlanSchema,
    findings: z.array(FindingSchema),
    editable: z.boolean().describe("Whether it waits for a person, who may change it."),
  })
  .openapi("PlanView");
export const PlanBody = PlanSchema.omit({ source: true })
  .extend({ reason: z.string().trim().max(MAX_REASON).optional() })
  .openapi("EditedPlan");
