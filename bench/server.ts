/** The HTTP server as a process of its own: lists beside much that is stored, decisions, event streams, start, memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { ms, type Report } from "./support/report.ts";
import { type ServerProcess, startServer } from "./support/server-process.ts";

const REQUEST = "Return 1 Classic";
/** In turn with it, so that neither stock nor balance comes to an end. */
const SALE = "I want to buy 1 pair of classic sunglasses.";
const STORED = 100_000;
const ROUNDS = 200;
const STREAMS = 200;
const PAUSED = 1_000;
const START = "POST /api/v1/runs";

export async function measure(report: Report): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-bench-"));
  try {
    await measureStored(report, home);
    await measureDecisions(report, home);
    await measureStreams(report, home);
    await measurePaused(report, mkdtempSync(join(home, "paused-")));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const percentile = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1] ?? 0;

async function timesOf(rounds: number, work: (round: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let round = -10; round < rounds; round++) {
    const begun = performance.now();
    await work(round);
    if (round >= 0) times.push(performance.now() - begun);
  }
  return times;
}

const approve = (server: ServerProcess, asked: { question: { proposalId: string } }) =>
  server.send(`POST /api/v1/actions/executions/${asked.question.proposalId}:s1/approve`);

/** One run that was really carried out, as often as there are to be. */
async function store(home: string): Promise<void> {
  const server = await startServer(home);
  await approve(server, await server.send(START, { request: REQUEST }));
  for (let index = 0; index < 50; index++) await server.send(START, { request: REQUEST });
  await server.stop();
  const db = new Database(join(home, "ledger.db"));
  const tables = { runs: "id", proposals: "run_id", decisions: "proposal_id", effects: "run_id" } as const;
  const done = db.prepare("select id, run_id from proposals where status = 'committed'").get() as Record<
    string,
    string
  >;
  const copy = db.transaction((table: keyof typeof tables) => {
    const key = table === "decisions" ? done.id : done.run_id;
    const row = db.prepare(`select * from ${table} where ${tables[table]} = ?`).get(key) as Record<string, unknown>;
    const names = Object.keys(row);
    const insert = db.prepare(`insert into ${table} (${names.join(", ")}) values (${names.map((name) => `@${name}`)})`);
    for (let index = 0; index < STORED; index++) {
      const at = new Date(Date.parse("2026-01-01T00:00:00Z") + index * 1000).toISOString();
      const own = { id: `${row.id}-${index}`, run_id: `${done.run_id}-${index}`, proposal_id: `${done.id}-${index}` };
      const given = { key: `${row.key}-${index}`, thread_id: `t-${index}`, created_at: at };
      const changed = Object.entries({ ...own, ...given }).filter(([name]) => names.includes(name));
      insert.run({ ...row, ...Object.fromEntries(changed) });
    }
  });
  for (const table of Object.keys(tables) as (keyof typeof tables)[]) copy(table);
  db.close();
}

async function measureStored(report: Report, home: string): Promise<void> {
  await store(home);
  report.title(`With ${STORED.toLocaleString("en")} executions stored, and 50 that wait`);
  const starts: number[] = [];
  for (let index = 0; index < 3; index++) {
    const trial = await startServer(home);
    starts.push(trial.startedIn);
    await trial.stop();
  }
  report.limit("from the start of the process to its first request", {
    value: percentile(starts, 1),
    max: 2000,
    unit: "ms",
  });
  const server = await startServer(home);
  const floor = percentile(await timesOf(ROUNDS, () => server.send("GET /health")), 0.95);
  report.line("GET /health, p95", ms(floor));
  const pending = await timesOf(ROUNDS, () => server.send("GET /api/v1/actions/approvals"));
  report.limit("pending approvals, p95", {
    value: percentile(pending, 0.95),
    max: 20,
    unit: "ms",
    of: `median ${ms(percentile(pending, 0.5))}`,
  });
  const lists = {
    executions: "actions/executions",
    "executions that failed": "actions/executions?status=failed",
    runs: "runs",
  };
  for (const [what, path] of Object.entries(lists)) {
    const times = await timesOf(what === "executions that failed" ? 5 : ROUNDS, () =>
      server.send(`GET /api/v1/${path}`),
    );
    report.line(`${what}, a page of 50, p95`, ms(percentile(times, 0.95)));
  }
  await server.stop();
}

async function measureDecisions(report: Report, home: string): Promise<void> {
  const server = await startServer(home);
  let inActions = 0;
  const times: number[] = [];
  for (let round = -10; round < 100; round++) {
    const asked = await server.send(START, { request: round % 2 === 0 ? SALE : REQUEST });
    const begun = performance.now();
    const { run, effects } = await approve(server, asked);
    const took = performance.now() - begun - effects[0].durationMs;
    if (round >= 0) times.push(took);
    if (run.answer?.status !== "success") throw new Error(`It did not end well: ${JSON.stringify(run)}`);
    inActions = Math.max(inActions, effects[0].durationMs);
  }
  report.title("Deciding");
  report.limit("approving a paused run, to its end, without its action, p95", {
    ...{ value: percentile(times, 0.95), max: 50, unit: "ms" },
    of: `median ${ms(percentile(times, 0.5))}; the action took up to ${ms(inActions)} more`,
  });
  await server.stop();
}

async function measureStreams(report: Report, home: string): Promise<void> {
  const server = await startServer(home);
  const asked = await server.send(START, { request: REQUEST });
  const gone = new AbortController();
  const path = `${server.url}/api/v1/runs/${asked.run.id}/events`;
  const heard: Promise<number>[] = [];
  for (let index = 0; index < STREAMS; index++) {
    const response = await fetch(path, { signal: gone.signal });
    heard.push(untilEnd(response));
  }
  const quiet = percentile(await timesOf(ROUNDS, () => server.send("GET /health")), 0.95);
  const begun = performance.now();
  await approve(server, asked);
  const decided = performance.now();
  const ends = (await Promise.all(heard)).map((at) => at - decided);
  report.title(`${STREAMS} event streams on one process`);
  report.limit("that did not hear of the end", { value: STREAMS - ends.length, max: 0, unit: "streams" });
  report.line("the decision itself", ms(decided - begun));
  report.line("from the answer to the last stream's end", ms(percentile(ends, 1)));
  report.line("GET /health while they are open, p95", ms(quiet));
  report.line("the process then holds", `${Math.round(server.resident() / 1e6)} MB`);
  gone.abort();
  await server.stop();
}

async function untilEnd(response: Response): Promise<number> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.includes("event: end")) return performance.now();
  }
  throw new Error("A stream ended without the end of its run.");
}

async function measurePaused(report: Report, home: string): Promise<void> {
  const first = await startServer(home);
  for (let index = 0; index < PAUSED; index += 4) {
    await Promise.all(Array.from({ length: 4 }, () => first.send(START, { request: REQUEST })));
  }
  report.title(`${PAUSED.toLocaleString("en")} paused runs`);
  const limit = { max: 250, unit: "MB" };
  report.limit("the process that took them holds", { ...limit, value: first.resident() / 1e6 });
  await first.stop();
  const second = await startServer(home);
  await lookAtSome(second);
  report.limit("a process that is started on them holds", { ...limit, value: second.resident() / 1e6 });
  await second.stop();
}

/** Looks at some of them, as people would. */
async function lookAtSome(server: ServerProcess): Promise<void> {
  const { items } = await server.send("GET /api/v1/actions/approvals?limit=200");
  for (const { proposalId } of items.slice(0, 50)) await server.send(`GET /api/v1/actions/approvals/${proposalId}`);
}
