/** Ends a command that left a thread somewhere: asks in a terminal, or prints how to go on. */
import type { ProposalAnswer } from "../domain/answer-formats.ts";
import { printable } from "../domain/printable.ts";
import { HoldpointError } from "../errors.ts";
import type { Question } from "../nodes/question.ts";
import type { ShownThread } from "../work/shown.ts";
import { askPerson } from "./ask.ts";
import type { RefusedPlan } from "./edit-plan.ts";
import { exitStatusOf } from "./exit-status.ts";
import { renderAnswer, renderPause, renderPlan, renderQuestion } from "./render.ts";
import type { Session } from "./session.ts";
import { dim, heading } from "./text.ts";

/**
 * Shows the thread, asks the person if one is there, and returns the exit status.
 * @param given what the person answered just before
 */
export async function conclude(session: Session, view: ShownThread, given?: ProposalAnswer): Promise<number> {
  const { surroundings, json } = session;
  if (json) {
    surroundings.write(`${JSON.stringify(toJson(session, view), null, 2)}\n`);
    return exitStatusOf(view);
  }
  const { pause } = view.run;
  if (pause) {
    const hint =
      pause.until === null ? "To try again" : `It goes on then, with \`${session.command("maintain --once")}\` or`;
    const how = `${hint}: ${session.command(`resume ${view.threadId}`)}`;
    surroundings.write(
      `${[renderPlan(view), renderPause(pause), dim(how)].filter((part) => part !== "").join("\n")}\n`,
    );
    return exitStatusOf(view);
  }
  if (!view.question && !view.run.answer) {
    const hint = `Look at it with \`${session.command(`show ${view.threadId}`)}\` in a moment.`;
    throw new HoldpointError("busy", `Thread "${view.threadId}" is being advanced by another process.`, { hint });
  }
  if (!view.question) {
    surroundings.write(`${renderAnswer(view)}\n${dim(`Thread ${view.threadId}`)}\n`);
    return exitStatusOf(view);
  }
  const { question } = view;
  const parts = [...(question.kind === "plan" ? [] : [renderPlan(view)]), renderQuestion(question)];
  surroundings.write(`${parts.join("\n")}\n`);
  if (view.recorded) return leave(session, view, "The approval is recorded. It takes more people, as the note says.");
  const stop = surroundings.stop?.signal;
  const answer = surroundings.interactive ? await askPerson(question, stop, refusedPlan(question, given)) : undefined;
  if (answer === "not now") {
    const { threadId } = view;
    return leave(session, await session.backend.postpone(threadId, { note: null }));
  }
  if (answer) {
    return await conclude(session, await give(session, view.threadId, answer), answer);
  }
  return leave(session, view);
}

/** What the person made of a plan that is asked for once more: it was not taken, and they need not write it again. */
function refusedPlan({ proposalId, notices }: Question, given: ProposalAnswer | undefined): RefusedPlan | undefined {
  const [decision] = given?.decisions ?? [];
  const plan = decision?.type === "edit" ? decision.editedAction?.args : undefined;
  return plan && given?.proposalId === proposalId ? { plan, problems: notices } : undefined;
}

/** Leaves a thread waiting, and says how to go on. */
export function leave(session: Session, view: ShownThread, said?: string): number {
  const { surroundings, json } = session;
  if (json) surroundings.write(`${JSON.stringify(toJson(session, view), null, 2)}\n`);
  else {
    const how = view.question ? [howToGoOn(session, view.threadId, view.question)] : [];
    surroundings.write(`${[...(said === undefined ? [] : [printable(said)]), ...how].join("\n")}\n`);
  }
  return exitStatusOf(view);
}

/** Gives the answer. What does not fit is shown with the question again, whose notices say why. */
async function give(session: Session, threadId: string, answer: ProposalAnswer): Promise<ShownThread> {
  try {
    return await session.backend.answer(threadId, () => answer);
  } catch (error) {
    if (!(error instanceof HoldpointError && error.code === "usage")) throw error;
    const view = await session.backend.view(threadId);
    if (!view.question) throw error;
    return view;
  }
}

/** The exact commands that lead on from a thread that waits. */
export function resumeCommands(session: Session, threadId: string, question: Question) {
  const bound = `resume ${threadId} --proposal ${question.proposalId}`;
  if (question.kind === "reconciliation") {
    return {
      ask: session.command(`resume ${threadId}`),
      happened: session.command(`${bound} --happened`),
      notHappened: session.command(`${bound} --not-happened`),
      lookAgain: session.command(`${bound} --look-again`),
    };
  }
  return {
    ask: session.command(`resume ${threadId}`),
    approve: session.command(`${bound} --approve`),
    reject: session.command(`${bound} --reject "<reason>"`),
    ...(question.kind === "plan" ? { sendBack: session.command(`${bound} --send-back "<words>"`) } : {}),
  };
}

function howToGoOn(session: Session, threadId: string, question: Question): string {
  const { ask, ...others } = resumeCommands(session, threadId, question);
  const how = ["  or without one:", ...Object.values(others).map((command) => `    ${command}`)];
  if (question.kind === "reconciliation") {
    const all = ["  To answer for each: --decisions <file.json> with the types happened, not_happened and look_again."];
    return [
      heading("Waiting for somebody who can tell"),
      `  Thread ${threadId}. Nothing more runs until then. In a terminal:`,
      `    ${ask}`,
      ...how,
      ...(question.actions.length > 1 ? all : []),
    ].join("\n");
  }
  if (question.kind === "plan") {
    return [
      heading("Waiting for a decision on the plan"),
      `  Thread ${threadId}. Nothing of it has run. To decide, or to change the plan in an editor, in a terminal:`,
      `    ${ask}`,
      ...how,
      "  To change it without one: --decisions <file.json> instead of --approve.",
    ].join("\n");
  }
  return [
    heading("Waiting for a decision"),
    `  Thread ${threadId}. Nothing has run. To decide, in a terminal:`,
    `    ${ask}`,
    ...how,
    ...(question.actions.length > 1
      ? ["  To decide on each action, or to change arguments: --decisions <file.json> instead of --approve."]
      : ["  To change its arguments: --decisions <file.json> instead of --approve."]),
  ].join("\n");
}

/** The machine-readable form of a thread: the same for every command. */
export function toJson(session: Session, view: ShownThread): Record<string, unknown> {
  const { run, plan, steps, question, effects, notices, threadId } = view;
  return {
    threadId,
    status: run.status,
    run,
    answer: run.answer,
    plan,
    steps,
    question,
    effects,
    notices,
    exitStatus: exitStatusOf(view),
    ...(question ? { resume: resumeCommands(session, threadId, question) } : {}),
  };
}
