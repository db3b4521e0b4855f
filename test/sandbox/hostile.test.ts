/** Programs that mean harm: each is stopped in its time, and nothing beside it takes notice. Each many times: `chaos`. */
import { describe, expect, it } from "vitest";
import { HOSTILE_PROGRAMS } from "../../chaos/hostile/programs.ts";
import { tryProgram } from "../../chaos/hostile/trial.ts";

/** How soon each is gone is measured by `npm run chaos -- sandbox`: what runs beside these tests makes them late. */
const HOWEVER_LATE = 60_000;

describe("a hostile program", () => {
  it.concurrent.each(HOSTILE_PROGRAMS)("ends, and harms nothing beside it: $what", async (program) => {
    const { end, faults } = await tryProgram(program, { latestMs: HOWEVER_LATE });
    // On a machine that is busy, its time may be up before it has come to its end.
    const isSlow = faults.length > 0 && end.kind === "stopped" && end.why === "time";
    const again = isSlow ? await tryProgram(program, { timeMs: 5000, latestMs: HOWEVER_LATE }) : { faults };
    expect(again.faults).toEqual([]);
  });
});

it("there are at least 40 of them", () => expect(HOSTILE_PROGRAMS.length).toBeGreaterThanOrEqual(40));
