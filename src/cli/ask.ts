/** Asks the person in the terminal. */
import { isCancel, select, text } from "@clack/prompts";
import type { ProposalAnswer } from "../domain/answer-to-proposal.ts";
import type { Question } from "../nodes/question.ts";
import { printable } from "./text.ts";

type Decisions = ProposalAnswer["decisions"];

/** The answer, or undefined when the person wants to decide later. */
export async function askPerson(question: Question): Promise<ProposalAnswer | undefined> {
  // At the end of input (Ctrl-D) no prompt ever answers.
  const ended = new Promise<undefined>((resolve) => process.stdin.once("end", () => resolve(undefined)));
  const decisions = await Promise.race([chooseDecisions(question), ended]);
  return decisions && { proposalId: question.proposalId, decisions };
}

async function chooseDecisions(question: Question): Promise<Decisions | undefined> {
  const several = question.actions.length > 1;
  const choice = await select({
    message: several
      ? `Approve these ${question.actions.length} actions?`
      : `Approve this? ${printable(question.actions[0]?.title ?? "")}`,
    initialValue: "later", // a stray Enter must not consent
    options: [
      { value: "approve", label: several ? "Approve all" : "Approve" },
      { value: "reject", label: several ? "Reject all" : "Reject" },
      ...(several ? [{ value: "each", label: "Decide one by one" }] : []),
      { value: "later", label: "Not now", hint: "nothing runs; resume later" },
    ],
  });
  if (isCancel(choice) || choice === "later") return undefined;
  if (choice === "approve") return question.actions.map(({ step }) => ({ type: "approve", step }));
  if (choice === "each") return await chooseEach(question);
  const message = await askReason();
  return message === undefined ? undefined : question.actions.map(({ step }) => ({ type: "reject", step, message }));
}

async function chooseEach(question: Question): Promise<Decisions | undefined> {
  const decisions: Decisions = [];
  const taken = new Set<string>();
  for (const action of question.actions) {
    const takes = action.takesWith.length > 0 ? ` (takes ${action.takesWith.join(", ")} with it)` : "";
    if (taken.has(action.step)) {
      decisions.push({ type: "reject", step: action.step, message: "It depends on an action that was rejected." });
      continue;
    }
    const choice = await select({
      message: `${action.step}: ${printable(action.title)}`,
      options: [
        { value: "approve", label: "Approve" },
        { value: "reject", label: `Reject${takes}` },
      ],
    });
    if (isCancel(choice)) return undefined;
    if (choice === "approve") {
      decisions.push({ type: "approve", step: action.step });
      continue;
    }
    const message = await askReason();
    if (message === undefined) return undefined;
    decisions.push({ type: "reject", step: action.step, message });
    for (const step of action.takesWith) taken.add(step);
  }
  return decisions;
}

async function askReason(): Promise<string | undefined> {
  const reason = await text({
    message: "Why?",
    validate: (value) =>
      (value ?? "").trim() === "" ? "A reason is needed: it is what the requester reads." : undefined,
  });
  return isCancel(reason) ? undefined : reason.trim();
}
