/** Programs that mean harm: each is stopped in its time, and nothing beside it takes notice. */
import { describe, expect, it } from "vitest";
import { type ProgramEnd, runProgram } from "../../src/sandbox/run-program.ts";
import { HOSTILE_PROGRAMS, type HostileProgram } from "./hostile-programs.ts";

const TIME_MS = 300;
const now = "2026-01-31T09:00:00.000Z";
const call = async (name: string, args: unknown) => {
  if (name === "fail") throw new Error("it fails");
  return { name, args: args as object } as never;
};
const run = (code: string, names = ["find", "fail"]) =>
  runProgram({ code, names, call, now, limits: { timeMs: TIME_MS }, signal: new AbortController().signal });

function expectEnd(end: ProgramEnd, ends: HostileProgram["ends"]): void {
  if (typeof ends === "object") expect(end).toMatchObject({ kind: "returned", value: ends.returned });
  else if (ends !== "any") expect(end.kind, JSON.stringify(end)).toBe(ends);
}

describe("a hostile program", () => {
  it.concurrent.each(HOSTILE_PROGRAMS)("ends, and harms nothing beside it: $what", async ({ code, ends }) => {
    const [end, other] = await Promise.all([run(code), run("return (await find({ b: 1 })).args.b + 1")]);
    expectEnd(end, ends);
    expect(other).toMatchObject({ kind: "returned", value: 2 });
    // Counted by itself, so that a machine that is busy does not matter; a built-in may overshoot.
    expect(end.workedMs).toBeLessThan(TIME_MS + 1000);
    expect(JSON.stringify(end).length).toBeLessThan(500_000);
  });
});

it("there are at least 40 of them", () => expect(HOSTILE_PROGRAMS.length).toBeGreaterThanOrEqual(40));
