/** A run: one request on a thread, from asking to answer, however many invocations it takes. */
import type { Answer } from "./answer.ts";

/** Whose data, and who acts. */
export interface Identity {
  readonly tenant: string;
  readonly principal: string;
}

/** Who changes something in the ledger, and when (ISO 8601 UTC). */
export interface Stamp extends Identity {
  readonly at: string;
}

export type RunStatus = "running" | "waiting" | "ended";

export interface Run {
  id: string;
  tenant: string;
  threadId: string;
  requester: string;
  request: string;
  status: RunStatus;
  /** Present once the run has ended. */
  answer: Answer | null;
  createdAt: string;
  updatedAt: string;
}
