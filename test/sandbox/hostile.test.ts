/** Programs that mean harm: each is stopped in its time, and nothing beside it takes notice. Each many times: `chaos`. */
import { describe, expect, it } from "vitest";
import { HOSTILE_PROGRAMS } from "../../chaos/hostile/programs.ts";
import { tryProgram } from "../../chaos/hostile/trial.ts";

/** How soon each is gone is measured by `npm run chaos -- sandbox`: what runs beside these tests makes them late. */
const HOWEVER_LATE = 60_000;

describe("a hostile program", () => {
  it.concurrent.each(HOSTILE_PROGRAMS)("ends, and harms nothing beside it: $what", async (program) => {
    expect((await tryProgram(program, HOWEVER_LATE)).faults).toEqual([]);
  });
});

it("there are at least 40 of them", () => expect(HOSTILE_PROGRAMS.length).toBeGreaterThanOrEqual(40));
