/** What people and processes do to a thread: the moves, and how sequences of them are made. */
import fc from "fast-check";

const ACTS = [
  // A person answers what is asked.
  ...["approve", "reject", "reject one", "edit", "edit one"],
  // A page answers by the id of the interrupt that it shows, and names no proposal.
  "approve on a page",
  // A person makes up an approval of what is asked, and does not send it yet.
  "look",
  // An answer that was made before is sent, once more or late: as it is, by its author or by somebody else in that name.
  "retry",
  // The same, by somebody in their own name, as a page that names no proposal.
  "copy",
  // An approval of what was asked first of all, without the id of an interrupt, with and without naming the proposal.
  ...["late approval", "plain approval"],
  ...["cancel", "new request"],
  // Processes go on with what they find.
  ...["recover", "resume", "run without input"],
  // The time that a proposal can be decided in passes: half of it, or all.
  ...["wait", "expire"],
] as const;

export type Act = (typeof ACTS)[number];

const PEOPLE = ["alice", "bob", "carol"] as const;
export type Person = (typeof PEOPLE)[number];

export interface Move {
  readonly act: Act;
  readonly who: Person;
  /** Which runtime makes it, when it is the first of those at once. */
  readonly place: number;
  /** At the same time as the next one. */
  readonly together: boolean;
  /**
   * How much later than those at the same time: in one thread so many readings of the clock, which are at the places
   * that matter; in several milliseconds.
   */
  readonly delay: number;
  /** Which of what there is to choose from, such as the answers that were made before. */
  readonly nth: number;
}

/** Moves, in one thread (0) or in two or three worker threads. */
export interface Play {
  readonly workers: number;
  readonly moves: readonly Move[];
}

const move = fc.record<Move>({
  act: fc.constantFrom(...ACTS),
  who: fc.constantFrom(...PEOPLE),
  place: fc.nat(2),
  together: fc.boolean(),
  delay: fc.nat(12),
  nth: fc.nat(9),
});

/** One play of ten is with workers. */
export const plays: fc.Arbitrary<Play> = fc.record({
  workers: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(2, 3) }),
  moves: fc.array(move, { minLength: 1, maxLength: 8 }),
});

/** The moves in order, those at the same time in one group. */
export function groupsOf<M extends Move>(moves: readonly M[]): M[][] {
  const groups: M[][] = [[]];
  for (const next of moves) {
    groups.at(-1)?.push(next);
    if (!next.together) groups.push([]);
  }
  return groups.filter((group) => group.length > 0);
}
