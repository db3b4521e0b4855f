/** Every endpoint, with every role, with another tenant's ids, and without a key: nothing crosses. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { includesRole, RoleSchema } from "../../src/domain/role.ts";
import { OPERATIONS } from "../../src/policy/operations.ts";
import { createRuntime, type StoreRuntime } from "../../src/runtime.ts";
import { ENDPOINTS } from "../../src/server/app.ts";
import type { AnyEndpoint } from "../../src/server/endpoint.ts";
import { ProblemSchema } from "../../src/server/problem-schema.ts";
import { dumpOf } from "../support/dump.ts";
import { createNotebook } from "../support/notebook.ts";
import { startServer, type TestServer } from "../support/server.ts";

/** In everything that is acme's, so that it is noticed wherever it comes out. */
const MARK = "quetzal";

interface World {
  readonly home: string;
  readonly runtime: StoreRuntime;
  readonly server: TestServer;
  readonly ids: { run: string; thread: string; done: string; proposal: string; execution: string };
}

let world: World;

const plan = (request: string) => ({
  kind: "plan" as const,
  playbook: "test",
  plan: {
    goal: request,
    source: { kind: "playbook" as const, name: "test" },
    steps: [{ id: "a", title: `Note ${request}`, action: "note", args: { text: request }, dependsOn: [] }],
  },
});

beforeAll(async () => {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-matrix-"));
  const { actions } = createNotebook(home);
  const runtime = await createRuntime({ home }, { actions, matchRequest: plan, policy: { planReview: "never" } });
  const server = await startServer(runtime);
  const ask = async (thread: string) => {
    const body = { request: `${MARK} ${thread}`, thread };
    return (await server.send("POST /api/v1/runs", { as: "acme/root", body })).body;
  };
  const done = await ask("t-done");
  const answer = { decisions: [{ step: "a", type: "approve" }] };
  const decide = `POST /api/v1/actions/approvals/${done.question.proposalId}/decide`;
  await server.send(decide, { as: "acme/root", body: answer });
  const { run, question } = await ask("t-waiting");
  const proposal = question.proposalId;
  const ids = { run: run.id, thread: "t-waiting", done: done.run.id, proposal, execution: `${proposal}:a` };
  world = { home, runtime, server, ids };
});

afterAll(async () => {
  await world.server.stop();
  await world.runtime.close();
  rmSync(world.home, { recursive: true, force: true });
});

/** What an endpoint takes: a body that fits, and what else it needs. */
const BODIES: Record<string, unknown> = {
  startRun: { request: "hello" },
  rejectExecution: { reason: "no" },
  decide: { decisions: [{ step: "a", type: "reject", message: "no" }] },
  decideBatch: { decisions: [{ proposalId: "prop_x", digest: "x", answer: { decisions: [{ type: "approve" }] } }] },
  setMember: { role: "viewer" },
  setDelegation: { until: new Date(Date.now() + 3_600_000).toISOString() },
  forget: { thread: "t-nothing" },
  createKey: { name: "another", role: "viewer" },
  matchRequest: { request: "hello" },
  testPolicy: { cases: "cases: [{ name: one, action: note, expect: escalate }]" },
  compareAudit: { anchors: [{ tenant: "acme", seq: 1, hash: "x", at: "2026-01-01T00:00:00.000Z" }] },
  editPlan: { goal: "g", steps: [{ id: "a", title: "t", action: "note", args: { text: "x" }, dependsOn: [] }] },
};

const named = ({ id, method, path }: AnyEndpoint) => `${id} (${method.toUpperCase()} ${path})`;
const CASES = ENDPOINTS.map((one): [string, AnyEndpoint] => [named(one), one]);

function paths(endpoint: AnyEndpoint): string[] {
  const { ids } = world;
  if (endpoint.path.includes("{name}")) return [endpoint.path.replace("{name}", "note")];
  if (endpoint.path.includes("{key}")) return [endpoint.path.replace("{key}", "0123456789abcdef")];
  if (endpoint.path.includes("{person}")) return [endpoint.path.replace("{person}", "zoe")];
  const known = endpoint.path.includes("/executions/")
    ? [ids.execution]
    : /approvals|explanations/.test(endpoint.path)
      ? [ids.proposal]
      : [ids.run, ids.thread, ids.done];
  return endpoint.path.includes("{id}") ? known.map((id) => endpoint.path.replace("{id}", id)) : [endpoint.path];
}

/** Sends what fits, as somebody. A stream is read only until it has begun. */
async function send(endpoint: AnyEndpoint, path: string, as: `${string}/${string}` | null) {
  const given = BODIES[endpoint.id] ?? (endpoint.body ? {} : undefined);
  const headers = { prefer: "wait=5", ...(endpoint.tag === "Settings" ? { "if-match": '"0"' } : {}) };
  return await world.server.send(`${endpoint.method.toUpperCase()} ${path}`, {
    ...{ as, headers, signal: AbortSignal.timeout(5000) },
    ...(given === undefined ? {} : { body: given }),
  });
}

const dumpOfAcme = () =>
  dumpOf(world.home, { files: ["ledger.db", "checkpoints.db"], keep: (row) => JSON.stringify(row).includes(MARK) });

describe.each(CASES)("%s", (_name, endpoint) => {
  it("is for nobody without a key", async () => {
    for (const path of paths(endpoint)) {
      const { status, body, headers } = await send(endpoint, path, null);
      expect(status).toBe(401);
      expect(ProblemSchema.parse(body).code).toBe("unauthenticated");
      expect(headers.get("www-authenticate")).toContain("Bearer");
    }
  });

  it("gives another tenant's admin nothing, and changes nothing for them", async () => {
    const before = dumpOfAcme();
    for (const path of paths(endpoint)) {
      const { status, text } = await send(endpoint, path, "evil/root");
      expect(text).not.toContain(MARK);
      // What has ids of acme's in its path is not there; what is of no tenant is only for the tenant `default`.
      if (endpoint.path.includes("{id}")) expect(status).toBe(404);
      if (["getMetrics", "maintain", "reseed", "acceptTools"].includes(endpoint.id)) expect(status).toBe(403);
    }
    expect(dumpOfAcme()).toEqual(before);
  });

  it("is for those whose role it takes", async () => {
    const { operation } = endpoint;
    if (operation === null) return expect(endpoint.tag).toBe("System");
    const before = dumpOfAcme();
    for (const role of RoleSchema.options) {
      if (includesRole(role, OPERATIONS[operation])) continue;
      for (const path of paths(endpoint)) {
        const { status, body } = await send(endpoint, path, `acme/${role}`);
        expect([role, status, body.code]).toEqual([role, 403, "denied"]);
      }
    }
    expect(dumpOfAcme()).toEqual(before);
  });
});

describe("what is answered", () => {
  const reads = ENDPOINTS.filter(({ method, id }) => method === "get" && !["streamRun", "getMetrics"].includes(id));

  it.each(reads.map((one): [string, AnyEndpoint] => [named(one), one]))("%s is as it is described", async (_n, one) => {
    const least = one.operation === null ? "admin" : OPERATIONS[one.operation];
    for (const path of paths(one)) {
      const { status, body, headers } = await send(one, path, `acme/${least}`);
      if (one.id === "getRecord" && path.includes(world.ids.run)) expect(JSON.stringify(body)).toContain(MARK);
      expect([path, status]).toEqual([path, 200]);
      const schema: z.ZodType | undefined = one.answers[200]?.schema;
      if (headers.get("content-type") === "application/json") expect(() => schema?.parse(body)).not.toThrow();
    }
  });
});
