/**
 * `npm run chaos`: kills processes at every point, for every kind of receiver, and prints what became of it.
 * `npm run chaos -- 50` makes 50 runs for each; without a number, 50. With `--docs` the figures go into docs/guarantees.md.
 * `npm run chaos -- interleavings 10000` tries that many interleavings of what people, processes and time do to a thread:
 * nine of ten in one thread, one of ten in two or three workers that really move at once. One that fails is printed as
 * the smallest sequence that fails, with its seed, which can follow the number to try the same ones again.
 * `npm run chaos -- races 1000` lets two workers recover the same transaction at once, that often.
 * `npm run chaos -- audit 1000` tampers that often with an audit log of 100,000 entries.
 * `npm run chaos -- sandbox 25` runs each hostile program that often, several at once with harmless ones beside them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { HEAD, type Row, writeFigures } from "./figures.ts";
import { type Outcome, Receiver, tryControl, tryPoint } from "./harness.ts";
import { checkInterleavings } from "./interleavings.ts";
import { type Point, points } from "./points.ts";
import { race } from "./races.ts";
import type { Kind } from "./receiver.ts";
import { tryHostilePrograms } from "./sandbox.ts";
import { tamperInFile } from "./tampering.ts";

const KINDS: readonly Kind[] = ["idempotent", "look-up", "opaque"];

async function repeat(times: number, attempt: () => Promise<Outcome>): Promise<Outcome> {
  const total = { duplicated: 0, lost: 0, uncertain: 0 };
  for (let run = 0; run < times; run++) {
    const outcome = await attempt();
    total.duplicated += outcome.duplicated;
    total.lost += outcome.lost;
    total.uncertain += outcome.uncertain;
  }
  return total;
}

/** Where a plain node can be killed in the same way: around its call, and before its outcome is kept. */
const hasControl = ({ at, scenario, name }: Point): boolean =>
  scenario === "succeeds" && (!("words" in at) || name === "effect done, no outcome");

async function tryOften(
  receiver: Receiver,
  point: Point,
  times: number,
): Promise<[Kind, Outcome, Outcome | undefined]> {
  const outcome = await repeat(times, () => tryPoint(receiver, point));
  const plain = hasControl(point) ? await repeat(times, () => tryControl(receiver, point)) : undefined;
  return [receiver.kind, outcome, plain];
}

async function killEverywhere(times: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-receivers-"));
  const receivers = KINDS.map((kind) => new Receiver(kind, folder));
  const rows: Row[] = [];
  let bad = 0;
  try {
    for (const receiver of receivers) await receiver.start();
    for (const point of points) {
      const there = receivers.filter(({ kind }) => point.kinds.includes(kind));
      // Each has its own processes and files: they need not wait for each other.
      const tried = await Promise.all(there.map((receiver) => tryOften(receiver, point, times)));
      for (const [kind, { lost, duplicated, uncertain }, plain] of tried) {
        bad += lost + duplicated;
        const control = [plain?.lost ?? "", plain?.duplicated ?? ""];
        rows.push([point.name, kind, times, lost, duplicated, uncertain, ...control]);
      }
      process.stderr.write(".");
      if (process.argv.includes("--docs")) writeFigures(rows); // a long run that is cut off has said what it saw
    }
  } finally {
    for (const receiver of receivers) receiver.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const table = new Table({ head: [...HEAD].map(String), style: { head: [], border: [], compact: true } });
  table.push(...rows.map((row) => [...row]));
  process.stdout.write(`\n${table.toString()}\n`);
  process.stdout.write(bad === 0 ? "Nothing was lost, and nothing was done twice.\n" : `${bad} effects are wrong.\n`);
  return bad;
}

const MODES = {
  kills: { times: 50, run: async (times: number) => (await killEverywhere(times)) === 0 },
  interleavings: {
    times: 10_000,
    run: async (times: number, seed?: number) => {
      const { plays, inWorkers, moves, counts } = await checkInterleavings(times, seed);
      const came = [...counts].toSorted(([one], [other]) => one.localeCompare(other));
      process.stdout.write(`${came.map(([what, count]) => `  ${count} ${what}`).join("\n")}\n`);
      process.stdout.write(
        `${plays} interleavings of ${moves} moves, ${inWorkers} of them in several workers: ` +
          "no answer was misapplied, and nothing was written twice.\n",
      );
      return true;
    },
  },
  races: {
    times: 1000,
    run: async (times: number) => {
      await race(times);
      process.stdout.write(`${times} races: each transaction was picked up once.\n`);
      return true;
    },
  },
  audit: { times: 1000, run: (times: number) => tamperInFile(times) },
  sandbox: { times: 25, run: (times: number) => tryHostilePrograms(times) },
};

const [first = "kills", second, third] = process.argv.slice(2).filter((word) => word !== "--docs");
const mode = Object.hasOwn(MODES, first) ? MODES[first as keyof typeof MODES] : MODES.kills;
const given = mode === MODES.kills && first !== "kills" ? first : second;
const times = Number(given ?? mode.times);
const seed = mode === MODES.interleavings && third !== undefined ? [Number(third)] : [];
if (!Number.isInteger(times) || times < 1 || !seed.every(Number.isInteger)) {
  const words = [given, third].filter((word) => word !== undefined).join(" ");
  process.stderr.write(`"${words}" does not fit. Usage: [kills|interleavings|races|audit|sandbox] [number] [seed]\n`);
  process.exitCode = 2;
} else {
  process.exitCode = (await mode.run(times, ...seed)) ? 0 : 1;
}
