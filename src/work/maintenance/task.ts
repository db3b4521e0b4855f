/** What the jobs of maintenance share: whose data they are at, and where they say what they did. */
import { asStorageError, type ErrorCode, HoldpointError } from "../../errors.ts";
import type { Runtime } from "../../runtime.ts";
import { maskText } from "../../telemetry/mask.ts";
import { explainMasked } from "../../telemetry/tell.ts";
import type { Caller } from "../threads.ts";

/** Something that a pass of maintenance did. */
export interface Done {
  readonly tenant: string;
  readonly job: string;
  /** The thread, notice or log that it was done to. */
  readonly subject: string;
  readonly what: string;
}

/** Something that it could not do; the next pass tries again. */
export interface Undone {
  /** Null when it was about no tenant's data. */
  readonly tenant: string | null;
  readonly job: string;
  readonly subject: string;
  /** What kind of error it was; `defect` is one of Holdpoint, or of a function that it was given. */
  readonly code: ErrorCode | "tampered" | "defect";
  /** Masked. */
  readonly problem: string;
}

/** One job for one tenant. */
export interface Task {
  readonly runtime: Runtime;
  readonly tenant: string;
  /** Who does it: the principal "system". */
  readonly caller: Caller;
  /** Whether to start nothing more. */
  isStopped(): boolean;
  did(subject: string, what: string): void;
  failed(subject: string, problem: Pick<Undone, "code" | "problem">): void;
}

export interface Job {
  readonly name: string;
  run(task: Task): Promise<void>;
}

/** What is said of an error. */
export function problemOf(error: unknown, { home }: Runtime): Pick<Undone, "code" | "problem"> {
  const known = asStorageError(error, `A database in ${home}`);
  return { code: known instanceof HoldpointError ? known.code : "defect", problem: maskText(explainMasked(known)) };
}

/**
 * Does something to each item, until it is asked to stop; one that fails is reported, and does not stop the
 * others. What another process is at, or goes on later, has not failed.
 */
export async function forEach<Item>(
  task: Task,
  items: Iterable<Item>,
  nameOf: (item: Item) => string,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  for (const item of items) {
    if (task.isStopped()) return;
    try {
      await work(item);
    } catch (error) {
      const left = error instanceof HoldpointError && ["busy", "stopped"].includes(error.code);
      if (!left) task.failed(nameOf(item), problemOf(error, task.runtime));
    }
  }
}
