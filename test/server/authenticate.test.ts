/** Row G4: who calls is found by a key or a token, and by nothing else that a client sends. */
import { exportSPKI, generateKeyPair, UnsecuredJWT } from "jose";
import { describe, expect, it, vi } from "vitest";
import type { HoldpointError } from "../../src/errors.ts";
import { createKey, listKeys, revokeKey, rotateKey } from "../../src/ledger/api-keys.ts";
import { type Authenticated, createAuthenticator } from "../../src/server/auth/authenticate.ts";
import { openIssuer } from "../support/issuer.ts";
import { openTestLedger } from "../support/ledger.ts";

const now = () => new Date().toISOString();
const admin = (tenant: string) => ({ tenant, principal: "root", role: "admin" as const, at: now() });
const bearer = (credential: string) => new Headers({ authorization: `Bearer ${credential}` });

/** How an authentication ends: whom it found, or the code of the refusal. */
async function endOf(found: Promise<Authenticated>): Promise<Authenticated | string> {
  return await found.catch((error: HoldpointError) => error.code);
}

describe("a key", () => {
  async function setUp() {
    const ledger = await openTestLedger();
    const { key, secret } = await createKey(ledger, admin("acme"), { name: "ci", role: "operator", scopes: ["ask"] });
    return { ledger, key, secret, authenticator: createAuthenticator({ ledger, now }) };
  }

  it("says whose, who and as what, in either header or in both", async () => {
    const { key, secret, authenticator } = await setUp();
    const expected = {
      identity: { tenant: "acme", principal: "ci", role: "operator", scopes: ["ask"] },
      countedBy: key.id,
      by: "key",
    };
    expect(await authenticator.authenticate(bearer(secret))).toEqual(expected);
    expect(await authenticator.authenticate(new Headers({ authorization: `bearer ${secret}` }))).toEqual(expected);
    expect(await authenticator.authenticate(new Headers({ "x-api-key": secret }))).toEqual(expected);
    const both = new Headers({ "x-api-key": secret, authorization: `Bearer ${secret}` });
    expect(await authenticator.authenticate(both)).toEqual(expected);
  });

  it("is refused in every other form, and nothing that was sent is told", async () => {
    const { ledger, secret } = await setUp();
    const { secret: other } = await createKey(ledger, admin("globex"), { name: "ci", role: "admin" });
    const [, id = "", random = ""] = /^hp_([0-9a-f]+)_(.*)$/.exec(secret) ?? [];
    const wrong = `${random.startsWith("A") ? "B" : "A"}${random.slice(1)}`;
    const forms: Record<string, Record<string, string>> = {
      "another secret": { "x-api-key": `hp_${id}_${wrong}` },
      "another's id": { "x-api-key": secret.replace(id, /^hp_([0-9a-f]+)/.exec(other)?.[1] ?? "") },
      "an unknown id": { "x-api-key": secret.replace(id, "0123456789abcdef") },
      "a longer secret": { "x-api-key": `${secret}A` },
      "a shorter secret": { "x-api-key": secret.slice(0, -1) },
      "only its beginning": { "x-api-key": "hp_" },
      "two that differ": { "x-api-key": secret, authorization: `Bearer ${other}` },
      "a header twice": { authorization: `Bearer ${secret}, Bearer ${other}` },
      "as a password": { authorization: `Basic ${Buffer.from(`:${secret}`).toString("base64")}` },
      "as it is": { authorization: secret },
      "nothing in the header": { authorization: "" },
      "an empty key": { "x-api-key": "" },
      "somebody else's key": { "x-api-key": "lsv2_pt_0123456789abcdef" },
      "a name for an injection": { "x-api-key": "hp_' or 1=1 --_x" },
      "a very long one": { authorization: `Bearer hp_${"a".repeat(100_000)}` },
      nothing: {},
    };
    for (const development of [false, true]) {
      const authenticator = createAuthenticator({ ledger, now, development });
      for (const [name, headers] of Object.entries(forms)) {
        const given = authenticator.authenticate(new Headers(headers));
        if (name === "nothing" && development) {
          expect(await given).toMatchObject({ identity: { tenant: "default", principal: "local" }, by: "development" });
          continue;
        }
        const error = await given.then(
          (found) => expect.unreachable(`${name}: ${JSON.stringify(found)}`),
          (thrown: HoldpointError) => thrown,
        );
        expect(error, name).toMatchObject({ code: "unauthenticated", remedy: "fix_input" });
        expect(JSON.stringify([error.message, error.hint, error.stack]), name).not.toContain(random.slice(5, 20));
      }
    }
  });

  it("ends when it is revoked or over, and its earlier secret a day after a rotation", async () => {
    const ledger = await openTestLedger();
    const clock = vi.fn(now);
    const authenticator = createAuthenticator({ ledger, now: clock });
    const later = (hours: number) => clock.mockReturnValue(new Date(Date.now() + hours * 3_600_000).toISOString());
    const expiresAt = new Date(Date.now() + 72 * 3_600_000).toISOString();
    const { key, secret } = await createKey(ledger, admin("acme"), { name: "ci", role: "viewer", expiresAt });
    const { secret: second } = await rotateKey(ledger, admin("acme"), key.id);
    const codes = async (...secrets: string[]) => {
      const ends = await Promise.all(secrets.map((one) => endOf(authenticator.authenticate(bearer(one)))));
      return ends.map((end) => (typeof end === "string" ? end : end.countedBy));
    };
    expect(await codes(secret, second)).toEqual([key.id, key.id]);
    later(25);
    expect(await codes(secret, second)).toEqual(["unauthenticated", key.id]);
    later(73);
    expect(await codes(secret, second)).toEqual(["unauthenticated", "unauthenticated"]);
    later(1);
    const { secret: third } = await rotateKey(ledger, admin("acme"), key.id, { now: true });
    expect(await codes(secret, second, third)).toEqual(["unauthenticated", "unauthenticated", key.id]);
    await revokeKey(ledger, admin("acme"), key.id);
    expect(await codes(third)).toEqual(["unauthenticated"]);
  });

  it("is known to have been used, which is not written each time", async () => {
    const { ledger, secret, authenticator } = await setUp();
    await authenticator.authenticate(bearer(secret));
    const [first] = await listKeys(ledger, "acme");
    expect(first?.lastUsedAt).not.toBeNull();
    await authenticator.authenticate(bearer(secret));
    expect(await listKeys(ledger, "acme")).toEqual([first]);
  });
});

describe("a token", () => {
  async function setUp() {
    const issuer = await openIssuer();
    const ledger = await openTestLedger();
    return { issuer, ledger, authenticator: createAuthenticator({ ledger, now, tokens: issuer.settings }) };
  }
  const seconds = () => Math.floor(Date.now() / 1000);

  it("says whose, who and as what: the highest role that is known", async () => {
    const { issuer, authenticator } = await setUp();
    const roles = ["viewer", "approver", "superuser", "operator"];
    expect(await authenticator.authenticate(bearer(await issuer.token({ roles })))).toEqual({
      identity: { tenant: "acme", principal: "alice", role: "approver" },
      countedBy: `${issuer.url} alice`,
      by: "token",
    });
    for (const [claim, role] of [
      ["viewer operator", "operator"],
      ["offline_access, admin", "admin"],
    ] as const) {
      const { identity } = await authenticator.authenticate(bearer(await issuer.token({ roles: claim })));
      expect(identity.role).toBe(role);
    }
  });

  it("is read where the settings say", async () => {
    const { issuer, ledger } = await setUp();
    const claims = { tenantClaim: "https://example.com/org", rolesClaim: "realm_access.roles" };
    const authenticator = createAuthenticator({ ledger, now, tokens: { ...issuer.settings, ...claims } });
    const token = await issuer.token({
      ...{ tenant: "other", roles: ["admin"] },
      "https://example.com/org": "globex",
      realm_access: { roles: ["viewer"] },
    });
    const { identity } = await authenticator.authenticate(bearer(token));
    expect(identity).toEqual({ tenant: "globex", principal: "alice", role: "viewer" });
    const inherited = { ...issuer.settings, tenantClaim: "constructor.name" };
    const none = createAuthenticator({ ledger, now, tokens: inherited });
    expect(await endOf(none.authenticate(bearer(await issuer.token())))).toBe("denied");
  });

  it("is refused when it is not the issuer's for this program, or not valid now", async () => {
    const { issuer, authenticator } = await setUp();
    const stranger = await generateKeyPair("ES256");
    const pem = new TextEncoder().encode(await exportSPKI(issuer.publicKey()));
    const none = new UnsecuredJWT({ tenant: "acme", roles: ["admin"], sub: "mallory" })
      .setIssuer(issuer.url)
      .setAudience("holdpoint")
      .setExpirationTime("1h")
      .encode();
    const [head, body, signature] = (await issuer.token()).split(".");
    const forgedBody = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(body ?? "", "base64url").toString()), roles: ["admin"] }),
    ).toString("base64url");
    const tokens = {
      "another issuer": await issuer.token({ iss: "https://elsewhere.example" }),
      "another audience": await issuer.token({ aud: "another-program" }),
      "no audience": await issuer.token({ aud: undefined }),
      over: await issuer.token({ exp: seconds() - 31 }),
      "no end": await issuer.token({ exp: undefined }),
      "not yet": await issuer.token({ nbf: seconds() + 60 }),
      "no subject": await issuer.token({ sub: undefined }),
      "signed with another key": await issuer.token({}, { key: stranger.privateKey }),
      "signed with a key that the issuer has not": await issuer.token({}, { kid: "key-9", key: stranger.privateKey }),
      "signed by nobody": none,
      "signed by nobody, with its head replaced": `${head}.${none.split(".")[1]}.`,
      "signed with the public key as a secret": await issuer.token({}, { alg: "HS256", key: pem as never }),
      "changed after it was signed": `${head}.${forgedBody}.${signature}`,
      "no token": "abc",
      "three dots": "a.b.c",
    };
    for (const [name, token] of Object.entries(tokens)) {
      expect(await endOf(authenticator.authenticate(bearer(token))), name).toBe("unauthenticated");
    }
    expect(await endOf(authenticator.authenticate(new Headers({ "x-api-key": await issuer.token() })))).toBe(
      "unauthenticated",
    );
    // By the clock of this machine it is over for less than half a minute.
    expect(await endOf(authenticator.authenticate(bearer(await issuer.token({ exp: seconds() - 20 }))))).toMatchObject({
      by: "token",
    });
  });

  it("is denied without a tenant, a known role, or a subject that can be a name", async () => {
    const { issuer, authenticator } = await setUp();
    const claims: Record<string, Record<string, unknown>> = {
      "no tenant": { tenant: undefined },
      "an empty tenant": { tenant: "" },
      "a tenant that is no name": { tenant: "acme/../globex" },
      "several tenants": { tenant: ["acme", "globex"] },
      "no role": { roles: undefined },
      "no known role": { roles: ["superuser", "ADMIN"] },
      "a role that is no text": { roles: { admin: true } },
      "a name of the system": { sub: "System" },
      "a name with space around it": { sub: " alice" },
      "a name that is too long": { sub: "a".repeat(101) },
      "a name that cannot be printed": { sub: "ali\u0000ce" },
    };
    for (const [name, given] of Object.entries(claims)) {
      expect(await endOf(authenticator.authenticate(bearer(await issuer.token(given)))), name).toBe("denied");
    }
  });

  it("is taken when the issuer has another key by now, and no more when its key is gone", async () => {
    const { issuer, ledger, authenticator } = await setUp();
    const old = await issuer.token();
    expect(await endOf(authenticator.authenticate(bearer(old)))).toMatchObject({ by: "token" });
    await issuer.rotate();
    await vi.waitFor(
      async () => {
        const end = await endOf(authenticator.authenticate(bearer(await issuer.token({ sub: "bob" }))));
        expect(end).toMatchObject({ identity: { principal: "bob" } });
      },
      { timeout: 10_000, interval: 200 },
    );
    expect(await endOf(authenticator.authenticate(bearer(old)))).toBe("unauthenticated");
    expect(issuer.asked()).toBe(2); // not for each token
    const fresh = createAuthenticator({ ledger, now, tokens: issuer.settings });
    expect(await endOf(fresh.authenticate(bearer(old)))).toBe("unauthenticated");
  }, 20_000);

  it("waits for the issuer's keys, rather than be refused, when they cannot be had", async () => {
    const { issuer, ledger } = await setUp();
    const token = await issuer.token();
    const fresh = () => createAuthenticator({ ledger, now, tokens: issuer.settings });
    for (const status of [500, 404, 302]) {
      issuer.fail(status);
      expect(await endOf(fresh().authenticate(bearer(token))), String(status)).toBe("storage");
    }
    issuer.fail(undefined);
    expect(await endOf(fresh().authenticate(bearer(token)))).toMatchObject({ by: "token" });
    await issuer.close();
    expect(await endOf(fresh().authenticate(bearer(token)))).toBe("storage");
  });

  it("is nobody's where no issuer is configured", async () => {
    const { issuer, ledger } = await setUp();
    const authenticator = createAuthenticator({ ledger, now, development: true });
    expect(await endOf(authenticator.authenticate(bearer(await issuer.token())))).toBe("unauthenticated");
    expect(issuer.asked()).toBe(0);
  });
});
