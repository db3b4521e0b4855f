/**
 * A script is played in order. Invariants:
 * 1. A call is answered by the entry whose turn it is, or by none.
 * 2. A call that was not expected stays a problem, whatever comes after it, and changes nobody's turn.
 * 3. An entry that was used fewer times than it says is a problem too.
 */
import type { Entry } from "./expect-call.ts";
import { describeCall, describeExpected, differences } from "./match.ts";
import type { Call } from "./request.ts";

export interface Script {
  /** The entry that answers this call, or why it was not expected, which is then a problem. */
  take(call: Call): Entry | { problem: string };
  /** Remembers what went wrong, and returns it. */
  complain(problem: string): string;
  /** What went wrong with calls so far, and with `ended` also which entries were not used. */
  problems(options: { ended: boolean }): string[];
}

export function createScript(entries: readonly Entry[]): Script {
  const complaints: string[] = [];
  let turn = 0;
  let uses = 0;

  const nameOf = (index: number) => `Entry ${index + 1} of ${entries.length}`;
  const complain = (problem: string) => {
    complaints.push(problem);
    return problem;
  };
  const refuse = (call: Call): { problem: string } => {
    const entry = entries[turn];
    const why = entry
      ? [
          `Call ${call.number} is not the expected one. ${nameOf(turn)} expects ${describeExpected(entry.expected)}.`,
          ...differences(entry.expected, call),
        ]
      : [`Call ${call.number} was not expected: the script has ended after ${entries.length} entries.`];
    return { problem: complain([why.join("\n  "), describeCall(call)].join("\n  The call: ")) };
  };

  /** An entry for ever gives way when it was used, and the next entry fits the call where it does not. */
  const givesWay = (entry: Entry, call: Call) => {
    const next = entries[turn + 1];
    return entry.times === Infinity && uses > 0 && next && differences(next.expected, call).length === 0;
  };

  const take = (call: Call): Entry | { problem: string } => {
    const entry = entries[turn];
    if (!entry || differences(entry.expected, call).length > 0) {
      if (!entry || !givesWay(entry, call)) return refuse(call);
      turn += 1;
      uses = 0;
      return take(call);
    }
    uses += 1;
    if (uses >= entry.times) {
      turn += 1;
      uses = 0;
    }
    return entry;
  };

  const unused = () =>
    entries.flatMap((entry, index) => {
      const used = index === turn ? uses : 0;
      if (index < turn || (entry.times === Infinity && used > 0)) return [];
      const how = used > 0 ? `was used ${used} of ${entry.times} times` : "was never used";
      return [`${nameOf(index)} ${how}: ${describeExpected(entry.expected)}.`];
    });

  return { take, complain, problems: ({ ended }) => [...complaints, ...(ended ? unused() : [])] };
}
