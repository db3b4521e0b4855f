/** All hostile programs, for `npm run chaos -- sandbox` and, each once, for the tests. */
import { CROSSINGS } from "./crossings.ts";
import { ENDLESS } from "./endless.ts";
import { ESCAPES } from "./escapes.ts";
import { FORGERIES } from "./forgeries.ts";
import { GREEDY } from "./greedy.ts";
import type { HostileProgram } from "./program.ts";

export const HOSTILE_PROGRAMS: readonly HostileProgram[] = [
  ...ENDLESS,
  ...GREEDY,
  ...ESCAPES,
  ...FORGERIES,
  ...CROSSINGS,
];
