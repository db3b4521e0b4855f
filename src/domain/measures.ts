/**
 * What is measured of runs, alone and over time. docs/measures.md says how each is worked out. A run counts where it
 * began. Where there is nothing to measure, it is null, never 0. Percentiles are by nearest rank.
 */
import type { AnswerStatus } from "./answer.ts";

/** How many of how many; null of none. */
export interface Share {
  readonly count: number;
  readonly of: number;
  /** From 0 to 1. */
  readonly share: number | null;
}

export const shareOf = (count: number, of: number): Share => ({ count, of, share: of === 0 ? null : count / of });

/** How long something took, in milliseconds. */
export interface Times {
  readonly count: number;
  readonly medianMs: number | null;
  readonly p90Ms: number | null;
}

/** What models were asked, and what it came to in tokens. */
export interface Usage {
  readonly calls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** A time in which runs began: from `since`, not before `until`, both ISO 8601 UTC; null where it has no such end. */
export interface Period {
  readonly since: string | null;
  readonly until: string | null;
}

export interface Measures {
  readonly period: Period;
  readonly runs: {
    /** Without those that were refused at once. */
    readonly total: number;
    readonly ended: number;
    /** Under way, waiting or paused. */
    readonly open: number;
    /** Refused at once, as too many; they count nowhere else. */
    readonly refused: number;
    /** Of those that have ended: how many were a success. */
    readonly completed: Share;
    /** Those that have ended, by the status of their answer; only those there are. */
    readonly byStatus: Readonly<Partial<Record<AnswerStatus | "unknown", number>>>;
  };
  /** Of the plans that were wanted: how many passed the checks at once, and how many after having been sent back. */
  readonly plans: { readonly validAtFirst: Share; readonly validInTheEnd: Share };
  /** How long runs that were a success were worked on, without the time in which they waited for people or were paused. */
  readonly completion: Times;
  readonly steps: {
    readonly failed: Share;
    /** By action, by name. */
    readonly byAction: readonly { readonly action: string; readonly failed: Share }[];
  };
  /** How often another plan was wanted after one was carried out. */
  readonly replans: { readonly total: number; readonly perRun: number | null };
  readonly models: {
    readonly total: Usage;
    readonly perRun: Usage | null;
    readonly byRole: readonly (Usage & { readonly role: string })[];
  };
  /** What people decided on plans and transactions; not what happened where nobody could tell. */
  readonly approvals: {
    /** From being asked to the decision. */
    readonly time: Times;
    readonly rejected: Share;
    readonly edited: Share;
    /** Plans that were sent back for another one. */
    readonly sentBack: Share;
    /** What nobody decided in time. */
    readonly expired: number;
  };
  readonly rollbacks: {
    /** Of the transactions that were approved and came to their end: how many failed, and were rolled back. */
    readonly transactions: Share;
    /** Writes that were undone, for whatever reason, and those that could not be. */
    readonly undone: number;
    readonly notUndone: number;
  };
}
