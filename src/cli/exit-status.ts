/** Exit statuses, documented in the README. */
import type { AnswerStatus } from "../domain/answer.ts";
import { type ErrorCode, HoldpointError } from "../errors.ts";
import type { MaintenanceReport } from "../work/maintain.ts";
import type { ShownThread } from "../work/shown.ts";

export const EXIT = {
  /** Done as asked; a rejection or a cancellation that was asked for is that too. */
  done: 0,
  /** A defect in Holdpoint. */
  defect: 1,
  /** The command line, a file or a value does not fit; nothing was changed. */
  usage: 2,
  /** A person has to decide first, or a time has to come. */
  waiting: 3,
  /** Nothing was done: not understood, not possible, or not allowed; the answer says why. */
  notDone: 4,
  /** Something failed on the way: the answer says what was undone, and what was not. */
  failed: 5,
  /** Somebody else decided, or is at it right now; nothing was changed. */
  conflict: 6,
  /** A database cannot be read or written. */
  storage: 7,
  /** Paused: a model or a receiver cannot be reached. Nothing is lost, and `resume` tries again. */
  unavailable: 8,
  /** A signal asked it to stop; nothing is lost, and the thread can go on. */
  stopped: 9,
  /** The audit log was tampered with: what was said names the first entry that does not fit. */
  tampered: 10,
} as const;

const BY_ANSWER: Record<AnswerStatus, number> = {
  success: EXIT.done,
  rejected: EXIT.done,
  cancelled: EXIT.done,
  no_match: EXIT.notDone,
  insufficient_stock: EXIT.notDone,
  invalid_request: EXIT.notDone,
  unsupported_intent: EXIT.notDone,
  denied: EXIT.notDone,
  superseded: EXIT.conflict,
  expired: EXIT.notDone,
  failed: EXIT.failed,
  uncertain: EXIT.failed,
};

const BY_ERROR: Record<ErrorCode, number> = {
  usage: EXIT.usage,
  unknown_thread: EXIT.usage,
  unauthenticated: EXIT.usage,
  denied: EXIT.usage,
  stale: EXIT.conflict,
  not_paused: EXIT.conflict,
  decision_taken: EXIT.conflict,
  stopped: EXIT.stopped,
  busy: EXIT.conflict,
  storage: EXIT.storage,
  action_failed: EXIT.failed,
  internal: EXIT.defect,
};

/** The exit status for a thread as an invocation left it. */
export function exitStatusOf(view: ShownThread): number {
  if (view.run.answer) return BY_ANSWER[view.run.answer.status];
  if (view.run.pause) return view.run.pause.why === "time" ? EXIT.waiting : EXIT.unavailable;
  return view.question ? EXIT.waiting : EXIT.conflict;
}

/** The exit status for whatever was thrown. */
export function exitStatusOfError(error: unknown): number {
  return error instanceof HoldpointError ? BY_ERROR[error.code] : EXIT.defect;
}

/** The exit status for a pass of maintenance: that of the gravest failure. */
export function exitStatusOfPass({ failures, stopped }: MaintenanceReport): number {
  const { code } = failures.find((failure) => failure.code === "tampered") ?? failures[0] ?? {};
  if (code === undefined) return stopped ? EXIT.stopped : EXIT.done;
  if (code === "tampered") return EXIT.tampered;
  return code === "defect" ? EXIT.defect : BY_ERROR[code];
}
