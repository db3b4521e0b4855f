/**
 * Whole runs: what the graph, the ledger and the checkpoints add to the calls themselves, what is stored, and what the
 * models are asked. Each time stands beside one of something else in the same run.
 */
import { bareGraph } from "./support/bare-graph.ts";
import { storedOf } from "./support/checkpoint-bytes.ts";
import { peakOf } from "./support/memory.ts";
import { clientOf, plainModelCall, startModel, TURNS } from "./support/model.ts";
import { ask, openOneWrite, wholeRun } from "./support/one-write.ts";
import { startReceiver } from "./support/receiver.ts";
import { ms, type Report } from "./support/report.ts";
import { lookUp, openBench, runToEnd, sideBySide } from "./support/runs.ts";
import { plainCalls, REQUEST, taskActions } from "./support/task.ts";
import { inTurn, median, ratioOf, WARM_UP } from "./support/timing.ts";
import { createCounter } from "./support/tokens.ts";

const ROUNDS = 9;

/** The 12-call task against the same calls with plain `fetch`, the models' calls among them. */
async function measureTask(report: Report): Promise<void> {
  const receiver = await startReceiver();
  for (const [latency, max] of [
    [200, 1.05],
    [50, 1.15],
  ] as const) {
    for (const roles of [["planner"], ["planner", "reflector"]] as const) {
      const turns = TURNS.slice(0, roles.length);
      const model = await startModel(latency, turns, WARM_UP + ROUNDS);
      const plain = await startModel(latency, turns, WARM_UP + ROUNDS);
      const client = clientOf(model);
      const bench = await openBench({
        model: Object.fromEntries(roles.map((role) => [role, client])),
        actions: taskActions(receiver, latency),
      });
      let supersteps = 0;
      const times = await inTurn(ROUNDS, {
        floor: async () => {
          await plainModelCall(plain);
          await plainCalls(receiver, latency);
          if (turns.length > 1) await plainModelCall(plain);
        },
        run: async (round) => {
          supersteps = await runToEnd(bench, `t${round}`, REQUEST);
        },
      });
      report.limit(`calls of ${latency} ms, model plays ${roles.join(" and ")}`, {
        ...{ value: ratioOf(times.run, times.floor), max, unit: "x the floor" },
        of: `${ms(median(times.run))} of ${ms(median(times.floor))}, ${supersteps} supersteps`,
      });
      await bench.close();
      await model.close();
      await plain.close();
    }
  }
  await receiver.close();
}

/** From a request of one write to its question, beside a graph of as many nodes that do nothing. */
async function measureQuestion(report: Report): Promise<void> {
  const bench = await openOneWrite();
  const bare = bareGraph(bench.checkpoints);
  const times = await inTurn(150, {
    bare: (round) => bare.ask(`bare${round}`),
    ask: (round) => ask(bench, `t${round}`),
  });
  report.limit("from a request of one write to its question", {
    ...{ value: median(times.ask), max: 25, unit: "ms" },
    of: `${ratioOf(times.ask, times.bare).toFixed(2)} x as many nodes that do nothing`,
  });
  bare.close();
  await bench.close();
}

/** What a thread's history costs: asking and resuming on one with 200 runs, beside one with a single run. */
async function measureHistory(report: Report): Promise<void> {
  const bench = await openOneWrite();
  for (let run = 0; run < 200; run++) await wholeRun(bench, "long", `${run % 9}`);
  const long: { asking: number; resuming: number }[] = [];
  const short: typeof long = [];
  for (let round = 0; round < 40; round++) {
    const thread = `short${round}`;
    await wholeRun(bench, thread, "a");
    long.push(await wholeRun(bench, "long", "b"));
    short.push(await wholeRun(bench, thread, "c"));
  }
  for (const stage of ["asking", "resuming"] as const) {
    const [slow, fast] = [long, short].map((runs) => runs.map((run) => run[stage]));
    report.limit(`${stage} on a thread with 200 runs`, {
      ...{ value: ratioOf(slow ?? [], fast ?? []), max: 1.2, unit: "x one with a single run" },
      of: `${ms(median(slow ?? []))} of ${ms(median(fast ?? []))}`,
    });
  }
  await bench.close();
}

async function measureStored(report: Report): Promise<void> {
  const receiver = await startReceiver();
  const model = await startModel(0, TURNS, 1);
  const client = clientOf(model);
  const bench = await openBench({
    model: { planner: client, reflector: client },
    actions: taskActions(receiver, 0),
  });
  await runToEnd(bench, "task", REQUEST);
  const { bytes, checkpoints } = storedOf(bench.checkpoints, "task");
  report.limit("the 12-call task", { value: bytes / 1000, max: 20, unit: "KB", of: `${checkpoints} checkpoints` });
  await bench.close();
  const sizes = [100, 1000] as const;
  const many = await openBench({
    actions: [lookUp()],
    settings: { maxSteps: 1000 },
    playbooks: (request) => sideBySide(Number(request)),
  });
  const each: number[] = [];
  for (const size of sizes) {
    await runToEnd(many, `n${size}`, String(size));
    each.push(storedOf(many.checkpoints, `n${size}`).bytes / size);
  }
  const [few = 0, lots = 0] = each;
  report.limit("bytes for a step, 1,000 steps against 100", {
    ...{ value: lots / few, max: 1.1, unit: "x" },
    of: `${Math.round(lots)} of ${Math.round(few)} bytes`,
  });
  await many.close();
  await model.close();
  await receiver.close();
}

async function measureModels(report: Report): Promise<void> {
  const receiver = await startReceiver();
  const model = await startModel(0, TURNS, 1);
  const client = clientOf(model);
  const bench = await openBench({
    model: { planner: client, reviewer: client, reflector: client },
    actions: taskActions(receiver, 0),
  });
  await runToEnd(bench, "task", REQUEST);
  report.limit("calls of models for the 12-call task", { value: model.calls.length, max: 2, unit: "calls" });
  const { all, actions } = createCounter()(model.calls);
  report.limit("prompt tokens of planning and reflection", {
    ...{ value: all - actions, max: 1000, unit: "tokens" },
    of: `and ${actions} for the descriptions of the actions`,
  });
  await bench.close();
  await model.close();
  await receiver.close();
}

/** Whole runs: time, what is stored, memory, and what models are asked. */
export async function measure(report: Report): Promise<void> {
  report.title("The 12-call task, as a multiple of the same calls with plain fetch");
  await measureTask(report);
  report.title("A request of one write");
  await measureQuestion(report);
  report.title("A long history");
  await measureHistory(report);
  report.title("Checkpoints");
  await measureStored(report);
  report.title("Memory");
  const defaults = `${Math.round(await peakOf(1000))} MB with V8's defaults, which make it take more for young objects`;
  report.limit("a run of 1,000 steps, the whole process, --max-semi-space-size=4", {
    ...{ value: await peakOf(1000, ["--max-semi-space-size=4"]), max: 200, unit: "MB", of: defaults },
  });
  report.title("Models");
  await measureModels(report);
}
