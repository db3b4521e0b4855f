/** Planted secrets: whatever a request, a model, an action or an error brings, none of it is logged, told or audited. */
import { once } from "node:events";
import { Command } from "@langchain/langgraph";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { exportAudit } from "../../src/ledger/audit-export.ts";
import { listEffects } from "../../src/ledger/effects.ts";
import { listReads } from "../../src/ledger/reads.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { createModels } from "../../src/models/roles.ts";
import { DEVELOPMENT_IDENTITY } from "../../src/nodes/deps.ts";
import { createRuntime } from "../../src/runtime.ts";
import { warn } from "../../src/telemetry/tell.ts";
import { defineAction } from "../../src/tools/action.ts";
import { holdpoint } from "../support/child.ts";
import { expectCall, json, playOpenAI, textOf, toolCalls } from "../support/openai-server.ts";
import { tempDir } from "../support/temp.ts";

const SECRETS = {
  mail: "bob.smith@mail.example.com",
  card: "4111111111111111",
  iban: "DE89370400440532013000",
  phone: "+4930901820",
  ip: "203.0.113.77",
  github: `ghp_${"aB3dE5fG7h".repeat(4).slice(0, 36)}`,
  openai: `sk-proj-${"a1B2c3D4".repeat(5)}`,
  password: "password=correct-horse-9",
  address: "1600 Pennsylvania Ave NW, Washington, DC 20500",
};
const base64 = (text: string) => Buffer.from(text).toString("base64");
const halves = (text: string): [string, string] => [text.slice(0, text.length / 2), text.slice(text.length / 2)];

/** What must be nowhere: each secret plain, in base64 with what may stand before it, and the parts of those that are split. */
const PLANTED = [
  ...Object.values(SECRETS),
  "correct-horse-9",
  ...Object.values(SECRETS).map((secret) => base64(secret).replaceAll("=", "")),
  ...[SECRETS.card, SECRETS.github, SECRETS.mail].flatMap(halves),
];

const WORDS = Object.values(SECRETS).join(" ; ");
const ENCODED = Object.values(SECRETS).map(base64).join(" ; ");
const [cardStart, cardEnd] = halves(SECRETS.card);
const [tokenStart, tokenEnd] = halves(SECRETS.github);
const [mailStart, mailEnd] = halves(SECRETS.mail);
const DATA: JsonObject = {
  ...SECRETS,
  encoded: ENCODED,
  secret: "swordfish",
  card1: cardStart,
  card2: cardEnd,
  key1: tokenStart,
  key2: tokenEnd,
  mail1: mailStart,
  mail2: mailEnd,
  list: [cardStart, cardEnd],
};

function leaks(sink: string): string[] {
  return [...PLANTED, "swordfish"].filter((planted) => sink.includes(planted));
}

const change = { table: "letters", key: SECRETS.mail, before: null, after: { text: WORDS, encoded: ENCODED } };
const send = defineAction({
  kind: "write",
  name: "send",
  version: 1,
  title: "Send a letter",
  description: "Sends a letter.",
  input: z.strictObject({ data: z.record(z.string(), z.unknown()), fails: z.boolean().optional() }),
  output: z.object({ said: z.string() }),
  preview: async () => [change],
  run: async ({ fails }) => {
    if (fails) throw new Error(`The receiver said: 401 for Bearer ${SECRETS.openai} of ${WORDS} ${ENCODED}`);
    return { output: { said: `Sent to ${WORDS} ${ENCODED}` }, changes: [change] };
  },
  undo: async () => `Unsent to ${WORDS}`,
  summarize: (_args, { said }) => said,
});

const reply = {
  planner: {
    ...{ outcome: "plan", message: "", goal: `A letter to ${SECRETS.mail}` },
    steps: [
      {
        id: "a",
        title: `Send to ${SECRETS.mail}`,
        action: "send",
        args: { data: DATA },
        dependsOn: [],
        criteria: "sent",
      },
    ],
  },
  reviewer: {
    ...{ needed: "yes", consequences: "none", order: "safe", saferWay: "", verdict: "escalate" },
    actions: [{ step: "a", verdict: "escalate", reason: `It goes to ${WORDS}` }],
    reasons: [`Look at ${WORDS}`, `or ${ENCODED.slice(0, 400)}`],
  },
  reflector: {
    ...{ met: true, missing: [], next: "done", advice: "" },
    answer: `Sent to [mail 1], and not to ${SECRETS.phone}.`,
  },
};

async function run(fails: boolean) {
  const args = { data: DATA, ...(fails ? { fails } : {}) };
  const planned = { ...reply.planner, steps: reply.planner.steps.map((step) => ({ ...step, args })) };
  const reflected = fails ? [] : [expectCall({ model: "reflector-model" }).answer(json(reply.reflector))];
  const server = await playOpenAI(
    expectCall({ model: "planner-model" }).answer(json(planned)),
    expectCall({ model: "reviewer-model" }).answer(json(reply.reviewer)),
    ...reflected,
  );
  const roles = { planner: "planner-model", reviewer: "reviewer-model", reflector: "reflector-model" };
  const models = { apiKey: server.apiKey, baseUrl: server.url, timeoutMs: 10_000, ...roles };
  const home = tempDir();
  const runtime = await createRuntime({ home, models }, { models: createModels(models), actions: [send] });
  await changeSettings(runtime.ledger, { ...DEVELOPMENT_IDENTITY, at: runtime.now() }, { maxReplans: 0 });
  onTestFinished(() => runtime.close());
  const config = { configurable: { thread_id: "t" }, context: { tenant: "default", principal: SECRETS.mail } };
  const events: unknown[] = [];
  const request = `Send a letter: ${WORDS} ${ENCODED}`;
  const options = { ...config, streamMode: "custom" as const };
  for await (const event of await runtime.graph.stream({ request }, options)) events.push(event);
  const [interrupt] = (await runtime.graph.getState(config)).tasks.flatMap((task) => task.interrupts);
  const resume = { [interrupt?.id ?? ""]: { decisions: [{ type: "approve" }] } };
  for await (const event of await runtime.graph.stream(new Command({ resume }), options)) events.push(event);
  const lines: string[] = [];
  for await (const page of exportAudit(runtime.ledger, "default")) lines.push(page);
  const rows = await runtime.ledger.selectFrom("auditLog").selectAll().execute();
  return { runtime, home, server, events, exported: lines.join(""), rows, state: await runtime.graph.getState(config) };
}

describe("planted secrets", () => {
  it.each([
    ["succeeds", false],
    ["fails", true],
  ])("are in no sink of a run that %s", async (_how, fails) => {
    const { runtime, server, events, exported, rows, state } = await run(fails);
    const [effect] = await listEffects(runtime.ledger, "default", state.values.run?.id ?? "");
    expect(effect).toMatchObject({ status: fails ? "uncertain" : "succeeded", args: { data: DATA } }); // readable for the work
    expect(rows.length).toBeGreaterThan(6);
    expect(leaks(JSON.stringify(rows)), "audit rows").toEqual([]);
    expect(leaks(exported), "exported lines").toEqual([]);
    expect(events.length).toBeGreaterThan(3);
    expect(leaks(JSON.stringify(events)), "custom stream").toEqual([]);
    const asked = server.calls.filter(({ body }) => body.model !== "planner-model");
    expect(asked).toHaveLength(fails ? 1 : 2);
    expect(leaks(JSON.stringify(asked)), "models").toEqual([]);
    expect(exported).toContain("[mail]");
    if (fails) expect(leaks(effect?.note ?? ""), "what is noted of the error").toEqual([]);
    else expect(state.values.answer?.text).toBe(`Sent to ${SECRETS.mail}, and not to ${SECRETS.phone}.`);
  });

  it("are in no sink of steps that think, and neither in what is asked of their model", async () => {
    const look = defineAction({
      ...{ kind: "read", name: "look", version: 1, title: "Look", description: "Looks." },
      input: z.object({ data: z.unknown() }),
      output: z.record(z.string(), z.unknown()),
      run: async () => DATA,
      summarize: () => `Saw ${WORDS}`,
    });
    const calling = (name: string, args: object) => toolCalls([{ name, args }]);
    const found = { found: true, answer: `Found [mail 1] and ${WORDS}`, evidence: [1], confidence: 1 };
    const server = await playOpenAI(
      expectCall({ tool: "look" }).answer(calling("look", { data: { about: SECRETS.mail } })),
      expectCall({ toolResult: "[mail 1]" }).answer(calling("answer", found)),
      expectCall({ schema: "compose_v1" }).answer(json({ made: `Dear [mail 1], ${WORDS}`, missing: [] })),
    );
    const models = {
      apiKey: server.apiKey,
      baseUrl: server.url,
      timeoutMs: 10_000,
      ...{ planner: "", reviewer: "", reflector: "" },
    };
    const { worker } = createModels({ ...models, worker: "worker-model" });
    const steps = [
      { id: "a", action: "investigate", args: { question: `Who is ${WORDS} ${ENCODED}?` } },
      {
        id: "b",
        action: "compose",
        args: { instruction: `Write to ${WORDS}.`, context: [{ $ref: "a.answer" }, DATA] },
      },
    ].map((step) => ({ title: WORDS.slice(0, 190), dependsOn: [], ...step }));
    const plan: Plan = { goal: "", source: { kind: "playbook" }, steps };
    const runtime = await createRuntime(
      { home: tempDir() },
      {
        models: worker ? { worker } : {},
        actions: [look],
        matchRequest: () => ({ kind: "plan", playbook: "own", plan }),
      },
    );
    onTestFinished(() => runtime.close());
    const events: unknown[] = [];
    const options = { configurable: { thread_id: "t" }, streamMode: "custom" as const };
    for await (const event of await runtime.graph.stream({ request: "Go" }, options)) events.push(event);
    const rows = await runtime.ledger.selectFrom("auditLog").selectAll().execute();
    expect(rows.map(({ event }) => event)).toContain("investigation.looked_up");
    expect(leaks(JSON.stringify(rows)), "audit rows").toEqual([]);
    expect(leaks(JSON.stringify(events)), "custom stream").toEqual([]);
    // What the model made up itself comes back to it as the text that it wrote.
    const asked = server.calls.map(({ body }) => textOf({ body } as never, "user") + textOf({ body } as never, "tool"));
    expect(leaks(JSON.stringify(asked)), "models").toEqual([]);
    const [read] = (await listReads(runtime.ledger, "default", String(rows[0]?.runId))).filter(
      ({ step }) => step === "b",
    );
    expect(read?.summary).toContain(`Dear ${SECRETS.mail}`);
  });

  it("are in nothing that a failing command prints", async () => {
    const home = tempDir();
    for (const secret of [WORDS, ENCODED, ...Object.values(SECRETS)]) {
      for (const words of [
        ["show", secret],
        ["resume", secret, "--approve", "--json"],
        ["run", "x", "--thread", `${secret}!`],
        ["list", "--as", `${secret}\u0007`],
        ["show", secret, "--debug"],
        ["resume", "t", "--decisions", `/nowhere/${secret}`],
        ["audit", "verify", "--file", `/nowhere/${secret}`],
        ["audit", "export", "--from", secret],
        [`--${secret}`],
      ]) {
        const { status, stdout, stderr } = await holdpoint(home, ...words);
        expect(status, words[0]).toBeGreaterThan(0);
        expect(leaks(stdout + stderr), words.join(" ")).toEqual([]);
      }
    }
  }, 60_000);

  it("are in no warning", async () => {
    const warned = once(process, "warning");
    warn(`A lease was not renewed: ${WORDS} ${ENCODED}`);
    const [warning] = (await warned) as [Error];
    expect(warning.message).toContain("A lease was not renewed: [mail]");
    expect(leaks(`${warning.message}${warning.stack}`)).toEqual([]);
  });
});
