/** Who may do what in a tenant. A tenant that has named nobody leaves everything to everybody who reaches it. */
import { includesRole, type Role, RoleSchema } from "../domain/role.ts";
import type { Identity, Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { OPERATIONS, type Operation } from "../policy/operations.ts";
import { toPrincipal } from "../policy/principals.ts";
import type { Voter, VoterWithRole } from "../policy/requirement.ts";
import { appendAudit, lockAudit } from "./audit.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { keptQuery } from "./kept-query.ts";

export interface Member {
  readonly principal: string;
  readonly role: Role;
}

const selectMembers = keptQuery((db, tenant: string) =>
  db.selectFrom("members").select(["principal", "role"]).where("tenant", "=", tenant).orderBy("principal"),
);

/** A tenant's members, by name. */
export async function listMembers(db: Ledger, tenant: string): Promise<Member[]> {
  const rows = await selectMembers(db, tenant);
  return rows.map(({ principal, role }) => ({ principal, role: RoleSchema.parse(role) }));
}

/** Somebody's role; null for none. Everybody is an admin of a tenant that has no members. */
export async function findRole(db: Ledger, tenant: string, principal: string): Promise<Role | null> {
  const members = await listMembers(db, tenant);
  if (members.length === 0) return "admin";
  return members.find((member) => member.principal === principal)?.role ?? null;
}

/** The role of a caller: what whoever authenticated them says, else theirs as {@link findRole} has it. */
export async function roleOf(db: Ledger, { tenant, principal, role }: Identity): Promise<Role | null> {
  return role ?? (await findRole(db, tenant, principal));
}

/**
 * Those who approved, with the role by whose right they did: as it is now, or was when a key or a token that they came
 * with said so.
 */
export async function withRoles<T extends Voter>(
  db: Ledger,
  tenant: string,
  voters: readonly T[],
): Promise<(Omit<T, "role"> & VoterWithRole)[]> {
  const known: (Omit<T, "role"> & VoterWithRole)[] = [];
  for (const voter of voters) {
    const { principal, onBehalfOf } = voter;
    // What is another's right is what that one has, however its user was authenticated.
    const said = onBehalfOf === null ? voter.role : undefined;
    known.push({ ...voter, role: said ?? (await findRole(db, tenant, onBehalfOf ?? principal)) });
  }
  return known;
}

/**
 * @throws HoldpointError `denied` when somebody has not the role that an operation takes (see {@link OPERATIONS}), or
 * came with a key that is not for it
 */
export async function assertMay(db: Ledger, identity: Identity, operation: Operation): Promise<void> {
  assertInScope(identity, operation);
  const needed = OPERATIONS[operation];
  const role = await roleOf(db, identity);
  if (includesRole(role, needed)) return;
  const { principal } = identity;
  const has = role === null ? "none" : `the role ${role}`;
  throw new HoldpointError("denied", `This takes the role ${needed}; ${principal} has ${has}.`, {
    hint: "Ask an admin of the tenant; see `members`.",
  });
}

/** @throws HoldpointError `denied` when the caller is limited to other operations */
export function assertInScope({ principal, scopes }: Identity, operation: Operation): void {
  if (scopes === undefined || scopes.includes(operation)) return;
  const only = scopes.length === 0 ? "nothing" : scopes.join(", ");
  throw new HoldpointError("denied", `This is ${operation}; the key of ${principal} is for ${only} only.`, {
    hint: "Use a key with that scope, or one without scopes.",
  });
}

/**
 * Gives somebody a role, or with null takes theirs.
 * @param person 1 to 100 printable characters, and none of the system's own names; to take a role, any member's
 * @throws HoldpointError `denied`, `usage` when the name does not fit, or nobody would be an admin any more
 */
export async function setMember(db: Ledger, stamp: Stamp, person: string, role: Role | null): Promise<void> {
  const { tenant, at } = stamp;
  await db.transaction().execute(async (trx) => {
    await assertMay(trx, stamp, "changeMembers");
    await lockAudit(trx, tenant); // two admins who take each other's role at once would both go
    const before = await listMembers(trx, tenant);
    const isMember = before.some((member) => member.principal === person);
    const principal = role === null && isMember ? person : toPrincipal(person);
    await trx.deleteFrom("members").where("tenant", "=", tenant).where("principal", "=", principal).execute();
    if (role !== null) await trx.insertInto("members").values({ tenant, principal, role, createdAt: at }).execute();
    const members = await listMembers(trx, tenant);
    if ((before.length > 0 || members.length > 0) && !members.some((member) => member.role === "admin")) {
      throw new HoldpointError("usage", "A tenant with members needs an admin among them.", {
        hint: `Name ${before.length > 0 ? "another admin" : "the admin"} first: \`members <person> admin\`.`,
      });
    }
    await appendAudit(trx, { ...stamp, event: "member.set", data: { principal, role } });
  });
}

/**
 * Takes somebody out of the members, where they are one.
 * @throws HoldpointError `usage` when nobody would be an admin any more
 */
export async function forgetMember(trx: LedgerTransaction, tenant: string, person: string): Promise<void> {
  await lockAudit(trx, tenant);
  const others = (await listMembers(trx, tenant)).filter(({ principal }) => principal !== person);
  const own = trx.deleteFrom("members").where("tenant", "=", tenant).where("principal", "=", person);
  const { numDeletedRows } = await own.executeTakeFirstOrThrow();
  if (Number(numDeletedRows) > 0 && !others.some(({ role }) => role === "admin")) {
    throw new HoldpointError("usage", "Nothing was forgotten: this person is the last admin of the tenant.", {
      hint: "Name another admin first: `members <person> admin`.",
    });
  }
}
