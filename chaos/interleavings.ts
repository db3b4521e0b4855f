/**
 * Many people and processes at one thread: random interleavings of approvals, rejections, edits, late, plain, copied and
 * repeated answers, cancellations, new requests, passing time, recoveries and resumptions; in one thread and in several
 * workers on the same files, one after the other and at once. Whatever they do, what was written is what a person
 * approved in time, once.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Runtime } from "../src/runtime.ts";
import { startRequest } from "../src/work/threads.ts";
import { assertAllowed, assertAnswerable, type Story } from "./allowed.ts";
import { SharedClock } from "./clock.ts";
import { Crew } from "./crew.ts";
import { knownPlays } from "./known-plays.ts";
import { type Made, makeMove, type NumberedMove, type Situation } from "./make-move.ts";
import { groupsOf, type Move, type Play, plays } from "./moves.ts";
import { by, openNotes, threadId } from "./notes.ts";

/** A play that takes longer hangs, in milliseconds. */
const PATIENCE_MS = 60_000;

/** What was tried, and what came of it: how often each verdict was recorded, and each refusal given. */
export interface Tried {
  plays: number;
  inWorkers: number;
  moves: number;
  readonly counts: Map<string, number>;
}

/**
 * Tries the known plays and then random ones.
 * @param count how many in all
 * @param seed of an earlier failure
 * @throws Error with the smallest interleaving that misapplies an answer, and its seed
 */
export async function checkInterleavings(count: number, seed?: number): Promise<Tried> {
  const crew = new Crew();
  const tried: Tried = { plays: 0, inWorkers: 0, moves: 0, counts: new Map() };
  let failed = false;
  const property = fc.asyncProperty(plays, async (play) => {
    // What fails among workers may need several tries to fail again, while the smallest one is looked for.
    const attempts = failed && play.workers > 0 ? 5 : 1;
    try {
      for (let attempt = 0; attempt < attempts; attempt++) await perform(play, crew, tried);
    } catch (error) {
      failed = true;
      throw error;
    }
  });
  try {
    const examples = knownPlays.map((play): [Play] => [play]);
    await fc.assert(property, {
      numRuns: count,
      timeout: PATIENCE_MS,
      examples,
      ...(seed === undefined ? {} : { seed }),
    });
  } finally {
    await crew.end();
  }
  return tried;
}

async function perform({ workers, moves }: Play, crew: Crew, tried: Tried): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-moves-"));
  const clock = new SharedClock();
  const runtimes = [await openNotes(home, clock)];
  try {
    if (workers > 0) await crew.open(workers, home, clock);
    const make = async (group: readonly NumberedMove[], situation: Situation) =>
      workers > 0
        ? await crew.make(workers, group, situation)
        : await makeInThread({ runtimes, home, clock }, group, situation);
    await follow({ runtime: runtimes[0] as Runtime, home, moves, make, tried });
    tried.plays++;
    if (workers > 0) tried.inWorkers++;
    tried.moves += moves.length;
  } finally {
    if (workers > 0) await crew.close(workers);
    for (const runtime of runtimes) await runtime.close();
    rmSync(home, { recursive: true, force: true });
  }
}

interface Stage {
  /** Of these, the first one looks at what became of the moves. */
  readonly runtimes: Runtime[];
  readonly home: string;
  readonly clock: SharedClock;
}

/** Moves at once share a runtime: SQLite's driver blocks its whole thread while it waits for another connection. */
async function makeInThread(stage: Stage, group: readonly NumberedMove[], situation: Situation): Promise<Made[]> {
  const { runtimes, home, clock } = stage;
  const place = (group[0]?.place ?? 0) % 2;
  const runtime = runtimes[place] ?? (await openNotes(home, clock));
  runtimes[place] = runtime;
  const [first, ...others] = group;
  if (!first) return [];
  const begun = makeMove({ runtime, clock }, first, situation);
  const rest = others.map(async (move) => {
    await Promise.race([clock.after(move.delay), begun]);
    return await makeMove({ runtime, clock }, move, situation);
  });
  return await Promise.all([begun, ...rest]);
}

interface Following {
  readonly runtime: Runtime;
  readonly home: string;
  readonly moves: readonly Move[];
  readonly tried: Tried;
  make(group: readonly NumberedMove[], situation: Situation): Promise<Made[]>;
}

/** Makes the moves, and looks after each group of them whether all is as it may be. */
async function follow({ runtime, home, moves, make, tried }: Following): Promise<void> {
  const { question } = await startRequest(runtime, by("alice"), { request: "go", threadId });
  if (!question) throw new Error("Nothing was asked.");
  const oldest = { proposalId: question.proposalId, steps: question.actions.map(({ step }) => step) };
  let shown: Situation["shown"] = [];
  let story: Story = { runtime, home, given: [], said: [], overdue: new Set() };
  for (const group of groupsOf(moves.map((move, number) => ({ ...move, number })))) {
    const made = await make(group, { oldest, shown });
    shown = [...shown, ...made.flatMap((one) => one.shown)];
    story = {
      ...story,
      given: [...story.given, ...group],
      said: [...story.said, ...made.flatMap((one) => one.said)],
      overdue: new Set([...story.overdue, ...made.flatMap((one) => one.overdue)]),
    };
    await assertAllowed(story);
    for (const { refusal } of made) if (refusal !== undefined) count(tried, `refused: ${refusal}`);
  }
  for (const verdict of await assertAllowed(story)) count(tried, verdict);
  await assertAnswerable(story);
}

function count({ counts }: Tried, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
