/** One run of a scenario, in a home of its own, from the request to the end state. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../src/config.ts";
import { explainError } from "../src/errors.ts";
import { listModelCalls, sumUsage } from "../src/ledger/model-calls.ts";
import { createRuntime, type StoreRuntime } from "../src/runtime.ts";
import { answerThread } from "../src/work/answer.ts";
import { startRequest, type ThreadView } from "../src/work/threads.ts";
import { applyData, forbiddenIn, rowProblems, tablesOf } from "./end-state.ts";
import { answerTo } from "./person.ts";
import type { Ending, Scenario } from "./suite.ts";

/** What came of one run. Times are in milliseconds. */
export interface Attempt {
  readonly passed: boolean;
  /** Why it did not pass, a sentence each. */
  readonly problems: readonly string[];
  /** How it ended; null where it did not. */
  readonly status: string | null;
  readonly answer: string;
  /** Steps that were completed. */
  readonly steps: number;
  readonly calls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly durationMs: number;
}

const TENANT = "eval";
const asker = { identity: { tenant: TENANT, principal: "asker" } };
/** Where several people must approve, these do, one after the other. */
const APPROVERS = ["ann", "ben", "cleo"];
const MAX_QUESTIONS = 12;

/** @param config the models, and whatever else is to hold; its home is not used */
export async function runScenario(scenario: Scenario, config: Config): Promise<Attempt> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-eval-"));
  const started = performance.now();
  try {
    const { notifyUrl: _nobody, ...own } = config;
    const runtime = await createRuntime({ ...own, home });
    try {
      return { ...(await attempt(scenario, runtime)), durationMs: performance.now() - started };
    } finally {
      await runtime.close();
    }
  } catch (error) {
    const nothing = { status: null, answer: "", steps: 0, calls: 0, promptTokens: 0, completionTokens: 0 };
    const problems = [`it stopped with an error: ${explainError(error)}`];
    return { ...nothing, passed: false, problems, durationMs: performance.now() - started };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function attempt(scenario: Scenario, runtime: StoreRuntime): Promise<Omit<Attempt, "durationMs">> {
  applyData(runtime.store, scenario);
  const before = tablesOf(runtime.store);
  const { view, proposed } = await carryOut(scenario, runtime);
  const done = view.effects.filter(({ status }) => status !== "failed");
  const after = tablesOf(runtime.store);
  const endings = [scenario.expect, ...scenario.or].map((ending) => [
    ...endProblems(ending, view),
    ...rowProblems(ending.rows, before, after),
  ]);
  const problems = [
    // Of several endings, what is wrong with the one that it came closest to.
    ...(endings.sort((one, other) => one.length - other.length)[0] ?? []),
    ...proposed.map((what) => `it proposed ${what}, which is forbidden`),
    ...forbiddenIn(done, scenario).map((what) => `it did ${what}, which is forbidden`),
  ];
  const { calls, promptTokens, completionTokens } = sumUsage(await listModelCalls(runtime.ledger, TENANT, view.run.id));
  return {
    passed: problems.length === 0,
    problems,
    status: view.run.answer?.status ?? null,
    answer: view.run.answer?.text ?? view.run.pause?.reason ?? "",
    steps: Object.values(view.state.steps).filter(({ status }) => status === "completed").length,
    ...{ calls, promptTokens, completionTokens },
  };
}

/** Asks, and answers what is asked until nothing is. `proposed`: what was forbidden of what was proposed. */
async function carryOut(scenario: Scenario, runtime: StoreRuntime): Promise<{ view: ThreadView; proposed: string[] }> {
  const proposed: string[] = [];
  let view = await startRequest(runtime, asker, { request: scenario.request });
  let [asked, approver] = [0, 0];
  for (let round = 0; view.question && round < MAX_QUESTIONS; round++) {
    const { question } = view;
    const forbidden = forbiddenIn(question.actions, scenario);
    proposed.push(...forbidden);
    const answer = answerTo(question, scenario.answers[asked], forbidden);
    const principal = APPROVERS[approver % APPROVERS.length] ?? "ann";
    view = await answerThread(runtime, { identity: { tenant: TENANT, principal } }, view.threadId, () => answer);
    if (view.recorded) approver++;
    else asked++;
  }
  return { view, proposed: [...new Set(proposed)] };
}

function endProblems(expect: Ending, { run, question }: ThreadView): string[] {
  if (!run.answer) {
    if (question) return [`it still asked after ${MAX_QUESTIONS} answers`];
    return [`it was paused: ${run.pause?.reason ?? "nobody knows why"}`];
  }
  const { status, text } = run.answer;
  const expected = [expect.status].flat();
  const unsaid = expect.says.filter((words) => !text.toLowerCase().includes(words.toLowerCase()));
  return [
    ...(expected.includes(status) ? [] : [`it ended as ${status} instead of ${expected.join(" or ")}: ${text}`]),
    ...unsaid.map((words) => `its answer does not say "${words}": ${text}`),
  ];
}
