/**
 * Effects: an intent row before each write and its outcome after it (invariant 2), under a key that is never used twice
 * (invariant 3). Rows move by compare-and-set, under the run's lease.
 */
import type { Insertable, Selectable } from "kysely";
import { canonicalJson, derivedId, type Json, type JsonObject, storedJson } from "../domain/json.ts";
import { type Change, type Effect, EffectSchema, type EffectStatus } from "../domain/proposal.ts";
import type { Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { appendAudit } from "./audit.ts";
import { type Ledger, writeBehind } from "./database.ts";
import { keptInsert, keptQuery } from "./kept-query.ts";
import { assertLease, type Lease } from "./leases.ts";
import type { EffectsTable } from "./schema.ts";
import { opened, openedOne, sealed } from "./sealed-columns.ts";
import { releaseAmountsIn } from "./uses.ts";

export function toEffect(row: Selectable<EffectsTable>): Effect {
  return EffectSchema.parse({
    ...row,
    args: JSON.parse(row.args),
    undoData: JSON.parse(row.undoData),
    output: JSON.parse(row.output),
    changes: JSON.parse(row.changes),
  });
}

/** The key of an effect: run, step, action, version and resolved arguments, never a position in the graph. */
export function effectKey(
  runId: string,
  call: { step: string; action: string; version: number; args: JsonObject },
): string {
  const { step, action, version, args } = call;
  return derivedId("eff", { runId, step, action, version, args });
}

/** A run's effects in the order in which they were begun. */
export async function listEffects(db: Ledger, tenant: string, runId: string): Promise<Effect[]> {
  return (await opened(db, "effects", tenant, await selectEffects(db, tenant, runId))).map(toEffect);
}

const selectEffects = keptQuery((db, tenant: string, runId: string) =>
  db
    .selectFrom("effects")
    .innerJoin("proposals", (join) =>
      join.onRef("proposals.tenant", "=", "effects.tenant").onRef("proposals.id", "=", "effects.proposalId"),
    )
    .selectAll("effects")
    .where("effects.tenant", "=", tenant)
    .where("effects.runId", "=", runId)
    .orderBy("proposals.number") // no clock: two machines may differ
    .orderBy("position"),
);

const selectEffect = keptQuery((db, tenant: string, key: string) =>
  db.selectFrom("effects").selectAll().where("tenant", "=", tenant).where("key", "=", key),
);

/** The effect with this key, or undefined. */
async function findEffect(db: Ledger, tenant: string, key: string): Promise<Effect | undefined> {
  const [row] = await selectEffect(db, tenant, key);
  const effect = await openedOne(db, "effects", tenant, row);
  return effect && toEffect(effect);
}

export type EffectIntent = Pick<
  Effect,
  "key" | "runId" | "proposalId" | "position" | "step" | "action" | "version" | "args" | "undoData" | "changes"
>;

const insertRow = keptInsert((db, rows: Insertable<EffectsTable>[]) => db.insertInto("effects").values(rows));

/**
 * Records the intent to run a write. It is written behind: nothing is called before the effect is `executing`, and that
 * writes the intent through to the disk with it.
 * @returns the row; the one that is there already when the key was used before
 */
export async function beginEffect(db: Ledger, stamp: Stamp, lease: Lease, intent: EffectIntent): Promise<Effect> {
  return await writeBehind(db, async (trx) => {
    await assertLease(trx, lease);
    const existing = await findEffect(trx, stamp.tenant, intent.key);
    if (existing) return existing;
    const row = {
      ...intent,
      tenant: stamp.tenant,
      args: canonicalJson(intent.args),
      undoData: canonicalJson(intent.undoData),
      changes: storedJson(intent.changes),
      output: "null",
      status: "intended" satisfies EffectStatus,
      attempts: 0,
      note: null,
      createdAt: stamp.at,
      updatedAt: stamp.at,
      durationMs: null,
    };
    await insertRow(trx, [await sealed(trx, "effects", stamp.tenant, row)]);
    const data = { key: intent.key, step: intent.step, action: intent.action, args: intent.args };
    await appendAudit(trx, { ...stamp, event: "effect.intended", runId: intent.runId, data });
    return toEffect(row);
  });
}

/**
 * The state machine of an effect. What is repeated under the same key stays where it is, with one attempt more; where a
 * call is known not to have happened, it goes back to being intended.
 */
const NEXT: Readonly<Record<EffectStatus, readonly EffectStatus[]>> = {
  intended: ["executing", "failed"],
  executing: ["executing", "intended", "succeeded", "failed", "uncertain"],
  uncertain: ["uncertain", "succeeded", "failed"],
  succeeded: ["undoing"],
  undoing: ["undoing", "undone", "undo_failed"],
  undo_failed: ["undoing"],
  failed: [],
  undone: [],
};

const updateEffect = keptQuery(
  (
    db,
    status: EffectStatus,
    output: string,
    changes: string,
    note: string | null,
    attempts: number,
    durationMs: number | undefined,
    at: string,
    ...[tenant, key, wasStatus, wasAttempts]: [string, string, EffectStatus, number]
  ) =>
    db
      .updateTable("effects")
      .set({ status, output, changes, note, attempts, ...(durationMs === undefined ? {} : { durationMs }) })
      .set({ updatedAt: at })
      .where("tenant", "=", tenant)
      .where("key", "=", key)
      .where("status", "=", wasStatus)
      .where("attempts", "=", wasAttempts)
      .returningAll(),
);

/**
 * Moves an effect from the status that it was read with to another, with what is now known of it.
 * @throws HoldpointError `busy` when another process moved it first, `internal` when there is no such move
 */
export async function settleEffect(
  db: Ledger,
  stamp: Stamp,
  lease: Lease,
  move: {
    effect: Effect;
    to: EffectStatus;
    output?: Json;
    changes?: Change[];
    note?: string;
    attempts?: number;
    durationMs?: number;
  },
): Promise<Effect> {
  const { effect, to } = move;
  if (!NEXT[effect.status].includes(to)) {
    throw new HoldpointError("internal", `An effect that is ${effect.status} cannot become ${to}.`);
  }
  return await db.transaction().execute(async (trx) => {
    await assertLease(trx, lease);
    const settled = {
      status: to,
      output: canonicalJson(move.output ?? effect.output),
      changes: storedJson(move.changes ?? effect.changes),
      note: move.note ?? effect.note,
      attempts: move.attempts ?? effect.attempts,
    };
    const { status, output, changes, note, attempts } = await sealed(trx, "effects", stamp.tenant, settled);
    const set = [status, output, changes, note, attempts, move.durationMs, stamp.at] as const;
    const [written] = await updateEffect(trx, ...set, stamp.tenant, effect.key, effect.status, effect.attempts);
    const row = await openedOne(trx, "effects", stamp.tenant, written);
    if (!row) {
      throw new HoldpointError("busy", `Effect "${effect.key}" was moved by another process.`);
    }
    if (to === "failed" || to === "undone") {
      await releaseAmountsIn(trx, stamp.tenant, { proposalId: effect.proposalId, steps: [effect.step] });
    }
    const data = { key: effect.key, step: effect.step, note: move.note ?? null };
    await appendAudit(trx, { ...stamp, event: `effect.${to}`, runId: effect.runId, data });
    return toEffect(row);
  });
}
