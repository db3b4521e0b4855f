/**
 * Plays that meet where it matters, tried before all random ones: of each guard that an answer has to pass, one fails
 * when the guard is missing.
 */
import type { Act, Move, Play } from "./moves.ts";

const move = (act: Act, more: Partial<Move> = {}): Move => ({
  ...{ act, who: "alice", place: 0, together: false, delay: 0, nth: 0 },
  ...more,
});

/** At the same time as what comes next. */
const and = (act: Act, more: Partial<Move> = {}): Move => move(act, { together: true, ...more });

/** Holds the ledger's lock as long as a move can, so that others wait there for it, each with what it saw before. */
const behindALock = (first: Move, second: Move): Play => ({
  workers: 3,
  moves: [and("wait", { nth: 9 }), { ...first, together: true }, { ...second, together: false }],
});

const inThread = (...moves: Move[]): Play => ({ workers: 0, moves });
const inWorkers = (workers: 2 | 3, ...moves: Move[]): Play => ({ workers, moves });

export const knownPlays: readonly Play[] = [
  // Two decide at once: one decision counts, and one process carries it out.
  inThread(and("approve"), move("approve", { who: "bob" })),
  inThread(and("approve"), move("reject", { who: "bob" })),
  inThread(and("cancel"), move("cancel", { who: "bob" })),
  inThread(and("approve"), move("approve on a page", { who: "bob" })),
  inThread(and("approve"), move("late approval", { who: "bob", delay: 4 })),
  inWorkers(2, and("approve"), move("approve", { who: "bob" })),
  inWorkers(2, and("approve"), move("approve")),
  inWorkers(3, and("approve"), and("recover", { delay: 9 }), move("resume", { delay: 12 })),
  // Whoever comes upon a request is not taken for whoever asked.
  inWorkers(2, and("new request"), move("approve", { who: "carol", delay: 11, nth: 6 })),
  behindALock(move("approve"), move("reject", { who: "bob" })),
  behindALock(move("approve"), move("cancel", { who: "bob" })),
  behindALock(move("new request"), move("new request", { who: "bob" })),
  // The time is over while somebody decides, or was over before.
  inThread(and("edit"), move("expire", { delay: 2 })),
  inThread(and("edit"), move("expire", { delay: 4 })),
  inWorkers(2, and("approve"), move("expire", { nth: 9 })),
  inWorkers(2, and("reject"), move("expire", { nth: 9 })),
  inThread(move("look"), move("expire"), move("copy", { who: "bob" }), move("approve")),
  // What was asked before is answered, when something else is asked.
  inThread(move("edit"), move("late approval", { who: "bob" })),
  inThread(move("edit"), move("plain approval", { who: "bob" })),
  inThread(move("look"), and("edit"), move("copy", { who: "bob", delay: 5 })),
  inWorkers(2, move("look"), and("edit"), move("copy", { who: "bob", delay: 4 })),
  // An answer is sent again: when it was decided, and in somebody else's name.
  inThread(move("approve"), move("retry"), move("copy", { who: "bob" })),
  inThread(move("look"), move("retry", { who: "bob", nth: 1 })),
];
