/** Programs that mean harm: each is stopped in its time, and nothing beside it takes notice. Each many times: `chaos`. */
import { describe, expect, it } from "vitest";
import { HOSTILE_PROGRAMS } from "../../chaos/hostile/programs.ts";
import { tryProgram } from "../../chaos/hostile/trial.ts";

describe("a hostile program", () => {
  it.concurrent.each(HOSTILE_PROGRAMS)("ends, and harms nothing beside it: $what", async (program) => {
    expect((await tryProgram(program)).faults).toEqual([]);
  });
});

it("there are at least 40 of them", () => expect(HOSTILE_PROGRAMS.length).toBeGreaterThanOrEqual(40));
