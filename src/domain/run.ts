/** A run: one request on a thread, from asking to answer, however many invocations it takes. */
import { z } from "zod";
import type { Answer } from "./answer.ts";
import type { Role } from "./role.ts";

/** Whose data, and who acts. */
export interface Identity {
  readonly tenant: string;
  readonly principal: string;
  /** What whoever authenticated the caller says; then the tenant's members do not count. */
  readonly role?: Role | undefined;
  /** The operations that the caller is limited to, besides by the role; absent for no such limit. */
  readonly scopes?: readonly string[] | undefined;
}

/** Who changes something in the ledger, and when (ISO 8601 UTC). */
export interface Stamp extends Identity {
  readonly at: string;
}

/** `waiting` for a person to decide; `paused` until a time, or until what it needs can be reached again. */
export type RunStatus = "running" | "waiting" | "paused" | "ended";

/** Why a run does not go on, when nobody is asked to decide. */
export const PauseSchema = z.object({
  /** `model`: it could not be reached. `receiver`: an action's could not. `time`: the next step is not to begin yet. */
  why: z.enum(["model", "receiver", "time"]),
  /** A sentence for a person. */
  reason: z.string(),
  /** When it can go on by itself, ISO 8601 UTC; null when somebody has to say so. */
  until: z.string().nullable(),
});
export type Pause = Readonly<z.infer<typeof PauseSchema>>;

/** What became of one effect that was to be taken back. */
const TakenBackSchema = z.object({
  step: z.string(),
  action: z.string(),
  /** `not_undone`: nothing takes it back; what was done instead is in `note`. `kept`: it was not tried. */
  status: z.enum(["undone", "undo_failed", "not_undone", "kept"]),
  /** What was done, or why not. */
  note: z.string(),
});
export type TakenBack = Readonly<z.infer<typeof TakenBackSchema>>;

const RollbackReportSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("rolled_back"), effects: z.array(TakenBackSchema) }),
  /** Others have changed what this run changed; nothing was undone. */
  z.object({ kind: z.literal("moved_on"), since: z.array(z.string()) }),
]);
export type RollbackReport = z.infer<typeof RollbackReportSchema>;

/** Somebody wants a run to end before it has done everything. */
export const CancellationSchema = z.object({
  by: z.string(),
  reason: z.string().nullable(),
  /** Whether what was committed before is to be undone; if not, it stays. */
  rollback: z.boolean(),
  /** What became of that, once it was tried. */
  report: RollbackReportSchema.nullable(),
});
export type Cancellation = z.infer<typeof CancellationSchema>;

/** What somebody asked to be taken back of a run that has ended. */
export const RollbackRequestSchema = z.object({ by: z.string(), reason: z.string().nullable(), anyway: z.boolean() });
export type RollbackRequest = z.infer<typeof RollbackRequestSchema>;

export interface Run {
  id: string;
  tenant: string;
  threadId: string;
  requester: string;
  request: string;
  status: RunStatus;
  /** Present once the run has ended. */
  answer: Answer | null;
  /** That it is to end early; whoever is at it stops at the next chance. */
  cancellation: Cancellation | null;
  /** Present while it is paused. */
  pause: Pause | null;
  /** A rollback that was asked for after it had ended, while that has not come to its end. */
  rollback: RollbackRequest | null;
  /** When its personal data was taken out, ISO 8601 UTC: what is left says only that there was a run. */
  forgottenAt?: string;
  /** Why it was refused at once, as one of too many requests. */
  refusal?: string;
  /** How long it has waited for people or been paused, in milliseconds, but for what `idleSince` says. */
  idleMs: number;
  /** Since when it waits for a person, is paused or has ended, ISO 8601 UTC; null while it is worked on. */
  idleSince: string | null;
  createdAt: string;
  updatedAt: string;
}

/** For how long a run has been worked on, in milliseconds: not while it waited for people or was paused. @param now ISO 8601 UTC */
export const workedMs = (
  { createdAt, idleMs, idleSince }: Pick<Run, "createdAt" | "idleMs" | "idleSince">,
  now: string,
): number => Math.max(0, Date.parse(idleSince ?? now) - Date.parse(createdAt) - idleMs);

/** Whether nothing more of a run is to start. */
export const isOver = (run: Run): boolean => run.status === "ended" || run.cancellation !== null;
