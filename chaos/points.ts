/** Where a process is killed: at a statement on one of its SQLite files, or by the receiver that it has called. */
import type { KillByReceiver } from "./action.ts";

export interface Point {
  readonly name: string;
  /** `fails`: the last of three writes is refused, so that the others are undone. */
  readonly scenario: "succeeds" | "fails";
  readonly at: AtStatement | KillByReceiver;
}

/** The nth statement that holds all of `words`, in its text or its values; `committed` waits for the next commit. */
export interface AtStatement {
  readonly words: readonly string[];
  readonly nth?: number;
  readonly when: "before" | "after" | "committed";
}

const at = (when: AtStatement["when"], words: string[], nth = 1): AtStatement => ({ words, when, nth });
const point = (name: string, place: Point["at"], scenario: Point["scenario"] = "succeeds"): Point => ({
  name,
  scenario,
  at: place,
});

const INTO_EFFECTS = 'insert into "effects"';
const EFFECT = 'update "effects"';

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
];

export const findPoint = (name: string): Point => {
  const found = points.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`There is no point "${name}".`);
  return found;
};
