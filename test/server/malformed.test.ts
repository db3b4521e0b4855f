/** Whatever is sent, the answer is no defect, and what is refused is a problem document. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRuntime, type StoreRuntime } from "../../src/runtime.ts";
import { ENDPOINTS } from "../../src/server/app.ts";
import { type AnyEndpoint, isWrite } from "../../src/server/endpoint.ts";
import { ProblemSchema } from "../../src/server/problem-schema.ts";
import { BUY, startServer, type TestServer } from "../support/server.ts";

let home: string;
let runtime: StoreRuntime;
let server: TestServer;
let ids: { run: string; proposal: string };
// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document
let document: any;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "holdpoint-malformed-"));
  runtime = await createRuntime({ home });
  server = await startServer(runtime);
  const { body } = await server.send("POST /api/v1/runs", { body: { request: BUY } });
  ids = { run: body.run.id, proposal: body.question.proposalId };
  document = (await server.send("GET /api/v1/openapi.json")).body;
});
afterAll(async () => {
  await server.stop();
  await runtime.close();
  rmSync(home, { recursive: true, force: true });
});

/** Values that fit a JSON Schema of the document, loosely; what it says of texts is not kept on purpose. */
// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema
function valuesOf(schema: any, depth = 0): fc.Arbitrary<unknown> {
  if (depth > 4 || schema === undefined) return fc.jsonValue();
  if (schema.$ref) return valuesOf(document.components.schemas[schema.$ref.split("/").at(-1)], depth + 1);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return fc.oneof(...either.map((one: unknown) => valuesOf(one, depth + 1)));
  const type = [schema.type].flat()[0];
  if (type === "object") {
    const properties = Object.entries(schema.properties ?? {});
    const fields = Object.fromEntries(properties.map(([name, one]) => [name, valuesOf(one, depth + 1)]));
    return fc.record(fields, { requiredKeys: [] });
  }
  if (type === "array") return fc.array(valuesOf(schema.items, depth + 1), { maxLength: 3 });
  if (type === "string")
    return fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom("s1", BUY, "", "\u0000"));
  if (type === "integer" || type === "number") return fc.oneof(fc.integer(), fc.double());
  if (type === "boolean") return fc.boolean();
  return fc.jsonValue();
}

const pathOf = ({ path }: AnyEndpoint) =>
  path
    .replace("/executions/{id}", `/executions/${ids.proposal}:s1`)
    .replace(/\/(approvals|explanations)\/\{id\}/, `/$1/${ids.proposal}`)
    .replace("{id}", ids.run)
    .replace("{person}", "zoe")
    .replace("{key}", "0123456789abcdef")
    .replace("{name}", "sell");

/** What must not happen to the world of the other cases. */
const ENDING = ["forget", "putSettings", "patchSettings", "setMember"];
const TAKING = ENDPOINTS.filter(({ body, id }) => body !== undefined && !ENDING.includes(id));

function assertNoDefect(answered: { status: number; text: string; headers: Headers }): void {
  const { status, text, headers } = answered;
  expect([status < 500, text]).toEqual([true, text]);
  if (status < 400) return;
  expect(headers.get("content-type")).toBe("application/problem+json");
  const problem = ProblemSchema.parse(JSON.parse(text));
  expect(problem.status).toBe(status);
  expect(problem.detail.length).toBeGreaterThan(10);
  expect(text).not.toMatch(/\bat .*\.ts:\d+|node_modules/);
}

describe("a body", () => {
  it.each(TAKING.map((one): [string, AnyEndpoint] => [one.id, one]))("of %s may be anything", async (_id, endpoint) => {
    const described = document.paths[endpoint.path][endpoint.method].requestBody.content["application/json"].schema;
    const line = `${endpoint.method.toUpperCase()} ${pathOf(endpoint)}`;
    const bodies = fc.oneof(fc.jsonValue(), valuesOf(described), valuesOf(described));
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        assertNoDefect(
          await server.send(line, { body: JSON.stringify(body) ?? "null", headers: { prefer: "wait=1" } }),
        );
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ["no JSON", '{"request": '],
    ["deeper than any", "[".repeat(200_000)],
    ["too large", JSON.stringify({ request: "x".repeat(1_100_000) })],
    ["a prototype", '{"__proto__": {"request": "x"}, "request": 1}'],
    ["a text", '"hello"'],
    ["null", "null"],
    ["a number beyond all", '{"request": 1e999}'],
  ])("that is %s is refused", async (_what, body) => {
    const answered = await server.send("POST /api/v1/runs", { body });
    assertNoDefect(answered);
    expect([400, 413]).toContain(answered.status);
  });

  it("has to be JSON", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]) {
      const answered = await server.send("POST /api/v1/runs", {
        body: '{"request":"x"}',
        headers: { "content-type": type },
      });
      expect(answered).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
    }
  });
});

describe("a path, a query and headers", () => {
  it("may be anything", async () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("../..", "%00", "%ff", "run_x", "a".repeat(500)),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ENDPOINTS), text, text, async (endpoint, id, value) => {
        const path = endpoint.path.replace(/\{\w+\}/, encodeURIComponent(id.toWellFormed()));
        const query = `?${encodeURIComponent(value.toWellFormed())}=${encodeURIComponent(id.toWellFormed())}`;
        const headers = {
          "if-match": encodeURIComponent(value.toWellFormed()),
          "last-event-id": encodeURIComponent(id.toWellFormed()),
        };
        const line = `${endpoint.method.toUpperCase()} ${path}${isWrite(endpoint) ? "" : query}`;
        if (ENDING.includes(endpoint.id) || endpoint.id === "maintain" || endpoint.id === "recover") return;
        assertNoDefect(await server.send(line, { headers, ...(isWrite(endpoint) ? { body: {} } : {}) }));
      }),
      { numRuns: 150 },
    );
  });

  it("that are not known are named", async () => {
    const wrong = await server.send("GET /api/v1/runs?staus=waiting&limit=0");
    expect(wrong.body).toMatchObject({ code: "invalid_request" });
    expect(wrong.body.errors.map(({ where }: { where: string }) => where)).toContain("query.limit");
    expect(await server.send("GET /api/v1/runs?cursor=abc")).toMatchObject({ status: 400 });
    expect(await server.send("GET /api/v1/runs/run_none")).toMatchObject({
      status: 404,
      body: { code: "unknown_thread" },
    });
    const method = await server.send("DELETE /api/v1/runs");
    expect(method).toMatchObject({ status: 405, body: { code: "method_not_allowed" } });
    expect(method.headers.get("allow")).toBe("POST, GET");
    const bad = await server.send("POST /api/v1/runs", {
      body: { request: "x" },
      headers: { "idempotency-key": "a b" },
    });
    expect(bad).toMatchObject({ status: 400, body: { errors: [{ where: "header.idempotency-key" }] } });
  });

  it("that are too long, or never end, are cut off", async () => {
    const long = await fetch(`${server.url}/health`, { headers: { "x-long": "a".repeat(20_000) } });
    expect(long.status).toBe(431);
    // A request line that is none.
    const { port } = new URL(server.url);
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.write("NONSENSE\r\n\r\n"));
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString();
      });
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
    expect(said).toContain("400 Bad Request");
  });
});
