/**
 * The one family of errors that Holdpoint throws on purpose. Each says what to do about it, names the value that was
 * wrong, and gives the way on; anything else that is thrown is a defect.
 */
import type { FailureStatus } from "./domain/answer.ts";
import { storableText } from "./domain/text.ts";

/** What went wrong, as a stable word for programs. */
export type ErrorCode =
  | "usage" // the caller gave something that does not fit
  | "unauthenticated" // it is not known who calls
  | "unknown_thread" // no run of this tenant is on that thread
  | "denied" // the caller has not the role that it takes
  | "stale" // it was changed since the caller looked
  | "not_paused" // nothing waits for a decision there
  | "decision_taken" // somebody else decided first
  | "stopped" // a signal asked it to stop; it can go on
  | "busy" // another process advances the run right now
  | "storage" // a database file cannot be read or written
  | "action_failed" // an action said no: it did not happen
  | "internal"; // a broken invariant

/** What the caller should do: mend the input, try again later, ask a person, or report a defect. */
export type Remedy = "fix_input" | "retry" | "ask_person" | "report";

const REMEDIES: Record<ErrorCode, Remedy> = {
  usage: "fix_input",
  unauthenticated: "fix_input",
  unknown_thread: "fix_input",
  denied: "ask_person",
  stale: "retry",
  not_paused: "fix_input",
  decision_taken: "ask_person",
  stopped: "retry",
  busy: "retry",
  storage: "retry",
  action_failed: "ask_person",
  internal: "report",
};

export const ERROR_CODES = Object.keys(REMEDIES) as readonly ErrorCode[];

/** An expected failure. `message` names the value and what was expected; `hint` is the way on, one sentence. */
export class HoldpointError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(storableText(message), options.cause === undefined ? undefined : { cause: options.cause });
    // An Agent Server tells its clients of an error by name and message alone.
    this.name = `HoldpointError [${code}]`;
    this.code = code;
    this.hint = options.hint === undefined ? undefined : storableText(options.hint);
  }

  /** What the caller should do about it. */
  get remedy(): Remedy {
    return REMEDIES[this.code];
  }
}

/**
 * Thrown by an action that knows that nothing happened. The message is shown to the customer.
 * Any other error out of an action means that its outcome is unknown.
 */
export class ActionFailure extends HoldpointError {
  readonly status: FailureStatus;

  constructor(status: FailureStatus, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super("action_failed", message, options);
    this.name = "ActionFailure";
    this.status = status;
  }
}

/**
 * Thrown by an action whose receiver was called and may still be at it: that the effect is not found means nothing yet.
 * Of a call that ended and says nothing of its outcome, any other error is thrown.
 */
export class StillUnderWay extends Error {}

/** One line for a person: what is wrong, then the way on. Never a stack trace. */
export function explainError(error: unknown): string {
  if (error instanceof HoldpointError) return error.hint ? `${error.message} ${error.hint}` : error.message;
  const message = messageIn(error);
  return storableText(message.split("\n")[0] ?? message);
}

/** What an action throws may be anything, and say nothing of itself. */
function messageIn(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "Something was thrown that does not say what it is.";
  }
}

const SQLITE_MEANINGS: ReadonlyArray<[prefix: string, meaning: string, hint: string]> = [
  ["SQLITE_NOTADB", "is not a database", "Restore it from a backup, or move it away to start anew."],
  ["SQLITE_CORRUPT", "is damaged", "Restore it from a backup, or move it away to start anew."],
  ["SQLITE_BUSY", "is locked by another process", "Wait for that process to end, or end it, then try again."],
  ["SQLITE_LOCKED", "is locked by another process", "Wait for that process to end, or end it, then try again."],
  ["SQLITE_READONLY", "cannot be written", "Give this user write permission to the file and its folder."],
  ["SQLITE_PERM", "cannot be opened", "Give this user read and write permission to the file and its folder."],
  ["SQLITE_AUTH", "cannot be opened", "Give this user read and write permission to the file and its folder."],
  ["SQLITE_CANTOPEN", "cannot be opened", "Give this user read and write permission to the file and its folder."],
  ["SQLITE_FULL", "cannot grow: the disk is full", "Free some space, then try again."],
  ["SQLITE_IOERR", "cannot be read or written: the disk failed or is full", "Check the disk, then try again."],
];
const FILE_MEANINGS: ReadonlyArray<[code: string, meaning: string, hint: string]> = [
  ["EACCES", "cannot be opened: permission denied", "Give this user read and write permission."],
  ["EPERM", "cannot be opened: permission denied", "Give this user read and write permission."],
  ["EROFS", "cannot be written: the file system is read-only", "Choose another place with HOLDPOINT_HOME."],
  ["ENOSPC", "cannot grow: the disk is full", "Free some space, then try again."],
  ["ENOTDIR", "is not a folder, or lies below a file", "Choose another place with HOLDPOINT_HOME."],
  ["EEXIST", "is not a folder", "Choose another place with HOLDPOINT_HOME."],
];

/**
 * Turns what SQLite or the file system threw into a `storage` error that names `where`; returns anything else as it is.
 * @param where the file or folder as the person knows it
 */
export function asStorageError(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof HoldpointError) return error;
  const code = (error as Error & { code?: unknown }).code;
  if (typeof code !== "string") return error;
  const known = [...SQLITE_MEANINGS, ...FILE_MEANINGS].find(([prefix]) => code.startsWith(prefix));
  if (!known) return error;
  const [, meaning, hint] = known;
  return new HoldpointError("storage", `${where} ${meaning} (${code}).`, { hint, cause: error });
}
