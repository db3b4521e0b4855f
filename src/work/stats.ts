/** `stats`: measures of a tenant's runs, over a time, by day or week, or of a thread. */
import { z } from "zod";
import type { Measures, Period } from "../domain/measures.ts";
import type { Identity } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { findFirstStart } from "../ledger/measures.ts";
import { assertMay } from "../ledger/members.ts";
import type { Runtime } from "../runtime.ts";
import { measurePeriods } from "./measures.ts";
import { getThreadRun } from "./threads.ts";

const DAY_MS = 86_400_000;
/** More would be no overview. */
const MAX_PERIODS = 400;

const time = z.iso.datetime({ offset: true, error: "must be a time such as 2026-01-31T18:00:00Z" });

const QuerySchema = z
  .strictObject({
    since: time.optional(),
    until: time.optional(),
    days: z.int("must be a whole number").min(1, "must be at least 1").max(36_500, "must be at most 36500").optional(),
    by: z.enum(["day", "week"], "must be day or week").optional(),
    threadId: z.string().optional(),
  })
  .refine(({ since, days }) => since === undefined || days === undefined, {
    path: ["days"],
    error: "cannot be given together with since",
  });

export interface StatsQuery {
  /** Runs that began then or later, ISO 8601. Default: all. */
  readonly since?: string;
  /** Runs that began before then, ISO 8601. */
  readonly until?: string;
  /** Instead of `since`: so many days before now. */
  readonly days?: number;
  /** For each day (UTC), or each week from Monday on, too. */
  readonly by?: "day" | "week";
  /** Only of this thread. */
  readonly threadId?: string;
}

export interface Stats {
  readonly all: Measures;
  /** For each day or week, oldest first; empty unless asked for. Where nothing began, there is one with nothing in it. */
  readonly periods: readonly Measures[];
}

/**
 * Measures a tenant's runs by when they began.
 * @throws HoldpointError `denied`, `usage` when the query does not fit, `unknown_thread`
 */
export async function measureStats(runtime: Runtime, identity: Identity, query: StatsQuery = {}): Promise<Stats> {
  const { ledger } = runtime;
  const { tenant } = identity;
  await assertMay(ledger, identity, "viewStats");
  const { by, threadId, ...given } = parse(query);
  if (threadId !== undefined) await getThreadRun(runtime, identity, threadId);
  const scope = threadId === undefined ? {} : { threadId };
  const whole = periodOf(given, runtime.now());
  const parts = by && split(whole, by, { now: runtime.now(), first: await findFirstStart(ledger, tenant, scope) });
  const periods = parts && parts.length > 0 ? await measurePeriods(ledger, tenant, { ...scope, periods: parts }) : [];
  const [all] = await measurePeriods(ledger, tenant, { ...scope, periods: [whole] });
  return { all: all as Measures, periods };
}

function parse(query: StatsQuery): z.infer<typeof QuerySchema> {
  const parsed = QuerySchema.safeParse(query);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HoldpointError("usage", `stats: ${issue?.path.join(".")} ${issue?.message}.`, {
    hint: "See docs/measures.md.",
  });
}

const iso = (ms: number): string => new Date(ms).toISOString();

function periodOf({ since, until, days }: z.infer<typeof QuerySchema>, now: string): Period {
  const begin = days === undefined ? since : iso(Date.parse(now) - days * DAY_MS);
  const period = {
    since: begin === undefined ? null : iso(Date.parse(begin)),
    until: until === undefined ? null : iso(Date.parse(until)),
  };
  if (period.since === null || period.until === null || period.since < period.until) return period;
  throw new HoldpointError("usage", `stats: nothing is from ${period.since} until ${period.until}.`, {
    hint: "since has to be before until.",
  });
}

/** The days or weeks of a period, up to now; the first and the last one as far as they belong to it. */
function split(
  { since, until }: Period,
  by: "day" | "week",
  { now, first }: { now: string; first: string | undefined },
): Period[] {
  const begin = since ?? first;
  if (begin === undefined) return [];
  const end = until ?? iso(Date.parse(now) + 1);
  const length = by === "day" ? DAY_MS : 7 * DAY_MS;
  const count = Math.ceil((Date.parse(end) - startOf(begin, by)) / length);
  if (count > MAX_PERIODS) {
    throw new HoldpointError("usage", `stats: that would be ${count} ${by}s, and at most ${MAX_PERIODS} are shown.`, {
      hint: "Measure by week, or a shorter time.",
    });
  }
  return Array.from({ length: Math.max(0, count) }, (_, n) => {
    const start = startOf(begin, by) + n * length;
    return { since: later(iso(start), begin), until: earlier(iso(start + length), end) };
  });
}

const later = (one: string, other: string): string => (one > other ? one : other);
const earlier = (one: string, other: string): string => (one < other ? one : other);

/** The beginning of a time's day or week (from Monday on), UTC, in milliseconds. */
function startOf(at: string, by: "day" | "week"): number {
  const day = Math.floor(Date.parse(at) / DAY_MS);
  // 1 January 1970 was a Thursday.
  return (by === "day" ? day : day - ((day + 3) % 7)) * DAY_MS;
}
