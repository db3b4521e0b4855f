/**
 * Delegations: somebody lets another approve for them, for a time. A delegate never may more than the delegator at that
 * moment, a delegation is not handed on, and it is for approving only.
 */
import { includesRole, type Role } from "../domain/role.ts";
import type { Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { OPERATIONS } from "../policy/operations.ts";
import { toPrincipal } from "../policy/principals.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import { assertInScope, assertMay, findRole, listMembers, roleOf } from "./members.ts";

export interface Delegation {
  /** Whose right it is. */
  readonly delegator: string;
  /** Who may use it. */
  readonly delegate: string;
  /** ISO 8601 UTC; from then on it is over. */
  readonly until: string;
  readonly createdAt: string;
}

/** The longest, in milliseconds: a year. */
const MAX_MS = 366 * 24 * 3_600_000;

/** A tenant's delegations that are not over, by name. */
export const listDelegations: (db: Ledger, tenant: string, at: string) => Promise<Delegation[]> = keptQuery(
  (db, tenant: string, at: string) =>
    db
      .selectFrom("delegations")
      .select(["delegator", "delegate", "until", "createdAt"])
      .where("tenant", "=", tenant)
      .where("until", ">", at)
      .orderBy("delegator")
      .orderBy("delegate"),
);

/**
 * Those whom somebody may act for at a moment, each with the role that they have themselves. To somebody who was
 * authenticated only members count: that a tenant has named nobody gives a delegate nothing then.
 */
export async function listDelegators(
  db: Ledger,
  { tenant, principal, at, role: said }: Stamp,
): Promise<{ delegator: string; role: Role | null }[]> {
  const own = (await listDelegations(db, tenant, at)).filter(({ delegate }) => delegate === principal);
  const delegators: { delegator: string; role: Role | null }[] = [];
  for (const { delegator } of own) {
    const role = said === undefined ? await findRole(db, tenant, delegator) : await memberRole(db, tenant, delegator);
    delegators.push({ delegator, role });
  }
  return delegators;
}

/** What somebody is by name; null for none, in a tenant without members too. */
async function memberRole(db: Ledger, tenant: string, person: string): Promise<Role | null> {
  const members = await listMembers(db, tenant);
  return members.find(({ principal }) => principal === person)?.role ?? null;
}

/**
 * Whoever may answer, and whoever may approve for another. They have to be a member themselves.
 * @throws HoldpointError `denied`
 */
export async function assertMayAnswer(db: Ledger, stamp: Stamp): Promise<void> {
  assertInScope(stamp, "answer");
  const isMember = (await roleOf(db, stamp)) !== null;
  const delegators = isMember ? await listDelegators(db, stamp) : [];
  if (delegators.some(({ role }) => includesRole(role, OPERATIONS.answer))) return;
  await assertMay(db, stamp, "answer");
}

/**
 * Lets somebody approve for the caller; a second time, until another time.
 * @param until ISO 8601 UTC
 * @throws HoldpointError `denied`; `usage` when it is the caller, nobody of the tenant, or the time does not fit
 */
export async function setDelegation(db: Ledger, stamp: Stamp, person: string, until: string): Promise<void> {
  const { tenant, principal, at } = stamp;
  const delegate = toPrincipal(person);
  await db.transaction().execute(async (trx) => {
    await assertMay(trx, stamp, "delegate");
    await assertHasToGive(trx, stamp);
    await assertDelegate(trx, stamp, delegate);
    if (until <= at || Date.parse(until) > Date.parse(at) + MAX_MS) {
      throw new HoldpointError("usage", `A delegation until ${until} is over already, or longer than a year.`, {
        hint: "Give a time from now on, such as --until 3d.",
      });
    }
    const row = { until, createdAt: at };
    await trx
      .insertInto("delegations")
      .values({ ...row, tenant, delegator: principal, delegate })
      .onConflict((c) => c.columns(["tenant", "delegator", "delegate"]).doUpdateSet(row))
      .execute();
    await appendAudit(trx, { ...stamp, event: "delegation.set", data: { delegate, until } });
  });
}

/** A key or a token is not handed on; and who came with a lesser one does not hand on what they are as a member. */
async function assertHasToGive(trx: LedgerTransaction, { tenant, principal, role }: Stamp): Promise<void> {
  if (role === undefined) return;
  const own = await memberRole(trx, tenant, principal);
  if (own !== null && includesRole(role, own)) return;
  const has = own === null ? "no role" : `the role ${own}`;
  throw new HoldpointError("denied", `"${principal}" has ${has} among the members, and is ${role} here.`, {
    hint: "What is delegated is one's role among the members; it takes a key or a token of that role.",
  });
}

async function assertDelegate(trx: LedgerTransaction, { tenant, principal }: Stamp, delegate: string): Promise<void> {
  if (delegate === principal) {
    throw new HoldpointError("usage", `"${principal}" cannot stand in for themselves.`, {
      hint: "Name another person.",
    });
  }
  if ((await findRole(trx, tenant, delegate)) !== null) return;
  throw new HoldpointError("usage", `"${delegate}" has no role here, and can approve for nobody.`, {
    hint: "An admin names members; see `members`.",
  });
}

/** Ends what the caller let somebody do. @throws HoldpointError `denied`, `usage` when there is nothing to end */
export async function endDelegation(db: Ledger, stamp: Stamp, delegate: string): Promise<void> {
  const { tenant, principal } = stamp;
  await db.transaction().execute(async (trx) => {
    await assertMay(trx, stamp, "delegate");
    const ended = await trx
      .deleteFrom("delegations")
      .where("tenant", "=", tenant)
      .where("delegator", "=", principal)
      .where("delegate", "=", delegate)
      .executeTakeFirst();
    if (Number(ended.numDeletedRows) === 0) {
      throw new HoldpointError("usage", `"${delegate}" does not stand in for "${principal}".`, {
        hint: "See `delegate` for who does.",
      });
    }
    await appendAudit(trx, { ...stamp, event: "delegation.ended", data: { delegate } });
  });
}

/** Takes somebody out of all delegations of the tenant. */
export async function forgetDelegations(trx: LedgerTransaction, tenant: string, person: string): Promise<void> {
  await trx
    .deleteFrom("delegations")
    .where("tenant", "=", tenant)
    .where((eb) => eb.or([eb("delegator", "=", person), eb("delegate", "=", person)]))
    .execute();
}
