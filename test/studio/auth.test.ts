/** Row G2, G4: in the Agent Server callers are whoever its authentication finds, and nobody gets at another tenant's. */
import { Client } from "@langchain/langgraph-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listApprovals } from "../../src/ledger/approvals.ts";
import { findDecision } from "../../src/ledger/decisions.ts";
import { listRuns } from "../../src/ledger/runs.ts";
import { AgentServer, type Asked, type Values } from "../support/agent-server.ts";
import { holdpoint } from "../support/child.ts";
import { openIssuer } from "../support/issuer.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { approveAll } from "../support/runtime.ts";

const PATIENCE_MS = 120_000;

/** The secrets of keys by tenant and name. */
type Secrets = Record<"olga" | "anna" | "vera" | "asker" | "gina" | "gus", string>;

const KEYS: Record<keyof Secrets, readonly [tenant: string, role: string, ...more: string[]]> = {
  olga: ["acme", "operator"],
  anna: ["acme", "approver"],
  vera: ["acme", "viewer"],
  asker: ["acme", "operator", "--scopes", "ask,show"],
  gina: ["globex", "operator"],
  gus: ["globex", "admin"],
};

async function makeKeys(home: string): Promise<Secrets> {
  const secrets: Partial<Secrets> = {};
  for (const [name, [tenant, role, ...more]] of Object.entries(KEYS)) {
    const words = ["keys", "create", name, "--role", role, ...more, "--tenant", tenant, "--json"];
    secrets[name as keyof Secrets] = JSON.parse((await holdpoint(home, ...words)).stdout).secret;
  }
  return secrets as Secrets;
}

function clientOf(server: AgentServer, headers: Record<string, string>): Client {
  // Without a key the SDK would take one from the environment.
  return new Client({ apiUrl: server.url, apiKey: null, defaultHeaders: headers, callerOptions: { maxRetries: 0 } });
}

/** Starts a request on a thread of its own. */
async function ask(client: Client, request: string, payload: object = {}): Promise<{ threadId: string; asked: Asked }> {
  const { thread_id: threadId } = await client.threads.create();
  const ended = await client.runs.wait(threadId, "trial", { input: { request }, ...payload });
  const [asked] = (ended as Values).__interrupt__ ?? [];
  if (!asked) throw new Error(`"${request}" did not ask: ${JSON.stringify(ended)}`);
  return { threadId, asked };
}

/** The HTTP status of a refusal, or what was found. */
async function statusOf(work: Promise<unknown>): Promise<unknown> {
  return await work.catch((error: { status?: number; message: string }) => error.status ?? error.message);
}

describe("where callers have to say who they are", () => {
  const server = new AgentServer({ HOLDPOINT_AUTH: "required" });
  let secrets: Secrets;
  const as = (name: keyof Secrets) => clientOf(server, { "x-api-key": secrets[name] });
  const get = async (path: string, init: RequestInit = {}) => (await fetch(`${server.url}${path}`, init)).status;
  const runs = async (tenant: string) => await listRuns(await openLedgerOf(`${server.home}/trial`), tenant, {});

  beforeAll(async () => {
    secrets = await makeKeys(server.home);
    await server.start();
  }, PATIENCE_MS);
  afterAll(() => server.remove(), PATIENCE_MS);

  it("runs and decisions are of whom the key is, with its role", async () => {
    const { threadId, asked } = await ask(as("olga"), "write mine");
    expect(asked.value).toMatchObject({ requester: "olga", request: "write mine" });
    const [run] = await runs("acme");
    expect(run).toMatchObject({ tenant: "acme", requester: "olga" });
    const command = { resume: { [asked.id]: approveAll(asked.value) } };
    const ended = (await as("anna").runs.wait(threadId, "trial", { command })) as Values;
    expect(ended.answer?.status).toBe("success");
    const ledger = await openLedgerOf(`${server.home}/trial`);
    const decision = await findDecision(ledger, "acme", asked.value.proposalId);
    expect(decision).toMatchObject({ verdict: "approved", principal: "anna", role: "approver" });
    expect(await listApprovals(ledger, "acme", asked.value.proposalId)).toEqual([]);
    expect(server.written("mine")).toEqual([1]);
  });

  it("whoever says nothing gets nothing, but what the server is", async () => {
    const nobody = clientOf(server, {});
    expect(await statusOf(nobody.threads.create())).toBe(401);
    expect(await statusOf(nobody.assistants.search())).toBe(401);
    expect(await statusOf(nobody.store.searchItems(["acme"]))).toBe(401);
    for (const path of ["/ok", "/threads/search", "/runs/stream", "/internal/truncate", "/store/items/search"]) {
      expect(await get(path, { method: "POST", body: "{}" }), path).toBe(401);
    }
    expect(await get("/info")).toBe(200);
  });

  it("LangSmith's header, headers of other servers, and a wrong key let nobody in", async () => {
    const wrong = secrets.gus.replace(/.{6}$/, "AAAAAA");
    const tries: Record<string, string>[] = [
      { "x-auth-scheme": "langsmith" },
      { "x-auth-scheme": "langsmith", "x-api-key": "lsv2_pt_0123456789" },
      { "x-auth-scheme": "langsmith", "x-api-key": wrong },
      { "x-tenant-id": "acme", "x-user-id": "olga" },
      { authorization: `Bearer ${wrong}` },
      { authorization: `Bearer ${secrets.gus}`, "x-api-key": secrets.olga },
    ];
    for (const headers of tries) {
      expect(await statusOf(clientOf(server, headers).threads.search()), JSON.stringify(headers)).toBe(401);
    }
    // With a key of one's own the header changes nothing.
    const gina = clientOf(server, { "x-auth-scheme": "langsmith", "x-api-key": secrets.gina });
    const { asked } = await ask(gina, "write schemed");
    expect(asked.value.requester).toBe("gina");
  });

  it("nothing in a call makes somebody another", async () => {
    const [before] = [await runs("acme")];
    const { threadId: theirs } = await ask(as("olga"), "write theirs");
    const [run] = await as("olga").runs.list(theirs);
    const seen = JSON.parse(JSON.stringify(run)) as { kwargs: { config: { configurable: Record<string, unknown> } } };
    // What the server keeps of olga's call, proof included, where clients of her tenant see it.
    const stolen = seen.kwargs.config.configurable.langgraph_auth_user;
    expect(stolen).toMatchObject({ tenant: "acme", principal: "olga" });
    const forged = { identity: "acme/root", tenant: "acme", principal: "root", role: "admin", proof: "x" };
    const payloads: Record<string, object> = {
      context: { context: { tenant: "acme", principal: "root", role: "admin" } },
      "a user": { config: { configurable: { langgraph_auth_user: forged, langgraph_auth_user_id: "acme/root" } } },
      "another's user": { config: { configurable: { langgraph_auth_user: stolen, user_id: "acme/olga" } } },
      configurable: { config: { configurable: { tenant: "acme", principal: "root", role: "admin", owner: "acme" } } },
      metadata: { metadata: { owner: "acme", langgraph_auth_user: stolen, tenant: "acme" } },
    };
    for (const [name, payload] of Object.entries(payloads)) {
      const { threadId, asked } = await ask(as("gina"), `write ${name.replaceAll(/\W/g, "-")}`, payload);
      expect(asked.value.requester, name).toBe("gina");
      expect((await as("gina").threads.get(threadId)).metadata, name).toMatchObject({ owner: "globex" });
      expect(await statusOf(as("vera").threads.get(threadId)), name).toBe(404);
    }
    expect(await runs("acme")).toHaveLength(before.length + 1);
    const { thread_id: owned } = await as("gina").threads.create({ metadata: { owner: "acme" } });
    await as("gina").threads.update(owned, { metadata: { owner: "acme" } });
    expect((await as("gina").threads.get(owned)).metadata).toMatchObject({ owner: "globex" });
  });

  it("nobody becomes the requester of what another put on a thread, whatever that said", async () => {
    const { thread_id: threadId } = await as("olga").threads.create();
    const context = { tenant: "acme", principal: "anna" };
    const input = { request: "write cut-off", asker: "anna" };
    const goOn = async (name: keyof Secrets) =>
      JSON.stringify(await statusOf(as(name).runs.wait(threadId, "trial", { input: null })));
    await as("olga").runs.wait(threadId, "trial", { input, context, interruptBefore: ["guardrail"] });
    const { values } = await as("olga").threads.getState<{ asker: string }>(threadId);
    expect(values.asker).toBe("olga");
    expect(await goOn("anna")).toContain("cut off before it was taken in");
    await as("olga").threads.updateState(threadId, { values: { asker: "anna" }, asNode: "__start__" });
    for (const name of ["anna", "olga"] as const) expect(await goOn(name)).toContain("cut off before it was taken in");
    const before = (await runs("acme")).length;
    const again = (await as("olga").runs.wait(threadId, "trial", { input: { request: "write again" } })) as Values;
    expect(again.__interrupt__?.[0]?.value).toMatchObject({ requester: "olga", request: "write again" });
    expect(await runs("acme")).toHaveLength(before + 1);
  });

  it("another tenant's thread cannot be read, found, run, answered, forked, edited, cancelled or deleted", async () => {
    const { threadId, asked } = await ask(as("olga"), "write secret-of-acme");
    const [run] = await as("olga").runs.list(threadId);
    const runId = run?.run_id ?? "";
    const { checkpoint } = await as("olga").threads.getState(threadId);
    const thief = as("gus");
    const { threadId: own } = await ask(thief, "write of-globex");
    const before = await as("olga").threads.getState(threadId);
    const resume = { command: { resume: { [asked.id]: approveAll(asked.value) } } };
    const tries: Record<string, () => Promise<unknown>> = {
      get: () => thief.threads.get(threadId),
      state: () => thief.threads.getState(threadId),
      "state, at a checkpoint": () => thief.threads.getState(threadId, checkpoint.checkpoint_id ?? ""),
      edit: () => thief.threads.updateState(threadId, { values: { outcome: "approved" } }),
      update: () => thief.threads.update(threadId, { metadata: { owner: "globex" } }),
      copy: () => thief.threads.copy(threadId),
      delete: () => thief.threads.delete(threadId),
      "create, again": () => thief.threads.create({ threadId, ifExists: "do_nothing" }),
      "its runs": () => thief.runs.list(threadId),
      "its run": () => thief.runs.get(threadId, runId),
      "its run, by a thread of one's own": () => thief.runs.get(own, runId),
      cancel: () => thief.runs.cancel(threadId, runId),
      "cancel, by a thread of one's own": () => thief.runs.cancel(own, runId),
      "delete its run": () => thief.runs.delete(threadId, runId),
      join: () => thief.runs.join(threadId, runId),
      "join, by a thread of one's own": () => thief.runs.join(own, runId),
      run: () => thief.runs.wait(threadId, "trial", { input: { request: "write stolen" } }),
      "run, in the background": () => thief.runs.create(threadId, "trial", { input: { request: "write stolen" } }),
      "run, created where there is none": () =>
        thief.runs.wait(threadId, "trial", { input: null, ifNotExists: "create" }),
      answer: () => thief.runs.wait(threadId, "trial", resume),
    };
    for (const [name, attempt] of Object.entries(tries)) {
      const status = await statusOf(attempt());
      expect([403, 404, 409], `${name}: ${JSON.stringify(status)}`).toContain(status);
    }
    expect(JSON.stringify(await thief.threads.getHistory(threadId).catch(() => "refused"))).not.toContain("secret");
    const found = [
      await thief.threads.search({ limit: 1000 }),
      await thief.threads.search({ ids: [threadId] }),
      await thief.threads.search({ metadata: { owner: "acme" } }),
    ];
    expect(JSON.stringify(found)).not.toContain(threadId);
    expect(await thief.threads.count({ metadata: { owner: "acme" } } as never)).toBe(0);
    // By their own thread, with the other's checkpoint: nothing of it is there.
    const theirs = { ...checkpoint, thread_id: threadId } as never;
    const forks: Record<string, () => Promise<unknown>> = {
      read: () => thief.threads.getState(own, theirs),
      "read, by its id": () => thief.threads.getState(own, checkpoint.checkpoint_id ?? ""),
      history: () => thief.threads.getHistory(own, { checkpoint: theirs, before: theirs }),
      edit: () => thief.threads.updateState(own, { values: { notices: ["x"] }, checkpoint: theirs }),
      run: () => thief.runs.wait(own, "trial", { input: null, checkpoint: theirs }),
      "run, by its id": () =>
        thief.runs.wait(own, "trial", { input: null, checkpointId: checkpoint.checkpoint_id ?? "" }),
      "run, as that thread": () =>
        thief.runs.wait(own, "trial", { input: null, config: { configurable: { thread_id: threadId } } }),
      "what is there after that": () => thief.threads.getState(own),
    };
    for (const [name, attempt] of Object.entries(forks)) {
      const got = await attempt().catch((error: Error) => error.message);
      expect(JSON.stringify(got), name).not.toContain("secret-of-acme");
    }
    const streams = [`/threads/${own}/runs/${runId}/stream`, `/threads/${threadId}/runs/${runId}/stream`];
    for (const path of [...streams, `/runs/${runId}/stream`, `/%72uns/${runId}/stream`]) {
      expect([403, 404], path).toContain(await get(path, { headers: { "x-api-key": secrets.gus } }));
    }
    expect(await as("olga").threads.getState(threadId)).toEqual(before);
    expect(server.written("secret-of-acme", "stolen")).toEqual([0, 0]);
    const ended = (await as("anna").runs.wait(threadId, "trial", resume)) as Values;
    expect(ended.answer?.status).toBe("success");
  });

  it("what the server serves to everybody is served to nobody: its reset, and sessions of threads", async () => {
    const { threadId } = await ask(as("olga"), "write kept");
    const headers = { "x-api-key": secrets.gus, "content-type": "application/json" };
    const all = { runs: true, threads: true, assistants: true, checkpointer: true, store: true };
    const tries: [path: string, body: object][] = [
      ["/internal/truncate", all],
      ["/%69nternal/truncate", all],
      [`/threads/${threadId}/commands`, { id: 1, method: "state.get" }],
      [`/threads/${threadId}/c%6Fmmands`, { id: 1, method: "state.get" }],
      [`/threads/${threadId}/stream/events`, { channels: ["values"] }],
    ];
    for (const [path, body] of tries) {
      expect([403, 404], path).toContain(await get(path, { method: "POST", headers, body: JSON.stringify(body) }));
    }
    expect((await as("olga").threads.get(threadId)).status).toBe("interrupted");
  });

  it("a role and a scope let do what they name", async () => {
    const { threadId, asked } = await ask(as("asker"), "write scoped");
    const resume = { command: { resume: { [asked.id]: approveAll(asked.value) } } };
    const request = { input: { request: "write by-viewer" } };
    expect((await as("vera").threads.get(threadId)).status).toBe("interrupted");
    expect(await as("vera").threads.search({ ids: [threadId] })).toHaveLength(1);
    const refused: Record<string, () => Promise<unknown>> = {
      "a viewer's thread": () => as("vera").threads.create(),
      "a viewer's run": () => as("vera").runs.wait(threadId, "trial", request),
      "a viewer's run of no thread": () => as("vera").runs.wait(null, "trial", request),
      "a viewer's answer": () => as("vera").runs.wait(threadId, "trial", resume),
      "a viewer's edit": () => as("vera").threads.updateState(threadId, { values: {} }),
      "a viewer's metadata": () => as("vera").threads.update(threadId, { metadata: { a: 1 } }),
      "a viewer's deletion": () => as("vera").threads.delete(threadId),
      "an answer out of scope": () => as("asker").runs.wait(threadId, "trial", resume),
      "a jump out of scope": () => as("asker").runs.wait(threadId, "trial", { command: { goto: "committer" } }),
      "going on out of scope": () => as("asker").runs.wait(threadId, "trial", { input: null }),
      "a list out of scope": () => as("asker").threads.search(),
      "a deletion out of scope": () => as("asker").threads.delete(threadId),
      "a webhook": () => as("olga").runs.wait(threadId, "trial", { ...request, webhook: "http://127.0.0.1:1/" }),
      "an assistant": () => as("gus").assistants.create({ graphId: "trial" }),
      "a store without a tenant": () => as("gus").store.searchItems([]),
      "another tenant's store": () => as("gus").store.putItem(["acme"], "k", { v: 1 }),
      "another tenant's namespaces": () => as("gus").store.listNamespaces({ prefix: ["acme"] }),
    };
    for (const [name, attempt] of Object.entries(refused)) expect(await statusOf(attempt()), name).toBe(403);
    await as("gus").store.putItem(["globex", "notes"], "k", { v: 1 });
    expect((await as("gus").store.getItem(["globex", "notes"], "k"))?.value).toEqual({ v: 1 });
    expect(await statusOf(as("olga").store.getItem(["globex", "notes"], "k"))).toBe(403);
    const assistants = await as("vera").assistants.search();
    expect(assistants.map(({ graph_id }) => graph_id).sort()).toEqual(["agent", "trial"]);
    expect(server.written("scoped", "by-viewer")).toEqual([0, 0]);
    // An operator may answer, but not approve; the graph says so and asks again.
    const again = (await as("olga").runs.wait(threadId, "trial", resume)) as Values;
    expect(again.__interrupt__?.[0]?.value.notices.join()).toContain(
      "takes the role approver; olga has the role operator",
    );
    expect(server.written("scoped")).toEqual([0]);
  });

  it("says nothing of secrets in its log", () => {
    for (const secret of Object.values(secrets)) expect(server.log).not.toContain(secret.slice(24));
  });
});

describe("where nothing is set up", () => {
  const server = new AgentServer();
  beforeAll(() => server.start(), PATIENCE_MS);
  afterAll(() => server.remove(), PATIENCE_MS);

  it("Studio on this machine is the development identity, which is said once, until there is a key", async () => {
    const studio = clientOf(server, { "x-auth-scheme": "langsmith" });
    const { asked } = await ask(studio, "write by-studio", { context: { tenant: "acme", principal: "root" } });
    expect(asked.value.requester).toBe("local");
    const forged = { langgraph_auth_user: { identity: "acme/root", tenant: "acme", principal: "root", role: "admin" } };
    const other = await ask(clientOf(server, {}), "write by-another", { config: { configurable: forged } });
    expect(other.asked.value.requester).toBe("local");
    expect(server.log.match(/Nobody has to say who they are/g)).toHaveLength(1);
    const fetched = async (headers: Record<string, string>) =>
      (await fetch(`${server.url}/threads/search`, { method: "POST", body: "{}", headers })).status;
    const json = { "content-type": "application/json" };
    expect(await fetched(json)).toBe(200);
    expect(await fetched({ ...json, "x-api-key": "lsv2_pt_0123456789" })).toBe(200);
    expect(await fetched({ ...json, "x-api-key": "hp_0123456789abcdef_wrong" })).toBe(401);
    expect(await fetched({ ...json, authorization: "Bearer abc" })).toBe(401);
    expect(await fetched({ ...json, "x-forwarded-for": "203.0.113.7" })).toBe(401);
    const { olga } = await makeKeys(server.home);
    expect(await fetched(json)).toBe(401);
    expect(await fetched({ ...json, "x-auth-scheme": "langsmith" })).toBe(401);
    expect(await clientOf(server, { "x-api-key": olga }).threads.search()).toEqual([]);
  });
});

describe("where an issuer is named", () => {
  it(
    "its tokens say who calls, in a thread that their tenant alone finds",
    async () => {
      const issuer = await openIssuer();
      const server = new AgentServer({
        HOLDPOINT_JWT_ISSUER: issuer.settings.issuer,
        HOLDPOINT_JWT_AUDIENCE: issuer.settings.audience,
      });
      const as = async (claims: object) =>
        clientOf(server, { authorization: `Bearer ${await issuer.token({ ...claims })}` });
      try {
        await server.start({ trial: "test/support/scripts/trial-graph.ts" });
        const { threadId, asked } = await ask(await as({}), "write by-token");
        expect(asked.value.requester).toBe("alice");
        const command = { resume: { [asked.id]: approveAll(asked.value) } };
        const foreign = await as({ tenant: "globex", roles: ["admin"] });
        expect(await statusOf(foreign.runs.wait(threadId, "trial", { command }))).toBe(404);
        const approver = await as({ sub: "bob", roles: ["viewer", "approver"] });
        const ended = (await approver.runs.wait(threadId, "trial", { command })) as Values;
        expect(ended.answer?.status).toBe("success");
        expect(await statusOf((await as({ exp: 1 })).threads.search())).toBe(401);
        expect(await statusOf((await as({ tenant: undefined })).threads.search())).toBe(403);
        expect(await statusOf(clientOf(server, { "x-auth-scheme": "langsmith" }).threads.search())).toBe(401);
      } finally {
        await server.remove();
      }
    },
    PATIENCE_MS,
  );
});

describe("without authentication in langgraph.json", () => {
  const forged = { identity: "acme/root", tenant: "acme", principal: "root", role: "admin", scopes: [], proof: "x" };
  const payload = { config: { configurable: { langgraph_auth_user: forged } }, context: { principal: "root" } };

  it(
    "a client that names a user is nobody but the development identity",
    async () => {
      const server = new AgentServer();
      try {
        await server.start({ trial: "test/support/scripts/trial-graph.ts" }, { auth: false });
        const { asked } = await ask(clientOf(server, {}), "write forged", payload);
        expect(asked.value.requester).toBe("local");
        const ledger = await openLedgerOf(`${server.home}/trial`);
        expect(await listRuns(ledger, "acme", {})).toEqual([]);
      } finally {
        await server.remove();
      }
    },
    PATIENCE_MS,
  );

  it(
    "nobody is anybody where it is required",
    async () => {
      const server = new AgentServer({ HOLDPOINT_AUTH: "required" });
      try {
        await server.start(undefined, { auth: false });
        const ended = JSON.stringify(await statusOf(ask(clientOf(server, {}), "write forged", payload)));
        expect(ended).toContain("The server does not say who calls");
        expect(server.written("forged")).toEqual([0]);
      } finally {
        await server.remove();
      }
    },
    PATIENCE_MS,
  );
});
