/** Keys over HTTP, whose secrets are kept nowhere, and cases before the policy. */
import { expect, it, onTestFinished } from "vitest";
import { createRuntime } from "../../src/runtime.ts";
import { dumpOf } from "../support/dump.ts";
import { openServer } from "../support/server.ts";
import { tempDir } from "../support/temp.ts";

async function opened() {
  const home = tempDir();
  const runtime = await createRuntime({ home });
  onTestFinished(() => runtime.close());
  return { home, server: await openServer(runtime) };
}

it("a secret is answered once, also under an Idempotency-Key, and stands nowhere", async () => {
  const { home, server } = await opened();
  const headers = { "idempotency-key": "the-same" };
  const create = () =>
    server.send("POST /api/v1/keys", { headers, body: { name: "ci", role: "operator", scopes: ["ask"] } });
  const [one, other] = [await create(), await create()];
  expect([one.status, other.status]).toEqual([201, 201]);
  expect(one.body.secret).not.toBe(other.body.secret);
  const rotated = await server.send(`POST /api/v1/keys/${one.body.key.id}/rotate`, { headers, body: { now: true } });
  const dump = JSON.stringify(dumpOf(home, { files: ["ledger.db"] }));
  for (const { secret } of [one.body, other.body, rotated.body]) {
    expect(secret).toMatch(/^hp_/);
    expect(dump).not.toContain(secret);
  }
  const call = (key: string) => fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } });
  expect(await (await call(rotated.body.secret)).json()).toEqual({ tenant: "acme", principal: "ci" });
  expect((await call(one.body.secret)).status).toBe(401);
  const revoked = await server.send(`DELETE /api/v1/keys/${one.body.key.id}`);
  expect(revoked.body.key.revokedAt).not.toBeNull();
  expect((await call(rotated.body.secret)).status).toBe(401);
  const { body } = await server.send("GET /api/v1/keys");
  expect(JSON.stringify(body)).not.toContain(other.body.secret);
});

it("nobody learns what rules say of another tenant", async () => {
  const { server } = await opened();
  const test = (as: "acme/viewer" | "default/viewer", tenant: string) => {
    const cases = `cases: [{ name: one, action: sell, ${tenant} expect: escalate }]`;
    return server.send("POST /api/v1/policy/test", { as, body: { cases } });
  };
  const own = await test("acme/viewer", "");
  expect(own.body.results[0]).toMatchObject({ case: { tenant: "acme" }, isAsExpected: true });
  const others = await test("acme/viewer", "tenant: umbrella,");
  expect(others).toMatchObject({ status: 400, body: { code: "usage", hint: expect.stringContaining("acme") } });
  expect((await test("default/viewer", "tenant: umbrella,")).status).toBe(200);
});
