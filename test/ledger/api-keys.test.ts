/** Row G4: API keys. The secret is kept nowhere, and a key gives what it was made for and no more. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { HoldpointError } from "../../src/errors.ts";
import {
  createKey,
  findKey,
  hasKeys,
  identityOfKey,
  listKeys,
  revokeKey,
  rotateKey,
} from "../../src/ledger/api-keys.ts";
import { listAudit } from "../../src/ledger/audit.ts";
import { verifyAudit } from "../../src/ledger/audit-check.ts";
import type { Ledger } from "../../src/ledger/database.ts";
import { assertMayAnswer, listDelegators, setDelegation } from "../../src/ledger/delegations.ts";
import { forget } from "../../src/ledger/forget.ts";
import { assertMay, setMember, withRoles } from "../../src/ledger/members.ts";
import { databases, openTestLedger, stamp } from "../support/ledger.ts";

/** How long the secret before is taken, in milliseconds. */
const OVERLAP_MS = 24 * 3_600_000;
const later = (ms: number) => new Date(Date.parse(stamp().at) + ms).toISOString();
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => "done",
    (error: unknown) => (error instanceof HoldpointError ? error.code : String(error)),
  );

/** Every text that is in the ledger. */
async function textOf(ledger: Ledger): Promise<string> {
  const rows = [
    await ledger.selectFrom("apiKeys").selectAll().execute(),
    await ledger.selectFrom("auditLog").selectAll().execute(),
  ];
  return JSON.stringify(rows);
}

describe.each(databases)("keys in %s", (_name, open) => {
  it("are found by their secret, which is kept as its digest only, and told nowhere", async (context) => {
    const ledger = await open(context);
    expect(await hasKeys(ledger)).toBe(false);
    const input = { name: "nightly", role: "operator", principal: "bot", scopes: ["show", "ask", "ask"] } as const;
    const { key, secret } = await createKey(ledger, stamp(), input);
    expect(secret).toMatch(/^hp_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    expect(key).toEqual({
      ...{ tenant: "acme", id: secret.slice(3, 19), name: "nightly", principal: "bot", role: "operator" },
      ...{ scopes: ["ask", "show"], createdAt: stamp().at, expiresAt: null, lastUsedAt: null, revokedAt: null },
      previousUntil: null,
    });
    const found = await findKey(ledger, secret, stamp().at);
    expect(found).toMatchObject({ id: key.id, tenant: "acme" });
    expect(found && identityOfKey(found)).toEqual({
      ...{ tenant: "acme", principal: "bot", role: "operator", scopes: ["ask", "show"] },
    });
    expect(await listKeys(ledger, "acme")).toEqual([{ ...key, lastUsedAt: stamp().at }]);
    expect(await listKeys(ledger, "globex")).toEqual([]);
    expect(await hasKeys(ledger)).toBe(true);
    const text = await textOf(ledger);
    expect(text).toContain(createHash("sha256").update(secret).digest("hex"));
    expect(text).not.toContain(secret.slice(20));
    const [entry] = await listAudit(ledger, "acme");
    expect(entry).toMatchObject({
      event: "key.created",
      principal: "alice",
      data: { key: key.id, name: "nightly", principal: "bot", role: "operator", scopes: ["ask", "show"] },
    });
  });

  it("are rotated with an overlap or at once, revoked for good, and over in time; each is audited", async (context) => {
    const ledger = await open(context);
    const { key, secret } = await createKey(ledger, stamp(), {
      ...{ name: "ci", role: "viewer", expiresAt: later(3 * OVERLAP_MS) },
    });
    const found = async (one: string, at: string) => (await findKey(ledger, one, at))?.id;
    const { secret: second, key: rotated } = await rotateKey(ledger, stamp(), key.id);
    expect(rotated.previousUntil).toBe(later(OVERLAP_MS));
    expect(await found(secret, later(OVERLAP_MS - 1))).toBe(key.id);
    expect(await found(secret, later(OVERLAP_MS))).toBeUndefined();
    expect(await found(second, later(OVERLAP_MS))).toBe(key.id);
    // Of several rotations only the last one's secret and the one before it are taken.
    const { secret: third } = await rotateKey(ledger, stamp(), key.id);
    expect([await found(secret, stamp().at), await found(second, stamp().at)]).toEqual([undefined, key.id]);
    const { secret: fourth } = await rotateKey(ledger, stamp(), key.id, { now: true });
    expect([await found(third, stamp().at), await found(fourth, stamp().at)]).toEqual([undefined, key.id]);
    expect(await found(fourth, later(3 * OVERLAP_MS))).toBeUndefined();
    const late = { ...stamp(), at: later(3 * OVERLAP_MS) };
    expect(await codeOf(rotateKey(ledger, late, key.id))).toBe("usage");
    const { revokedAt } = await revokeKey(ledger, stamp(), key.id);
    expect(revokedAt).toBe(stamp().at);
    expect((await revokeKey(ledger, { ...stamp(), at: later(5) }, key.id)).revokedAt).toBe(stamp().at);
    expect(await found(fourth, stamp().at)).toBeUndefined();
    expect(await codeOf(rotateKey(ledger, stamp(), key.id))).toBe("usage");
    const entries = await listAudit(ledger, "acme");
    expect(entries.map(({ event }) => event)).toEqual([
      ...["key.created", "key.rotated", "key.rotated", "key.rotated", "key.revoked"],
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/hp_/);
    expect(await verifyAudit(ledger, "acme")).toBe(5);
  });

  it("go with the person they act as", async (context) => {
    const ledger = await open(context);
    const { secret, key } = await createKey(ledger, stamp(), {
      name: "Bob's laptop",
      role: "operator",
      principal: "bob",
    });
    const { secret: other } = await createKey(ledger, stamp(), { name: "bob", role: "viewer", principal: "ci" });
    await forget(ledger, stamp(), { person: "bob" });
    expect(await findKey(ledger, secret, stamp().at)).toBeUndefined();
    expect(await findKey(ledger, other, stamp().at)).toMatchObject({ principal: "ci", revokedAt: null });
    expect(await textOf(ledger)).not.toMatch(/"bob"|Bob's/i);
    const forgotten = (await listKeys(ledger, "acme")).find(({ id }) => id === key.id);
    expect(forgotten).toMatchObject({ name: "[forgotten]", revokedAt: stamp().at });
    await verifyAudit(ledger, "acme");
  });
});

describe("what a key may be", () => {
  it.each([
    ["no name", { name: " " }],
    ["a name of the system", { name: "System" }],
    ["as the system", { principal: "policy" }],
    ["a scope that is no operation", { scopes: ["toString"] }],
    ["a scope above its role", { scopes: ["audit"] }],
    ["no scope at all", { scopes: [] }],
    ["over already", { expiresAt: stamp().at }],
  ])("is not: %s", async (_what, given) => {
    const ledger = await openTestLedger();
    expect(await codeOf(createKey(ledger, stamp(), { name: "ci", role: "operator", ...given }))).toBe("usage");
    expect(await listKeys(ledger, "acme")).toEqual([]);
  });

  it("is decided by an admin, whose key for some operations is no way to one for more", async () => {
    const ledger = await openTestLedger();
    const { key } = await createKey(ledger, stamp(), { name: "all", role: "viewer" });
    const operator = { ...stamp("olga"), role: "operator" as const };
    expect(await codeOf(createKey(ledger, operator, { name: "x", role: "viewer" }))).toBe("denied");
    expect(await codeOf(rotateKey(ledger, operator, key.id))).toBe("denied");
    expect(await codeOf(revokeKey(ledger, operator, key.id))).toBe("denied");
    const limited = { ...stamp("maker"), role: "admin" as const, scopes: ["changeKeys", "show"] };
    expect(await codeOf(createKey(ledger, limited, { name: "x", role: "viewer" }))).toBe("denied");
    expect(await codeOf(createKey(ledger, limited, { name: "x", role: "viewer", scopes: ["list"] }))).toBe("denied");
    expect(await codeOf(createKey(ledger, limited, { name: "x", role: "viewer", scopes: ["show"] }))).toBe("done");
    expect(await codeOf(rotateKey(ledger, limited, key.id))).toBe("denied");
    expect(await codeOf(revokeKey(ledger, limited, key.id))).toBe("done");
  });
});

describe("a role that whoever authenticated somebody says", () => {
  it("counts instead of the members, upwards and downwards, and scopes besides", async () => {
    const ledger = await openTestLedger();
    await setMember(ledger, stamp(), "alice", "admin");
    const as = (principal: string, more: object = {}) => ({ ...stamp(principal), ...more });
    expect(await codeOf(assertMay(ledger, as("nobody"), "show"))).toBe("denied");
    expect(await codeOf(assertMay(ledger, as("nobody", { role: "viewer" }), "show"))).toBe("done");
    expect(await codeOf(assertMay(ledger, as("alice"), "audit"))).toBe("done");
    expect(await codeOf(assertMay(ledger, as("alice", { role: "viewer" }), "audit"))).toBe("denied");
    expect(await codeOf(assertMay(ledger, as("alice", { role: "admin", scopes: ["show"] }), "audit"))).toBe("denied");
    expect(await codeOf(assertMay(ledger, as("alice", { scopes: ["show"] }), "audit"))).toBe("denied");
    // In a tenant without members nobody is an admin by that, who came with a role.
    const empty = { tenant: "empty", principal: "olga", at: stamp().at, role: "operator" as const };
    expect(await codeOf(assertMay(ledger, empty, "rollback"))).toBe("denied");
    expect(await codeOf(assertMay(ledger, { ...empty, role: undefined }, "rollback"))).toBe("done");
  });

  it("is kept with an approval, and counts for one's own right only", async () => {
    const ledger = await openTestLedger();
    await setMember(ledger, stamp(), "alice", "admin");
    const voters = [
      { principal: "token", onBehalfOf: null, role: "approver" as const },
      { principal: "token", onBehalfOf: "alice", role: "viewer" as const },
      { principal: "token", onBehalfOf: "bob", role: "admin" as const },
      { principal: "alice", onBehalfOf: null, role: null },
    ];
    const roles = (await withRoles(ledger, "acme", voters)).map(({ role }) => role);
    expect(roles).toEqual(["approver", "admin", null, "admin"]);
  });

  it("is not handed on, and gives a delegate of others nothing that they have not as members", async () => {
    const ledger = await openTestLedger();
    const until = later(3_600_000);
    const token = (principal: string, role: "operator" | "approver" | "admin") => ({ ...stamp(principal), role });
    // Nobody is a member: whoever hands on would hand on what everybody has who reaches the files.
    expect(await codeOf(setDelegation(ledger, token("olga", "operator"), "vera", until))).toBe("denied");
    await setDelegation(ledger, stamp("olga"), "vera", until);
    expect(await listDelegators(ledger, token("vera", "operator"))).toEqual([{ delegator: "olga", role: null }]);
    expect(await listDelegators(ledger, stamp("vera"))).toEqual([{ delegator: "olga", role: "admin" }]);
    await setMember(ledger, stamp(), "alice", "admin");
    await setMember(ledger, stamp(), "vera", "viewer");
    expect(await codeOf(setDelegation(ledger, token("alice", "operator"), "vera", until))).toBe("denied");
    expect(await codeOf(setDelegation(ledger, token("alice", "admin"), "vera", until))).toBe("done");
    const viewer = { ...stamp("vera"), role: "viewer" as const };
    expect(await codeOf(assertMayAnswer(ledger, viewer))).toBe("done");
    expect(await codeOf(assertMayAnswer(ledger, { ...viewer, scopes: ["show"] }))).toBe("denied");
    expect(await codeOf(assertMayAnswer(ledger, { ...viewer, principal: "zoe" }))).toBe("denied");
  });
});
