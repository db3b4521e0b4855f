/**
 * The 12-call task by other means, against the same scripted model and the same receiver: LangGraph's own
 * plan-and-execute loop with `Send`, and LangChain's `createAgent` with `humanInTheLoopMiddleware`, beside Holdpoint and
 * beside the calls themselves. Peers keep their checkpoints in memory; Holdpoint keeps ledger and checkpoints in SQLite.
 */
import { json, type Reply, text, toolCalls } from "../test/support/openai/reply.ts";
import type { OpenAIServer } from "../test/support/openai/server.ts";
import { installPeers } from "./support/install-peers.ts";
import { clientOf, PLAN, plainModelCall, REFLECTION, startModel } from "./support/model.ts";
import { type Answer, type Receiver, startReceiver } from "./support/receiver.ts";
import { ms, type Report } from "./support/report.ts";
import { openBench, runToEnd } from "./support/runs.ts";
import { CUSTOMERS, plainCalls, REQUEST, STEPS, TOOLS, taskActions } from "./support/task.ts";
import { inTurn, median, ratioOf, WARM_UP } from "./support/timing.ts";
import { createCounter } from "./support/tokens.ts";

const ROUNDS = 9;

interface Peer {
  run(threadId: string, request: string): Promise<void>;
}

interface PeerInput extends Pick<OpenAIServer, "url" | "apiKey"> {
  call(args: object): Promise<Answer>;
  readonly tools: typeof TOOLS;
}

/** Not by name, since they need not be installed: nothing of them is checked before. */
async function createPeer(file: string, input: PeerInput, options: object = {}): Promise<Peer> {
  const path = new URL(`./peers/${file}`, import.meta.url).href;
  const { createPeer: create } = (await import(path)) as { createPeer(input: PeerInput, options: object): Peer };
  return create(input, options);
}

const ANSWER = text(REFLECTION.answer);
const wave = (level: number): Reply => {
  const { name = "", needs = "" } = TOOLS[level] ?? {};
  return toolCalls(CUSTOMERS.map((customer) => ({ name, args: { [needs]: level === 0 ? customer : "id-1" } })));
};
const act = (response: string) => json({ steps: response === "" ? STEPS : [], response });

/** What the model says to each of them, in turn. */
const SCRIPTS = {
  floor: [json(PLAN), ANSWER],
  holdpoint: [json(PLAN), json(REFLECTION)],
  lean: [json({ steps: STEPS }), ANSWER],
  loop: [json({ steps: STEPS }), act(""), act(""), act(""), act(REFLECTION.answer)],
  agent: [...TOOLS.map((_, level) => wave(level)), ANSWER],
} satisfies Record<string, Reply[]>;
type Who = keyof typeof SCRIPTS;

const NAMES: Record<Exclude<Who, "floor">, string> = {
  holdpoint: "Holdpoint, plan and reflection",
  lean: "LangGraph with Send, plan and answer",
  loop: "LangGraph with Send, plans again after each wave",
  agent: "createAgent with humanInTheLoopMiddleware",
};

async function startModels(latencyMs: number): Promise<Record<Who, OpenAIServer>> {
  const started = Object.entries(SCRIPTS).map(async ([who, turns]) => [
    who,
    await startModel(latencyMs, turns, WARM_UP + ROUNDS),
  ]);
  return Object.fromEntries(await Promise.all(started)) as Record<Who, OpenAIServer>;
}

async function measureAt(report: Report, receiver: Receiver, latencyMs: number): Promise<void> {
  const models = await startModels(latencyMs);
  const input = (who: Who): PeerInput => ({
    ...{ url: models[who].url, apiKey: models[who].apiKey, tools: TOOLS },
    call: () => receiver.call(latencyMs, 1),
  });
  const lean = await createPeer("plan-and-execute.mjs", input("lean"), { replans: false });
  const loop = await createPeer("plan-and-execute.mjs", input("loop"), { replans: true });
  const agent = await createPeer("create-agent.mjs", input("agent"));
  const client = clientOf(models.holdpoint);
  const bench = await openBench({
    model: { planner: client, reflector: client },
    actions: taskActions(receiver, latencyMs),
  });
  const times = await inTurn(ROUNDS, {
    floor: async () => {
      await plainModelCall(models.floor);
      await plainCalls(receiver, latencyMs);
      await plainModelCall(models.floor);
    },
    holdpoint: (round) => runToEnd(bench, `t${round}`, REQUEST),
    lean: (round) => lean.run(`t${round}`, REQUEST),
    loop: (round) => loop.run(`t${round}`, REQUEST),
    agent: (round) => agent.run(`t${round}`, REQUEST),
  });
  report.title(`Calls and model of ${latencyMs} ms; the floor, with plain fetch, takes ${ms(median(times.floor))}`);
  const count = createCounter();
  for (const [who, name] of Object.entries(NAMES) as [keyof typeof NAMES, string][]) {
    const { calls } = models[who];
    const each = calls.length / (WARM_UP + ROUNDS);
    const { all } = count(calls.slice(0, each));
    const ratio = ratioOf(times[who], times.floor).toFixed(2);
    report.line(name, `${ratio} x the floor, ${each} model calls, ${all} prompt tokens`);
  }
  await bench.close();
  await Promise.all(Object.values(models).map((model) => model.close()));
}

/** Other ways to do the same task, in the same run. */
export async function measure(report: Report): Promise<void> {
  const missing = installPeers();
  if (missing !== undefined) {
    report.line("not measured", `${missing} Run \`npm ci\` in bench/peers, and try again.`);
    return;
  }
  const receiver = await startReceiver();
  for (const latencyMs of [50, 200]) await measureAt(report, receiver, latencyMs);
  await receiver.close();
}
