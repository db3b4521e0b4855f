/**
 * Lists that are read a page at a time, newest first. A cursor is the place of the last row that was read, so that what
 * is written meanwhile neither repeats nor hides any.
 */
import type { ExpressionBuilder } from "kysely";
import type { Decision, Effect, Proposal } from "../domain/proposal.ts";
import type { Run, RunStatus } from "../domain/run.ts";
import type { Ledger } from "./database.ts";
import { toDecision } from "./decisions.ts";
import { toEffect } from "./effects.ts";
import { toProposal } from "./proposals.ts";
import { toRun } from "./runs.ts";
import type { LedgerSchema } from "./schema.ts";
import { opened } from "./sealed-columns.ts";

/** A row's place in a list: when it was written, ISO 8601 UTC, and its id. */
export interface Place {
  readonly at: string;
  readonly id: string;
}

export interface PageOf<T> {
  readonly items: T[];
  /** Where the next page begins; null after the last one. */
  readonly next: Place | null;
}

interface PageQuery {
  readonly limit: number;
  readonly after?: Place | undefined;
}

/** Rows of which one more than asked for were read. */
function toPage<T>(items: T[], limit: number, place: (item: T) => Place): PageOf<T> {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown, next: items.length > limit && last !== undefined ? place(last) : null };
}

/** A tenant's runs, newest first. */
export async function pageOfRuns(
  db: Ledger,
  tenant: string,
  query: PageQuery & { status?: RunStatus | undefined; threadId?: string | undefined; requester?: string | undefined },
): Promise<PageOf<Run>> {
  const { limit, after, status, threadId, requester } = query;
  let rows = db.selectFrom("runs").selectAll().where("tenant", "=", tenant);
  if (status !== undefined) rows = rows.where("status", "=", status);
  if (threadId !== undefined) rows = rows.where("threadId", "=", threadId);
  if (requester !== undefined) rows = rows.where("requester", "=", requester);
  if (after) rows = rows.where((eb) => eb(eb.refTuple("createdAt", "id"), "<", eb.tuple(after.at, after.id)));
  const found = await rows
    .orderBy("createdAt", "desc")
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
  const runs = (await opened(db, "runs", tenant, found)).map(toRun);
  return toPage(runs, limit, ({ createdAt, id }) => ({ at: createdAt, id }));
}

/** A proposal with the run that made it. */
export interface Proposed {
  readonly proposal: Proposal;
  readonly threadId: string;
  readonly requester: string;
}

type Proposals = ExpressionBuilder<LedgerSchema, "proposals" | "runs">;

async function selectProposed(
  db: Ledger,
  tenant: string,
  { limit, after }: PageQuery,
  where: (eb: Proposals) => ReturnType<Proposals["and"]>,
): Promise<Proposed[]> {
  let rows = db
    .selectFrom("proposals")
    .innerJoin("runs", (join) =>
      join.onRef("runs.tenant", "=", "proposals.tenant").onRef("runs.id", "=", "proposals.runId"),
    )
    .selectAll("proposals")
    .select(["runs.threadId", "runs.requester"])
    .where("proposals.tenant", "=", tenant)
    .where(where);
  if (after) {
    rows = rows.where((eb) =>
      eb(eb.refTuple("proposals.createdAt", "proposals.id"), "<", eb.tuple(after.at, after.id)),
    );
  }
  const found = await rows
    .orderBy("proposals.createdAt", "desc")
    .orderBy("proposals.id", "desc")
    .limit(limit)
    .execute();
  return (await opened(db, "proposals", tenant, found)).map((row) => {
    return { proposal: toProposal(row), threadId: row.threadId, requester: row.requester };
  });
}

/** What waits for people in a tenant, newest first: writes, plans, and writes of which nobody can tell whether they happened. */
export async function pageOfPending(db: Ledger, tenant: string, query: PageQuery): Promise<PageOf<Proposed>> {
  const found = await selectProposed(db, tenant, { ...query, limit: query.limit + 1 }, (eb) =>
    eb.and([eb("proposals.status", "=", "pending"), eb("runs.status", "=", "waiting")]),
  );
  return toPage(found, query.limit, placeOf);
}

const placeOf = ({ proposal: { createdAt, id } }: Proposed): Place => ({ at: createdAt, id });

/** A proposal of writes with what was decided of it, and what was done. */
export interface Carried extends Proposed {
  readonly decision: Decision | null;
  readonly effects: readonly Effect[];
}

export interface CarriedQuery extends PageQuery {
  readonly runId?: string | undefined;
  readonly threadId?: string | undefined;
  /** Of these statuses only. */
  readonly statuses?: readonly string[] | undefined;
  /** Written then or later, and before; ISO 8601 UTC. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** A tenant's proposals of writes, newest first, with all that came of them. */
export async function pageOfCarried(db: Ledger, tenant: string, query: CarriedQuery): Promise<PageOf<Carried>> {
  const { runId, threadId, statuses, since, until, limit } = query;
  const found = await selectProposed(db, tenant, { ...query, limit: limit + 1 }, (eb) =>
    eb.and([
      eb("proposals.kind", "=", "transaction"),
      ...(runId === undefined ? [] : [eb("proposals.runId", "=", runId)]),
      ...(threadId === undefined ? [] : [eb("runs.threadId", "=", threadId)]),
      ...(statuses === undefined ? [] : [eb("proposals.status", "in", [...statuses])]),
      ...(since === undefined ? [] : [eb("proposals.createdAt", ">=", since)]),
      ...(until === undefined ? [] : [eb("proposals.createdAt", "<", until)]),
    ]),
  );
  const page = toPage(found, limit, placeOf);
  return { next: page.next, items: await carried(db, tenant, page.items) };
}

/** One of them. */
export async function findCarried(db: Ledger, tenant: string, proposalId: string): Promise<Carried | undefined> {
  const found = await selectProposed(db, tenant, { limit: 1 }, (eb) =>
    eb.and([eb("proposals.id", "=", proposalId), eb("proposals.kind", "=", "transaction")]),
  );
  return (await carried(db, tenant, found))[0];
}

async function carried(db: Ledger, tenant: string, proposed: readonly Proposed[]): Promise<Carried[]> {
  if (proposed.length === 0) return [];
  const ids = proposed.map(({ proposal }) => proposal.id);
  const decisionRows = await db
    .selectFrom("decisions")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("proposalId", "in", ids)
    .execute();
  const decisions = (await opened(db, "decisions", tenant, decisionRows)).map(toDecision);
  const runIds = [...new Set(proposed.map(({ proposal }) => proposal.runId))];
  const effectRows = await db
    .selectFrom("effects")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("runId", "in", runIds)
    .where("proposalId", "in", ids)
    .execute();
  const effects = (await opened(db, "effects", tenant, effectRows)).map(toEffect);
  return proposed.map((one) => ({
    ...one,
    decision: decisions.find(({ proposalId }) => proposalId === one.proposal.id) ?? null,
    effects: effects.filter(({ proposalId }) => proposalId === one.proposal.id),
  }));
}
