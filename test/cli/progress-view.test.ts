/** What the terminal shows of a run under way: never wider nor higher than it, whatever a title holds. */
import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { duration } from "../../src/cli/duration.ts";
import { cut, ProgressView } from "../../src/cli/progress-view.ts";
import { type StepStatus, StepStatusSchema } from "../../src/domain/plan.ts";
import { PhaseSchema, type ProgressEvent, ProgressEventSchema } from "../../src/domain/progress.ts";

const AT = Date.parse("2026-11-01T10:00:10.000Z");

type Given = { id: string; title?: string; status?: StepStatus; dependsOn?: string[]; durationMs?: number };

function event(steps: Given[], more: Partial<ProgressEvent> = {}): ProgressEvent {
  const all = steps.map(
    ({ id, title = `Step ${id}`, status = "pending", dependsOn = [], durationMs = null as never }) => ({
      ...{ id, title, status, dependsOn, weight: 1 },
      since: status === "running" ? "2026-11-01T10:00:08.000Z" : null,
      durationMs,
    }),
  );
  return ProgressEventSchema.parse({
    ...{ type: "progress", runId: "r", revision: 1, phase: "reading", percent: 45, done: 1, total: steps.length },
    ...{ running: 1, current: [], elapsedMs: 12_000, expectedMs: 8000, steps: all, ...more },
  });
}

/** Without the colours that are ours; where there is no terminal, there are none. */
const plain = (line: string): string => COLORS.reduce((text, code) => text.replaceAll(code, ""), line);
const COLORS = ["1", "2", "22", "31", "32", "39"].map((code) => `\u001b[${code}m`);

function shown(steps: Given[], size = { columns: 80, rows: 24 }, more: Partial<ProgressEvent> = {}): string[] {
  const view = new ProgressView();
  view.take(event(steps, more), AT);
  return view.lines(size, AT).map(plain);
}

describe("the tree", () => {
  it("has each step below the one that it waits for last, with where it stands", () => {
    const steps: Given[] = [
      { id: "d", dependsOn: ["b", "c"] },
      { id: "a", status: "completed", durationMs: 350 },
      { id: "b", status: "running", dependsOn: ["a"] },
      { id: "c", status: "failed", dependsOn: ["a", "b"] },
      { id: "e", status: "skipped" },
      { id: "f", status: "blocked", dependsOn: ["e"] },
    ];
    expect(shown(steps)).toEqual([
      "█████████░░░░░░░░░░░ 45 %  reading  12 s, about 8.0 s left",
      "✔ Step a  350 ms",
      "  ▶ Step b  2.0 s",
      "    ✖ Step c  failed",
      "      ○ Step d",
      "↷ Step e  skipped",
      "  ⊘ Step f  blocked",
    ]);
  });

  it("says what it does not know, and what is before any plan", () => {
    expect(shown([{ id: "a" }], undefined, { expectedMs: null })[0]).toBe("█████████░░░░░░░░░░░ 45 %  reading  12 s");
    expect(shown([], undefined, { phase: "planning", total: 0, expectedMs: null })).toEqual(["planning  12 s"]);
  });

  it("goes on counting the time between two events, but not while a person is waited for", () => {
    const view = new ProgressView();
    view.take(event([{ id: "a" }]), AT);
    expect(view.lines({ columns: 80, rows: 24 }, AT + 3000)[0]).toContain("15 s, about 5.0 s left");
    view.take(event([], { phase: "waiting", total: 1 }), AT);
    expect(view.lines({ columns: 80, rows: 24 }, AT + 3000)[0]).toContain(
      "waiting for a person  12 s, about 8.0 s left",
    );
  });

  it("takes in what changes, and begins anew with another revision", () => {
    const view = new ProgressView();
    view.take(event([{ id: "a" }, { id: "b" }]), AT);
    view.take(event([{ id: "b", status: "running" }]), AT);
    expect(view.lines({ columns: 80, rows: 24 }, AT).slice(1).map(plain)).toEqual(["○ Step a", "▶ Step b  2.0 s"]);
    view.take(event([{ id: "c" }], { revision: 2 }), AT);
    expect(view.lines({ columns: 80, rows: 24 }, AT).slice(1).map(plain)).toEqual(["○ Step c"]);
  });

  it("shows of a large plan what is under way, what failed and what comes next", () => {
    const steps = Array.from(
      { length: 1000 },
      (_, n): Given => ({ id: `s${n}`, ...(n > 0 ? { dependsOn: [`s${n - 1}`] } : {}) }),
    );
    for (const step of steps.slice(0, 700)) step.status = "completed";
    const fail = steps[100];
    if (fail) fail.status = "failed";
    const run = steps[700];
    if (run) run.status = "running";
    const lines = shown(steps, { columns: 80, rows: 10 });
    expect(lines).toHaveLength(9);
    expect(lines.join("\n")).toMatch(/✖ Step s100 {2}failed/);
    expect(lines.join("\n")).toMatch(/▶ Step s700 /);
    expect(lines.at(-1)).toBe("… and 993 more");
  });

  it("lets no title draw on the screen", () => {
    const [, line] = shown([{ id: "a", title: "one\u001b[2J\u202etwo\nthree" }]);
    expect(line).toBe("○ one<U+001B>[2J<U+202E>two three");
  });

  it("is never wider than the terminal nor as high, whatever is in it", () => {
    const title = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("日本語の題名", "👩‍👩‍👧‍👦 family", "e\u0301te\u0301".repeat(30)),
    );
    const step = fc.record({
      title,
      status: fc.constantFrom(...StepStatusSchema.options),
      after: fc.array(fc.nat(), { maxLength: 3 }),
    });
    const size = fc.record({ columns: fc.integer({ min: 1, max: 120 }), rows: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        size,
        fc.constantFrom(...PhaseSchema.options),
        (drawn, given, phase) => {
          const steps = drawn.map(({ after, ...own }, n) => ({
            ...{ id: `s${n}`, ...own },
            dependsOn: n === 0 ? [] : after.map((place) => `s${place % n}`),
          }));
          const lines = shown(steps, given, { phase });
          expect(lines.length).toBeLessThan(Math.max(2, given.rows));
          for (const line of lines) {
            expect(stringWidth(line)).toBeLessThanOrEqual(given.columns);
            expect(/\p{Cc}/u.test(line)).toBe(false);
          }
        },
      ),
    );
  });
});

describe("a text that is cut", () => {
  it.each([
    ["short", 10, "short"],
    ["exactly ten", 11, "exactly ten"],
    ["exactly ten", 10, "exactly t…"],
    ["日本語", 6, "日本語"],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
    ["x", 0, ""],
  ])("%j to %d columns is %j", (text, columns, expected) => {
    expect(cut(text, columns)).toBe(expected);
  });
});

describe("a time", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1000, "1.0 s"],
    [9999, "9.9 s"],
    [10_000, "10 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [192_000, "3 min 12 s"],
    [7_500_000, "2 h 5 min"],
    [349_200_000, "4 d 1 h"],
  ])("of %d ms is %s", (ms, expected) => {
    expect(duration(ms)).toBe(expected);
  });
});
