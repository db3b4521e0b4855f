/** Makes a move at a thread, and tells what was said by it. */
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "@langchain/langgraph";
import type { ActionAnswer, ProposalAnswer } from "../src/domain/answer-formats.ts";
import { HoldpointError } from "../src/errors.ts";
import type { Question } from "../src/nodes/question.ts";
import type { Runtime } from "../src/runtime.ts";
import { answerThread } from "../src/work/answer.ts";
import { cancelThread } from "../src/work/cancel.ts";
import { recoverRuns } from "../src/work/recover.ts";
import { continueThread, startRequest } from "../src/work/threads.ts";
import type { SharedClock } from "./clock.ts";
import type { Act, Move, Person } from "./moves.ts";
import { by, deadlineOf, LIFETIME_MINUTES, threadId } from "./notes.ts";

/** An answer under somebody's name to a proposal, with a step for each decision. It has this form between threads too. */
export interface Said {
  readonly who: Person;
  readonly proposalId: string;
  readonly decisions: readonly ActionAnswer[];
}

/** An answer to what an interrupt showed, which can be sent again. */
interface Shown extends Said {
  readonly interruptId: string;
}

/** What a move finds, of the moves before. */
export interface Situation {
  /** What was asked first of all. */
  readonly oldest: { readonly proposalId: string; readonly steps: readonly string[] };
  /** The answers that were made so far. */
  readonly shown: readonly Shown[];
}

/** What a move adds to that. */
export interface Made {
  /** The answers that may count now. */
  readonly said: Said[];
  readonly shown: Shown[];
  /** Proposals that were open when their time was over. */
  readonly overdue: string[];
  /** Why nothing came of it, when it was refused. */
  refusal?: string;
}

/** A move, with its number among those of the play. */
export interface NumberedMove extends Move {
  readonly number: number;
}

export interface Place {
  readonly runtime: Runtime;
  readonly clock: SharedClock;
}

/**
 * Makes a move. Refusals are what most of them come to.
 * @throws whatever else is thrown, which is a defect
 */
export async function makeMove(place: Place, move: NumberedMove, situation: Situation): Promise<Made> {
  const made: Made = { said: [], shown: [], overdue: [] };
  try {
    await act({ ...place, ...move, situation, made });
  } catch (error) {
    const refused = error instanceof HoldpointError && error.code !== "internal" && error.code !== "storage";
    const answeredBefore = error instanceof Error && error.name === "UnknownInterruptError";
    if (!refused && !answeredBefore) throw error;
    made.refusal = refused ? error.code : "unknown_interrupt";
  }
  return made;
}

type Making = Place & NumberedMove & { readonly situation: Situation; readonly made: Made };

async function act(making: Making): Promise<unknown> {
  const { runtime, act: what, who, number } = making;
  const caller = by(who);
  if (what in ANSWERS) return await answer(making, ANSWERS[what] as Decide);
  switch (what) {
    case "approve on a page":
    case "look":
      return await answerOnPage(making, what === "look");
    case "retry":
    case "copy":
      return await sendAgain(making);
    case "late approval":
    case "plain approval":
      return await answerLate(making);
    case "cancel":
      return await cancelThread(runtime, caller, { threadId, reason: null });
    case "new request":
      return await startRequest(runtime, caller, { request: `go-${number}`, threadId });
    case "recover":
      // Stands for waiting until whoever was seen there last is not believed to be alive any more.
      await runtime.ledger.updateTable("runs").set({ aliveUntil: null }).execute();
      return await recoverRuns(runtime, caller);
    case "resume":
      return await continueThread(runtime, caller, threadId);
    case "run without input":
      return await runtime.graph.invoke(null, configFor(who));
    case "wait":
      return await passTime(making, LIFETIME_MINUTES / 2);
    case "expire":
      return await passTime(making, LIFETIME_MINUTES);
    default:
      throw new Error(`There is no move "${what}".`);
  }
}

type Decide = (step: string, index: number, number: number) => ActionAnswer;

const edited = (step: string, number: number): ActionAnswer => ({
  ...{ type: "edit", step, editedAction: { args: { text: `edit-${number}-${step}` } } },
});

const ANSWERS: Partial<Record<Act, Decide>> = {
  approve: (step) => ({ type: "approve", step }),
  reject: (step) => ({ type: "reject", step, message: "no" }),
  "reject one": (step, index) => ({ type: index === 0 ? "reject" : "approve", step }),
  edit: (step, _index, number) => edited(step, number),
  "edit one": (step, index, number) => (index === 0 ? edited(step, number) : { type: "approve", step }),
};

const configFor = (who: Person) => ({ configurable: { thread_id: threadId }, context: by(who).identity });

/** Answers as the command line does, and keeps the answer with the id of the interrupt that showed the question. */
async function answer({ runtime, who, number, made }: Making, decide: Decide): Promise<unknown> {
  const answerTo = ({ proposalId, actions }: Question): Said => ({
    ...{ who, proposalId, decisions: actions.map(({ step }, index) => decide(step, index, number)) },
  });
  const shown = await look(runtime);
  if (shown) made.shown.push({ ...answerTo(shown.question), interruptId: shown.interruptId });
  return await answerThread(runtime, by(who), threadId, (question): ProposalAnswer => {
    const said = answerTo(question);
    made.said.push(said);
    return { proposalId: said.proposalId, decisions: [...said.decisions] };
  });
}

async function look(runtime: Runtime): Promise<{ interruptId: string; question: Question } | undefined> {
  const { tasks } = await runtime.graph.getState({ configurable: { thread_id: threadId } });
  const [interrupt] = tasks.flatMap((task) => task.interrupts);
  return interrupt?.id === undefined ? undefined : { interruptId: interrupt.id, question: interrupt.value as Question };
}

async function answerOnPage({ runtime, who, made }: Making, later: boolean): Promise<void> {
  const found = await look(runtime);
  if (!found) return;
  const { interruptId, question } = found;
  const decisions = question.actions.map(({ step }): ActionAnswer => ({ type: "approve", step }));
  const said: Said = { who, proposalId: question.proposalId, decisions };
  made.shown.push({ ...said, interruptId });
  if (later) return;
  made.said.push(said);
  await runtime.graph.invoke(new Command({ resume: { [interruptId]: { decisions } } }), configFor(who));
}

async function sendAgain({ runtime, act: what, who, nth, situation, made }: Making): Promise<void> {
  const chosen = situation.shown[nth % Math.max(1, situation.shown.length)];
  if (!chosen) return;
  const { interruptId, proposalId, decisions, who: author } = chosen;
  const named = what === "retry";
  const sender = named && nth % 2 === 0 ? author : who;
  // What is sent in somebody else's name may not count.
  if (!named || sender === author) made.said.push({ who: sender, proposalId, decisions });
  const sent = named ? { by: author, proposalId, decisions } : { decisions };
  await runtime.graph.invoke(new Command({ resume: { [interruptId]: sent } }), configFor(sender));
}

async function answerLate({ runtime, act: what, who, situation, made }: Making): Promise<void> {
  const { proposalId, steps } = situation.oldest;
  const decisions = steps.map((step): ActionAnswer => ({ type: "approve", step }));
  // Without the proposal's name, an approval of two actions may not count.
  const resume = what === "late approval" ? { proposalId, decisions } : { decisions };
  if ("proposalId" in resume) made.said.push({ who, proposalId, decisions });
  await runtime.graph.invoke(new Command({ resume }), configFor(who));
}

/** How long the ledger's lock is held, in milliseconds, times the move's choice. */
const HOLDING_MS = 3;

/**
 * Moves the clock on while nobody can record a decision, so that it is known what was open at that moment. Others come
 * as far as recording theirs meanwhile, after having seen that there is time.
 */
async function passTime({ runtime, clock, nth, made }: Making, minutes: number): Promise<void> {
  await runtime.ledger.transaction().execute(async (trx) => {
    await sleep(nth * HOLDING_MS);
    clock.moveOn(minutes);
    const open = await trx
      .selectFrom("proposals")
      .select(["id", "createdAt"])
      .where("status", "=", "pending")
      .execute();
    const now = clock.now();
    made.overdue.push(...open.filter(({ createdAt }) => deadlineOf({ createdAt }) <= now).map(({ id }) => id));
  });
}
