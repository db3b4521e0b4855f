/**
 * A plan as a program: the model writes it, it is tried, and what it staged becomes a plan of writes like any other. Each
 * program is recorded before it is tried and with what came of it, so that one that was cut off is tried again, and not
 * written anew.
 */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { explainBudget } from "../domain/budget.ts";
import type { Plan } from "../domain/plan.ts";
import { isTaken, type Program, type ProgramOutcome } from "../domain/program.ts";
import type { Pause, Run } from "../domain/run.ts";
import { findDeadline, findSpentTime } from "../ledger/budgets.ts";
import { listPrograms, recordProgram, recordProgramOutcome } from "../ledger/programs.ts";
import { listReads, recordReads } from "../ledger/reads.ts";
import { isRunOver } from "../ledger/runs.ts";
import { type LastProgram, ProgramReplySchema, programPrompt, readProgram } from "../models/prompts/program.ts";
import { declareFunctions } from "../sandbox/declarations.ts";
import { createPseudonyms } from "../telemetry/pseudonyms.ts";
import type { Action } from "../tools/action.ts";
import { declared, programFunctions } from "../transaction/program-functions.ts";
import { tryProgram } from "../transaction/try-program.ts";
import { type PlanContext, unanswered } from "./ask-planner.ts";
import { askRole } from "./ask-role.ts";
import { actorOf, isDraining, type NodeDeps, signalOf, stampOf } from "./deps.ts";
import { untilTried } from "./held-back.ts";
import { endOfProgram } from "./program-plan.ts";
import { takeSamples } from "./program-samples.ts";
import { mergeWith, type NoPlan } from "./replan.ts";

/** How many programs are written for one plan. */
const MAX_PROGRAMS = 3;

export interface ProgramContext extends PlanContext {
  /** Of the plan that is wanted. */
  readonly revision: number;
  /** Why it is planned as a program. */
  readonly why: string;
}

/** The programs that were written for a plan, oldest first. */
export const programsFor = async (deps: NodeDeps, run: Run, revision: number): Promise<Program[]> =>
  (await listPrograms(deps.ledger, run.tenant, run.id)).filter((program) => program.revision === revision);

/** The plan that a program made, or why there is none; undefined without a model. */
export async function planByProgram(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  context: ProgramContext,
): Promise<Plan | NoPlan | Pause | CutOff | undefined> {
  const functions = programFunctions(deps.registry.of(run.tenant));
  for (;;) {
    const all = await listPrograms(deps.ledger, run.tenant, run.id);
    const programs = all.filter(({ revision }) => revision === context.revision);
    const last = programs.at(-1);
    if (last && isTaken(last)) return ended(deps, run, context, last);
    if (last?.outcome === null) {
      const held = await tryOnce(deps, config, run, { program: last, functions });
      if (held) return held;
      continue;
    }
    if (last?.outcome && programs.length >= MAX_PROGRAMS) return givenUp(programs.length, last.outcome);
    // Of several processes that ask for the next one, the first that is told one records it.
    const number = (all.at(-1)?.number ?? 0) + 1;
    const written = await write(deps, config, run, { context, functions, last, number });
    if (written !== "written") return written;
  }
}

function ended(deps: NodeDeps, run: Run, { earlier }: ProgramContext, program: Program): Plan | NoPlan {
  const registry = deps.registry.of(run.tenant);
  const end = endOfProgram(program, registry, run.request);
  if ("status" in end || !earlier) return end;
  return mergeWith(earlier, end, (name) => registry.find(name)?.kind === "write");
}

/** Where all of them failed: a call that could not be done says more than that it was tried so often. */
function givenUp(attempts: number, { failure, faults }: ProgramOutcome): NoPlan {
  const said = faults.join(" ");
  const message = `No plan was made: ${attempts} programs were tried, and none of them could be taken. The last one: ${said}`;
  return { status: failure ?? "failed", message, details: [] };
}

/** Asks the model for a program and records it. @returns why there is none, or undefined without a model */
async function write(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  asked: {
    readonly context: ProgramContext;
    readonly functions: ReadonlyMap<string, Action>;
    readonly last: Program | undefined;
    /** The one that it is to be. */
    readonly number: number;
  },
): Promise<"written" | NoPlan | Pause | undefined> {
  const { context, functions, last, number } = asked;
  if (!deps.models.planner) return undefined;
  const pseudonyms = createPseudonyms();
  const { feedback, earlier, revision, why } = context;
  const prompt = programPrompt(
    {
      ...{ request: run.request, now: deps.now(), feedback, earlier },
      declarations: declareFunctions(declared(functions)),
      samples: await takeSamples(deps, config, run, functions),
      last: last?.outcome ? toldOf(last, last.outcome) : undefined,
    },
    pseudonyms,
  );
  const question = { role: "planner" as const, runId: run.id, schema: ProgramReplySchema, prompt };
  const reply = await askRole(deps, config, { ...question, readText: readProgram });
  if (!reply) return undefined;
  if (reply.kind === "failed") return unanswered(reply);
  const goal = pseudonyms.restore(reply.value.goal);
  const code = pseudonyms.restoreCode(reply.value.code);
  await recordProgram(deps.ledger, stampOf(deps, config), run.id, { number, revision, goal, why, code });
  return "written";
}

/** What came from outside is not told: it could speak to the model. */
function toldOf({ code }: Program, { faults, untrusted }: ProgramOutcome): LastProgram {
  return { code, faults: untrusted ? [UNTOLD] : faults };
}

const UNTOLD =
  "It did not come to an end that counts. It had read text from outside, so what went wrong is not told: check each step, and return a result.";

/** A program was not tried to its end, since the run is over by now, or nothing more is to be begun: it can go on. */
export interface CutOff {
  readonly cutOff: true;
}

/** Tries a program and records what came of it. @returns what held it back, where something did */
async function tryOnce(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { program, functions }: { program: Program; functions: ReadonlyMap<string, Action> },
): Promise<Pause | CutOff | NoPlan | undefined> {
  const { ledger, concurrency, now } = deps;
  const signal = signalOf(config);
  const stamp = () => stampOf(deps, config);
  const until = await findDeadline(ledger, run);
  const isLate = () => until !== null && now() >= until;
  const stopped = () => signal.aborted || isDraining(config) || isLate();
  const tried = await tryProgram({
    ...{ runId: run.id, program, functions, concurrency },
    guard: { ledger, identity: actorOf(run), signal, stopped, now },
    recorded: await listReads(ledger, run.tenant, run.id),
    record: async (outcome) => {
      const [recorded] = await recordReads(ledger, stamp(), run.id, [outcome]);
      return stopped() || (await isRunOver(ledger, run.tenant, run.id)) ? undefined : recorded;
    },
    objection: (call) => objectionTo(deps, run, call),
  });
  if (tried instanceof Error) return untilTried([tried]);
  if (tried === undefined) return (await outOfTime(deps, run)) ?? { cutOff: true };
  await recordProgramOutcome(ledger, stamp(), run.id, { program, outcome: tried });
  return undefined;
}

/** Why there is no plan, where the run is not over and its time at work is used up. */
async function outOfTime({ ledger, now }: NodeDeps, { tenant, id }: Run): Promise<NoPlan | undefined> {
  if (await isRunOver(ledger, tenant, id)) return undefined;
  const spent = await findSpentTime(ledger, tenant, id, now());
  return spent && { status: "failed", message: explainBudget(spent), details: [] };
}

/** A call of a program has to pass the checks that a step of a plan has to pass before it is carried out. */
function objectionTo(
  { policy }: NodeDeps,
  { request }: Run,
  { step, action, args }: { step: string; action: string; args: Plan["steps"][number]["args"] },
): string | undefined {
  const one = { id: "call", title: action, action, args, dependsOn: [] };
  const findings = policy.checkPlan({ goal: request.slice(0, 500), source: { kind: "program" }, steps: [one] });
  const found = findings.find(({ verdict }) => verdict !== "allow");
  return found?.reason.replaceAll('step "call"', `call "${step}"`);
}
