/** What the terminal shows of a run that is under way: a bar, and the steps as a tree of what waits for what. */
import colors from "picocolors";
import stringWidth from "string-width";
import { inOrder } from "../domain/order.ts";
import type { StepStatus } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import { hasEnded, type ProgressEvent, type StepProgress } from "../domain/progress.ts";
import { duration } from "./duration.ts";

/** A step in the tree, below the one that it waits for last. */
interface Place {
  readonly id: string;
  readonly depth: number;
}

/** What is known of the run by now, from the events that came. */
export class ProgressView {
  #steps = new Map<string, StepProgress>();
  #places: Place[] = [];
  #revision = 0;
  /** The last event, and when it came, in milliseconds. */
  #last: { readonly event: ProgressEvent; readonly at: number } | undefined;

  /** @param at the time now, in milliseconds */
  take(event: ProgressEvent, at: number): void {
    const isNew = event.revision !== this.#revision || event.runId !== this.#last?.event.runId;
    if (isNew) this.#steps = new Map();
    for (const step of event.steps) this.#steps.set(step.id, step);
    if (isNew) this.#places = placesOf([...this.#steps.values()]);
    this.#revision = event.revision;
    this.#last = { event, at };
  }

  /**
   * The lines that show it.
   * @param at the time now, in milliseconds
   * @returns fewer lines than there are rows, none wider than there are columns
   */
  lines({ columns, rows }: { columns: number; rows: number }, at: number): string[] {
    if (!this.#last || rows < 2) return [];
    const { event } = this.#last;
    const passed = event.phase === "waiting" || event.phase === "paused" ? 0 : Math.max(0, at - this.#last.at);
    const shown = this.#choose(rows - 2);
    const lines = shown.map((place) => this.#line(place, columns - 1, at));
    const hidden = this.#places.length - shown.length;
    if (hidden > 0 && lines.length > 0) lines.push(cut(`… and ${hidden} more`, columns - 1));
    return [colors.bold(cut(heading(event, passed, columns), columns - 1)), ...lines];
  }

  /** Those that fit, in their order: what is under way first, then what failed, what comes next, and what was just done. */
  #choose(room: number): readonly Place[] {
    if (this.#places.length <= room) return this.#places;
    const urgent = this.#places.map((place, index) => ({ place, index, rank: this.#rank(place.id) }));
    const chosen = urgent.toSorted((a, b) => a.rank - b.rank || a.index - b.index).slice(0, Math.max(0, room - 1));
    return chosen.toSorted((a, b) => a.index - b.index).map(({ place }) => place);
  }

  #rank(id: string): number {
    const step = this.#steps.get(id);
    if (!step) return 5;
    if (step.status === "pending") return step.dependsOn.every((other) => this.#isOver(other)) ? 2 : 3;
    return RANK[step.status];
  }

  #isOver(id: string): boolean {
    const step = this.#steps.get(id);
    return step === undefined || hasEnded(step.status);
  }

  #line({ id, depth }: Place, columns: number, at: number): string {
    const step = this.#steps.get(id);
    if (!step) return "";
    const said = sayOf(step, at);
    const end = said === "" ? "" : `  ${said}`;
    const text = `${"  ".repeat(Math.min(depth, MAX_DEPTH))}${MARKS[step.status]} ${printable(step.title)}`;
    const line = `${cut(text, columns - end.length)}${end}`;
    return COLORS[step.status](cut(line, columns));
  }
}

/** Deeper ones stand no further to the right. */
const MAX_DEPTH = 8;

const RANK: Record<Exclude<StepStatus, "pending">, number> = {
  running: 0,
  failed: 1,
  completed: 4,
  skipped: 4,
  blocked: 4,
};

const MARKS: Record<StepStatus, string> = {
  pending: "○",
  running: "▶",
  completed: "✔",
  failed: "✖",
  skipped: "↷",
  blocked: "⊘",
};

const COLORS: Record<StepStatus, (text: string) => string> = {
  pending: colors.dim,
  running: colors.bold,
  completed: colors.green,
  failed: colors.red,
  skipped: colors.dim,
  blocked: colors.dim,
};

function sayOf({ status, since, durationMs }: StepProgress, at: number): string {
  if (status === "running") return since === null ? "" : duration(Math.max(0, at - Date.parse(since)));
  if (status === "completed") return durationMs === null ? "" : duration(durationMs);
  return status === "pending" ? "" : status;
}

const BAR = 20;

function heading(
  { percent, phase, elapsedMs, expectedMs, total }: ProgressEvent,
  passed: number,
  columns: number,
): string {
  const left = expectedMs ? `, about ${duration(Math.max(0, expectedMs - passed))} left` : "";
  const what = `${PHASES[phase]}  ${duration(elapsedMs + passed)}${left}`;
  if (total === 0) return what;
  const filled = Math.floor((BAR * percent) / 100);
  const bar = columns > 50 ? `${"█".repeat(filled)}${"░".repeat(BAR - filled)} ` : "";
  return `${bar}${percent} %  ${what}`;
}

/** What a run is at, in words. */
export const PHASES: Record<ProgressEvent["phase"], string> = {
  planning: "planning",
  reading: "reading",
  staging: "looking what would change",
  reviewing: "reviewing",
  waiting: "waiting for a person",
  committing: "doing what was approved",
  undoing: "undoing",
  reflecting: "checking the outcome",
  paused: "paused",
  ended: "ended",
};

/** Each step below the one of its dependencies that stands deepest. */
function placesOf(steps: readonly StepProgress[]): Place[] {
  const depths = new Map<string, number>();
  const below = new Map<string, string[]>();
  const roots: string[] = [];
  for (const { id, dependsOn } of inOrder(steps)) {
    const deepest = dependsOn
      .filter((other) => depths.has(other))
      .toSorted((a, b) => (depths.get(b) ?? 0) - (depths.get(a) ?? 0))[0];
    depths.set(id, deepest === undefined ? 0 : (depths.get(deepest) ?? 0) + 1);
    const siblings = deepest === undefined ? roots : (below.get(deepest) ?? []);
    siblings.push(id);
    if (deepest !== undefined) below.set(deepest, siblings);
  }
  const places: Place[] = [];
  const open = roots.toReversed();
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    places.push({ id, depth: depths.get(id) ?? 0 });
    open.push(...(below.get(id) ?? []).toReversed());
  }
  return places;
}

const segments = new Intl.Segmenter();

/** A text that is no wider than so many columns. */
export function cut(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const { segment } of segments.segment(text)) {
    width += stringWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns < 1 ? "" : `${kept}…`;
}
