/** Where a process is killed: at a statement on one of its SQLite files, or by the receiver that it has called. */
import type { KillByReceiver } from "./action.ts";
import type { Kind } from "./receiver.ts";

export interface Point {
  readonly name: string;
  /**
   * `fails`: the last of three writes is refused, so that the others are undone. `doubts`: nobody can tell what became of
   * the second write. `replans`: a second stage is refused, and planned again by a model. `programs`: a model plans it by a
   * program.
   */
  readonly scenario: "succeeds" | "fails" | "doubts" | "replans" | "programs";
  /** The receivers with which it is reached. */
  readonly kinds: readonly Kind[];
  readonly at: AtStatement | KillByReceiver;
}

/** The nth statement that holds all of `words`, in its text or its values; `committed` waits for the next commit. */
export interface AtStatement {
  readonly words: readonly string[];
  readonly nth?: number;
  readonly when: "before" | "after" | "committed";
}

const at = (when: AtStatement["when"], words: string[], nth = 1): AtStatement => ({ words, when, nth });
const KINDS: readonly Kind[] = ["idempotent", "look-up", "opaque"];
const point = (
  name: string,
  place: Point["at"],
  scenario: Point["scenario"] = "succeeds",
  kinds: readonly Kind[] = KINDS,
): Point => ({ name, scenario, kinds, at: place });
/** Whoever can be asked, or knows a repeat, leaves no doubt. */
const doubt = (name: string, place: Point["at"]): Point => point(name, place, "doubts", ["opaque"]);

const INTO_EFFECTS = 'insert into "effects"';
const EFFECT = 'update "effects"';
const INTO_PROPOSALS = 'insert into "proposals"';
const INTO_DECISIONS = 'insert into "decisions"';
const INTO_REVISIONS = 'insert into "plan_revisions"';
const INTO_READS = 'insert into "reads"';
const INTO_PROGRAMS = 'insert into "programs"';
const PROGRAM = 'update "programs"';

export const points: readonly Point[] = [
  point("asked, before the first checkpoint", at("before", ["INTO checkpoints"])),
  point("plan saved", at("committed", ['insert into "plan_revisions"'])),
  point("before the interrupt is written", at("before", ["INTO writes", "__interrupt__"])),
  point("after the interrupt is written", at("after", ["INTO writes", "__interrupt__"])),
  point("after the resume is written", at("after", ["INTO writes", "__resume__"])),
  point("during audit", at("before", ['insert into "audit_log"', "decision.approved"])),
  point("decision stored, not resumed", at("committed", ['insert into "decisions"'])),
  point("before the intent", at("before", [INTO_EFFECTS])),
  point("intent, no request", at("committed", [INTO_EFFECTS])),
  point("executing, no request", at("committed", [EFFECT, "executing"])),
  point("request sent, not done", { did: "write", nth: 1, when: "before" }),
  point("request sent and done, no answer", { did: "write", nth: 1, when: "after" }),
  point("effect done, no outcome", at("before", [EFFECT, "succeeded"])),
  point("between steps", at("committed", [EFFECT, "succeeded"])),
  point("second effect done, no outcome", at("before", [EFFECT, "succeeded"], 2)),
  point("outcome, no checkpoint", at("committed", ['update "proposals"', "committed"])),
  point("failure seen, rollback not begun", at("committed", [EFFECT, "failed"]), "fails"),
  point("before an undo's intent", at("before", [EFFECT, "undoing"]), "fails"),
  point("undo intended, not sent", at("committed", [EFFECT, "undoing"]), "fails"),
  point("undo sent, not done", { did: "undo", nth: 1, when: "before" }, "fails"),
  point("undo done, no outcome", at("before", [EFFECT, "undone"]), "fails"),
  point("last undo, not closed", at("before", ['update "proposals"', "rolled_back"]), "fails"),
  doubt("doubt seen, nobody asked", at("before", [INTO_PROPOSALS, "reconciliation"])),
  doubt("asked what happened", at("committed", [INTO_PROPOSALS, "reconciliation"])),
  doubt("told what happened, not settled", at("committed", [INTO_DECISIONS, "reconciled"])),
  doubt("settled, not gone on", at("committed", [EFFECT, "says that it"])),
  point("another plan wanted, not asked for", at("committed", ['insert into "reflections"']), "replans"),
  point("another plan made, not saved", at("before", [INTO_REVISIONS], 2), "replans"),
  point("another plan saved", at("committed", [INTO_REVISIONS], 2), "replans"),
  point("done step recognised, nothing proposed", at("committed", ['insert into "kept_steps"']), "replans"),
  point("another plan approved, not resumed", at("committed", [INTO_DECISIONS], 3), "replans"),
  point("another plan's effect done, no outcome", at("before", [EFFECT, "succeeded"], 2), "replans"),
  point("program written, not saved", at("before", [INTO_PROGRAMS]), "programs"),
  point("program saved, not tried", at("committed", [INTO_PROGRAMS]), "programs"),
  point("in the middle of a program", at("committed", [INTO_READS, "program.1.2"]), "programs"),
  point("program tried, no outcome", at("before", [PROGRAM]), "programs"),
  point("program taken, no plan", at("committed", [PROGRAM]), "programs"),
  point("program's effect done, no outcome", at("before", [EFFECT, "succeeded"]), "programs"),
];

export const findPoint = (name: string): Point => {
  const found = points.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`There is no point "${name}".`);
  return found;
};
