import { describe, expect, it } from "vitest";
import { createAuthenticator } from "../../src/server/auth/authenticate.ts";
import { PROBLEM_CODES, statusOf } from "../../src/server/problem.ts";
import { readDocument } from "../support/readme.ts";
import { openTestRuntime } from "../support/runtime.ts";
import { BUY, openServer } from "../support/server.ts";

describe("a server", () => {
  it("says whether it lives to anybody, and nothing else", async () => {
    const server = await openServer(await openTestRuntime());
    expect(await server.send("GET /health", { as: null })).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await server.send("GET /ready", { as: null })).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await server.send("GET /metrics", { as: null })).toMatchObject({ status: 401 });
    expect((await server.send("GET /metrics", { as: "acme/admin" })).status).toBe(403);
    await server.send("POST /api/v1/runs", { body: { request: BUY } });
    const metrics = await server.send("GET /metrics", { as: "default/admin" });
    expect(metrics.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    expect(metrics.text).toContain('holdpoint_approvals_pending{tenant="acme"} 1');
  });

  it("is not ready once its ledger does not answer, and says why in its log alone", async () => {
    const runtime = await openTestRuntime();
    const server = await openServer(runtime);
    const key = await server.keyOf("acme/alice");
    await runtime.ledger.destroy();
    const ready = await server.send("GET /ready", { as: null });
    expect(ready).toMatchObject({ status: 503, body: { status: "unavailable" } });
    const failed = await fetch(`${server.url}/api/v1/runs`, { headers: { "x-api-key": key } });
    expect(failed.status).toBeGreaterThanOrEqual(500);
    const problem = await failed.text();
    expect(problem).not.toMatch(/driver|destroyed|\.ts:/);
    expect(JSON.stringify(server.logged)).not.toContain(key);
    expect(server.logged.length).toBeGreaterThan(0);
  });

  it("sends the headers that keep its pages safe", async () => {
    const server = await openServer(await openTestRuntime());
    const { headers } = await server.send("GET /api/v1/docs", { as: null });
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).not.toBeNull();
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("lets no page of another origin call it, unless it is named", async () => {
    const runtime = await openTestRuntime();
    const server = await openServer(runtime, { origins: ["https://app.example.com"] });
    const from = (origin: string) => server.send("GET /api/v1/runs", { headers: { origin } });
    expect(await from("https://evil.example")).toMatchObject({ status: 403, body: { code: "denied" } });
    const named = await from("https://app.example.com");
    expect(named.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    const asked = await server.fetch("OPTIONS /api/v1/runs", {
      as: null,
      headers: { origin: "https://app.example.com", "access-control-request-method": "POST" },
    });
    expect(asked.status).toBe(204);
    expect((await from(server.url)).status).toBe(200);
  });

  it("in development serves this machine under its own names, without a key", async () => {
    const runtime = await openTestRuntime();
    const authenticator = createAuthenticator({ ledger: runtime.ledger, now: runtime.now, development: true });
    const server = await openServer(runtime, { development: true, authenticator });
    const asked = await server.send("POST /api/v1/runs", { as: null, body: { request: BUY } });
    expect(asked.body.run).toMatchObject({ tenant: "default", requester: "local" });
    // A page elsewhere whose name leads to this machine.
    const { port } = new URL(server.url);
    const { request } = await import("node:http");
    const rebound = await new Promise<number | undefined>((resolve) => {
      const headers = { host: `evil.example:${port}` };
      request({ port, host: "127.0.0.1", path: "/api/v1/runs", headers }, (answer) => resolve(answer.statusCode)).end();
    });
    expect(rebound).toBe(403);
    const wrong = await fetch(`${server.url}/api/v1/runs`, { headers: { "x-api-key": "hp_0000000000000000_x" } });
    expect(wrong.status).toBe(401);
  });

  it("takes only so many requests of a key in a minute, and so many wrong keys", async () => {
    const server = await openServer(await openTestRuntime(), { requestsPerMinute: 3 });
    const statuses: number[] = [];
    for (let index = 0; index < 4; index++) statuses.push((await server.send("GET /api/v1/runs")).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const held = await server.send("GET /api/v1/runs");
    expect(Number(held.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await server.send("GET /api/v1/runs", { as: "acme/bob" })).status).toBe(200);
    const guess = async () =>
      (await fetch(`${server.url}/api/v1/runs`, { headers: { authorization: "Bearer hp_x" } })).status;
    for (let index = 0; index < 10; index++) expect(await guess()).toBe(401);
    expect(await guess()).toBe(429);
    expect((await server.send("GET /api/v1/runs", { as: "acme/carol" })).status).toBe(200);
  });
});

describe("docs/server.md", () => {
  it("names every code with its status", () => {
    const [, table = ""] = readDocument("docs/server.md").split("<!-- codes:");
    const rows = [...table.matchAll(/^\| (\d{3}) +\| (.*?) *\|$/gm)];
    const said = rows.flatMap(([, status, codes = ""]) =>
      codes.split(", ").map((code) => [code.slice(1, -1), Number(status)]),
    );
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(PROBLEM_CODES.map((code) => [code, statusOf(code)])));
  });
});

describe("the description", () => {
  it("names every endpoint once, says what each takes and answers, and is a page without scripts", async () => {
    const server = await openServer(await openTestRuntime());
    const { body } = await server.send("GET /api/v1/openapi.json", { as: null });
    expect(body.openapi).toBe("3.1.0");
    // biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
    const operations = Object.values(body.paths).flatMap((path: any) => Object.values(path)) as any[];
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { responses, summary, tags } of operations) {
      expect(summary).toMatch(/^[A-Z]/);
      expect(tags).toHaveLength(1);
      expect(responses.default.content["application/problem+json"].schema.$ref).toBe("#/components/schemas/Problem");
    }
    for (const reference of JSON.stringify(body).matchAll(/#\/components\/schemas\/(\w+)/g)) {
      expect(body.components.schemas).toHaveProperty(reference[1] ?? "");
    }
    const page = await server.send("GET /api/v1/docs", { as: null });
    expect(page.text).not.toMatch(/<script|https?:\/\/(?!127)/);
    for (const id of ids) expect(page.text).toContain(`id="${id}"`);
    expect((await server.send("GET /api/v1/docs.css", { as: null })).headers.get("content-type")).toContain("text/css");
  });
});
