/**
 * API keys: what a program shows to be let in, as somebody of a tenant with a role. The secret is shown once and kept as
 * its SHA-256. That is right for a secret of 256 random bits, which nobody can try through: the slow hashes that
 * passwords take would add nothing but time to each request.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Selectable } from "kysely";
import { z } from "zod";
import { canonicalJson, type JsonObject } from "../domain/json.ts";
import { includesRole, type Role, RoleSchema } from "../domain/role.ts";
import type { Identity, Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { OPERATIONS, type Operation } from "../policy/operations.ts";
import { toPrincipal } from "../policy/principals.ts";
import { maskText } from "../telemetry/mask.ts";
import { appendAudit, pseudonymOf } from "./audit.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import { assertMay } from "./members.ts";
import type { ApiKeysTable } from "./schema.ts";
import { FORGOTTEN } from "./tombstones.ts";

/** A key without its secret. Times are ISO 8601 UTC. */
export interface ApiKey {
  readonly tenant: string;
  readonly id: string;
  /** What it is for, in words of whoever made it. */
  readonly name: string;
  /** As whom it acts. */
  readonly principal: string;
  readonly role: Role;
  /** The operations that it is limited to; null for all that its role may. */
  readonly scopes: readonly string[] | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** Written at most once in {@link USE_MS}. */
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  /** Until when the secret before this one is taken, too. */
  readonly previousUntil: string | null;
}

/** What a key is to be. */
export interface KeyInput {
  /** 1 to 100 printable characters. */
  readonly name: string;
  readonly role: Role;
  /** Default: the name. */
  readonly principal?: string | undefined;
  /** Default: no limit besides the role. */
  readonly scopes?: readonly string[] | undefined;
  /** ISO 8601 UTC; default: never. */
  readonly expiresAt?: string | undefined;
}

/** How long the secret before is taken after a rotation, in milliseconds. */
const OVERLAP_MS = 24 * 3_600_000;
/** How long after a use that was written none is, in milliseconds. */
const USE_MS = 10 * 60_000;

const SECRET = /^hp_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

const newSecret = (id: string): string => `hp_${id}_${randomBytes(32).toString("base64url")}`;
const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

function toKey({ hash: _hash, previousHash: _previous, ...row }: Selectable<ApiKeysTable>): ApiKey {
  const scopes = row.scopes === null ? null : z.array(z.string()).parse(JSON.parse(row.scopes));
  return { ...row, role: RoleSchema.parse(row.role), scopes };
}

/** Who somebody with a key is. */
export const identityOfKey = ({ tenant, principal, role, scopes }: ApiKey): Identity => ({
  ...{ tenant, principal, role },
  ...(scopes === null ? {} : { scopes }),
});

/** A tenant's keys, oldest first: those that are over too. */
export async function listKeys(db: Ledger, tenant: string): Promise<ApiKey[]> {
  const rows = await db
    .selectFrom("apiKeys")
    .selectAll()
    .where("tenant", "=", tenant)
    .orderBy("createdAt")
    .orderBy("id")
    .execute();
  return rows.map(toKey);
}

/** Whether any tenant ever made a key: from then on it takes one to come in. */
export async function hasKeys(db: Ledger): Promise<boolean> {
  return (await db.selectFrom("apiKeys").select("id").limit(1).execute()).length > 0;
}

/**
 * Makes a key.
 * @returns the key, and its secret, which is kept nowhere
 * @throws HoldpointError `denied`; `usage` when the name, the principal, the scopes or the time do not fit
 */
export async function createKey(db: Ledger, stamp: Stamp, input: KeyInput): Promise<{ key: ApiKey; secret: string }> {
  const name = toPrincipal(input.name);
  const principal = toPrincipal(input.principal ?? name);
  const scopes = input.scopes === undefined ? null : toScopes(input.scopes, input.role);
  const expiresAt = input.expiresAt ?? null;
  if (expiresAt !== null && expiresAt <= stamp.at) {
    throw new HoldpointError("usage", `A key until ${expiresAt} is over already.`, { hint: "Give a later time." });
  }
  return await db.transaction().execute(async (trx) => {
    await assertMay(trx, stamp, "changeKeys");
    assertNotWider(stamp, scopes);
    const id = randomBytes(8).toString("hex");
    const secret = newSecret(id);
    const given = { tenant: stamp.tenant, id, name, principal, role: input.role, createdAt: stamp.at, expiresAt };
    const unused = { previousUntil: null, lastUsedAt: null, revokedAt: null };
    const row = { ...given, ...unused, hash: hashOf(secret), previousHash: null };
    await trx
      .insertInto("apiKeys")
      .values({ ...row, scopes: scopes && canonicalJson(scopes) })
      .execute();
    const key = { ...given, ...unused, scopes };
    await tell(trx, stamp, "key.created", { name, principal, role: input.role, scopes, expiresAt, key: id });
    return { key, secret };
  });
}

/**
 * Gives a key another secret.
 * @param now end the one before at once; otherwise it is taken for another {@link OVERLAP_MS}
 * @throws HoldpointError `denied`; `usage` when there is no such key, or it is over
 */
export async function rotateKey(
  db: Ledger,
  stamp: Stamp,
  id: string,
  { now = false }: { now?: boolean } = {},
): Promise<{ key: ApiKey; secret: string }> {
  return await db.transaction().execute(async (trx) => {
    await assertMay(trx, stamp, "changeKeys");
    const { hash, ...row } = await getRow(trx, stamp.tenant, id);
    assertNotWider(stamp, toKey({ ...row, hash }).scopes);
    const over = row.revokedAt ?? (row.expiresAt !== null && row.expiresAt <= stamp.at ? row.expiresAt : null);
    if (over !== null) {
      throw new HoldpointError("usage", `The key "${id}" is over since ${over}.`, { hint: "Create another one." });
    }
    const secret = newSecret(id);
    const previousUntil = now ? null : new Date(Date.parse(stamp.at) + OVERLAP_MS).toISOString();
    const change = { hash: hashOf(secret), previousHash: now ? null : hash, previousUntil };
    await trx.updateTable("apiKeys").set(change).where("tenant", "=", stamp.tenant).where("id", "=", id).execute();
    await tell(trx, stamp, "key.rotated", { key: id, previousUntil });
    return { key: toKey({ ...row, ...change }), secret };
  });
}

/** Ends a key for good; one that was, stays so. @throws HoldpointError `denied`, `usage` when there is no such key */
export async function revokeKey(db: Ledger, stamp: Stamp, id: string): Promise<ApiKey> {
  return await db.transaction().execute(async (trx) => {
    await assertMay(trx, stamp, "changeKeys");
    const row = await getRow(trx, stamp.tenant, id);
    if (row.revokedAt !== null) return toKey(row);
    const change = { previousHash: null, previousUntil: null, revokedAt: stamp.at };
    await trx.updateTable("apiKeys").set(change).where("tenant", "=", stamp.tenant).where("id", "=", id).execute();
    await tell(trx, stamp, "key.revoked", { key: id });
    return toKey({ ...row, ...change });
  });
}

/** Whose tenant it is, only the key says. */
const selectKey = keptQuery((db, id: string) => db.selectFrom("apiKeys").selectAll().where("id", "=", id));

/** Compared with where there is no such key, so that it takes as long. */
const NO_HASH = hashOf(randomBytes(32).toString("hex"));

const isSame = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one, "hex"), Buffer.from(other, "hex"));

/**
 * The key of a secret that somebody shows, and that it was used.
 * @param at ISO 8601 UTC
 * @returns undefined when there is none, or it was revoked or is over: which of these is not told
 */
export async function findKey(db: Ledger, secret: string, at: string): Promise<ApiKey | undefined> {
  const [row] = await selectKey(db, SECRET.exec(secret)?.[1] ?? "");
  const hash = hashOf(secret);
  const isCurrent = isSame(hash, row?.hash ?? NO_HASH);
  const isPrevious = isSame(hash, row?.previousHash ?? NO_HASH);
  if (!row || !(isCurrent || (isPrevious && row.previousUntil !== null && at < row.previousUntil))) return undefined;
  if (row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= at)) return undefined;
  await recordUse(db, row, at);
  return toKey(row);
}

async function recordUse(db: Ledger, { tenant, id, lastUsedAt }: Selectable<ApiKeysTable>, at: string): Promise<void> {
  if (lastUsedAt !== null && Date.parse(at) - Date.parse(lastUsedAt) < USE_MS) return;
  const update = db.updateTable("apiKeys").set({ lastUsedAt: at });
  await update.where("tenant", "=", tenant).where("id", "=", id).execute();
}

/** Ends the keys by which a person acted, and takes their name out of those and of what others are called. */
export async function forgetKeys(trx: LedgerTransaction, { tenant, at }: Stamp, person: string): Promise<void> {
  for (const key of await listKeys(trx, tenant)) {
    const isTheirs = key.principal === person;
    if (!isTheirs && key.name !== person) continue;
    const own = { principal: pseudonymOf(tenant, person), revokedAt: key.revokedAt ?? at };
    await trx
      .updateTable("apiKeys")
      .set({ name: FORGOTTEN, ...(isTheirs ? own : {}) })
      .where("tenant", "=", tenant)
      .where("id", "=", key.id)
      .execute();
  }
}

async function getRow(trx: LedgerTransaction, tenant: string, id: string): Promise<Selectable<ApiKeysTable>> {
  const row = await trx
    .selectFrom("apiKeys")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row) return row;
  throw new HoldpointError("usage", `There is no key "${maskText(id).slice(0, 60)}".`, {
    hint: "See `keys` for those there are.",
  });
}

const isOperation = (name: string): name is Operation => Object.hasOwn(OPERATIONS, name);

/** @throws HoldpointError `usage` when one is no operation, or takes more than the role */
function toScopes(given: readonly string[], role: Role): string[] {
  const scopes = [...new Set(given)].sort();
  if (scopes.length === 0) {
    throw new HoldpointError("usage", "A key with no scope could do nothing.", {
      hint: "Name operations of docs/policy.md, or leave the scopes out.",
    });
  }
  for (const scope of scopes) {
    if (!isOperation(scope)) {
      throw new HoldpointError("usage", `"${maskText(scope).slice(0, 60)}" is no operation.`, {
        hint: `There are: ${Object.keys(OPERATIONS).join(", ")}.`,
      });
    }
    if (includesRole(role, OPERATIONS[scope])) continue;
    throw new HoldpointError("usage", `${scope} takes the role ${OPERATIONS[scope]}, and the key is ${role}.`, {
      hint: "Give the key that role, or leave the scope out.",
    });
  }
  return scopes;
}

/** Whoever is limited to some operations makes no key, and gets at no secret, for others. */
function assertNotWider({ principal, scopes: own }: Stamp, scopes: readonly string[] | null): void {
  if (own === undefined || scopes?.every((scope) => own.includes(scope))) return;
  throw new HoldpointError("denied", `${principal} is limited to ${own.join(", ")}, and this key is for more.`, {
    hint: "Use a key without scopes.",
  });
}

async function tell(trx: LedgerTransaction, stamp: Stamp, event: string, data: JsonObject): Promise<void> {
  await appendAudit(trx, { ...stamp, event, data });
}
