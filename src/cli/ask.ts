/** Asks the person in the terminal. */
import { isCancel, select, text } from "@clack/prompts";
import type { ActionAnswer, ProposalAnswer } from "../domain/answer-formats.ts";
import { printable } from "../domain/printable.ts";
import type { Question } from "../nodes/question.ts";
import { askArguments } from "./ask-edit.ts";
import { editPlan, type RefusedPlan } from "./edit-plan.ts";

type Decisions = ProposalAnswer["decisions"];
type Action = Question["actions"][number];

const EDIT_ON = "goes on with your changes, which were not taken";
const NOT_NOW = "not now";
type Chosen = Decisions | typeof NOT_NOW | undefined;

/** What every prompt gets: a signal that closes it, which leaves the terminal as it was. */
interface Prompting {
  readonly signal?: AbortSignal;
}

/**
 * The answer, or that it is not now; undefined when the person gave up, or `stop` was aborted.
 * @param refused what they made of the plan before
 */
export async function askPerson(
  question: Question,
  stop?: AbortSignal,
  refused?: RefusedPlan,
): Promise<ProposalAnswer | typeof NOT_NOW | undefined> {
  // At the end of input (Ctrl-D) no prompt ever answers.
  const ended = new Promise<undefined>((resolve) => process.stdin.once("end", () => resolve(undefined)));
  const prompting = { ...(stop ? { signal: stop } : {}), ...(refused ? { refused } : {}) };
  const decisions = await Promise.race([chooseDecisions(question, prompting), ended]);
  if (decisions === NOT_NOW) return NOT_NOW;
  return decisions && { proposalId: question.proposalId, decisions };
}

async function chooseDecisions(
  question: Question,
  { refused, ...prompting }: Prompting & { readonly refused?: RefusedPlan },
): Promise<Chosen> {
  if (question.kind === "plan") return await decidePlan(question, prompting, refused);
  return question.kind === "reconciliation"
    ? await tellOutcomes(question, prompting)
    : await decide(question, prompting);
}

async function decidePlan(
  { actions: [plan] }: Question,
  prompting: Prompting,
  refused: RefusedPlan | undefined,
): Promise<Chosen> {
  if (!plan) return undefined;
  const { step, args } = plan;
  const choice = await select({
    ...prompting,
    message: "Carry out this plan?",
    initialValue: "later", // a stray Enter must not consent
    options: [
      { value: "approve", label: "Approve", hint: "each of its writes is still asked for" },
      { value: "edit", label: "Edit", hint: refused ? EDIT_ON : "as YAML in your editor; you are asked again" },
      { value: "back", label: "Send back", hint: "another plan is made, with what you say" },
      { value: "reject", label: "Reject" },
      { value: "later", label: "Not now", hint: "nothing runs; resume later" },
    ],
  });
  if (isCancel(choice)) return undefined;
  if (choice === "later") return NOT_NOW;
  if (choice === "approve") return [{ type: "approve", step }];
  if (choice === "edit") {
    const edited = await editPlan(args, prompting, refused);
    return edited ? [{ type: "edit", step, editedAction: { args: edited } }] : NOT_NOW;
  }
  const message = await askReason(prompting, choice === "back" ? "What should another plan do otherwise?" : "Why?");
  if (message === undefined) return undefined;
  return [{ type: choice === "back" ? "send_back" : "reject", step, message }];
}

async function tellOutcomes(question: Question, prompting: Prompting): Promise<Chosen> {
  const decisions: Decisions = [];
  for (const { step, title } of question.actions) {
    const type = await select({
      ...prompting,
      message: `Did it happen? ${step}: ${printable(title)}`,
      initialValue: "later" as const, // a stray Enter must not testify
      options: [
        { value: "happened" as const, label: "It happened", hint: "the rest of the transaction goes on" },
        { value: "not_happened" as const, label: "It did not happen", hint: "what was done is undone" },
        { value: "look_again" as const, label: "Look again", hint: "asks its receiver once more" },
        { value: "later" as const, label: "Not now", hint: "nothing runs; resume later" },
      ],
    });
    if (isCancel(type)) return undefined;
    if (type === "later") return NOT_NOW;
    decisions.push({ type, step });
  }
  return decisions;
}

async function decide(question: Question, prompting: Prompting): Promise<Chosen> {
  const several = question.actions.length > 1;
  const [first] = question.actions;
  const choice = await select({
    ...prompting,
    message: several
      ? `Approve these ${question.actions.length} actions?`
      : `Approve this? ${printable(first?.title ?? "")}`,
    initialValue: "later", // a stray Enter must not consent
    options: [
      { value: "approve", label: several ? "Approve all" : "Approve" },
      { value: "reject", label: several ? "Reject all" : "Reject" },
      several
        ? { value: "each", label: "Decide one by one", hint: "approve, reject or edit each" }
        : { value: "edit", label: "Edit", hint: "change its arguments; you are asked again" },
      { value: "later", label: "Not now", hint: "nothing runs; resume later" },
    ],
  });
  if (isCancel(choice)) return undefined;
  if (choice === "later") return NOT_NOW;
  if (choice === "approve") return question.actions.map(({ step }) => ({ type: "approve", step }));
  if (choice === "each") return await chooseEach(question, prompting);
  if (choice === "edit") {
    const edit = first && (await editOne(question, first, prompting));
    return edit && [edit];
  }
  const message = await askReason(prompting);
  return message === undefined ? undefined : question.actions.map(({ step }) => ({ type: "reject", step, message }));
}

async function chooseEach(question: Question, prompting: Prompting): Promise<Decisions | undefined> {
  const decisions: Decisions = [];
  const taken = new Set<string>();
  for (const action of question.actions) {
    if (taken.has(action.step)) {
      decisions.push({ type: "reject", step: action.step, message: "It depends on an action that was rejected." });
      continue;
    }
    const decision = await chooseOne(question, action, prompting);
    if (!decision) return undefined;
    decisions.push(decision);
    if (decision.type === "reject") for (const step of action.takesWith) taken.add(step);
  }
  return decisions;
}

async function chooseOne(question: Question, action: Action, prompting: Prompting): Promise<ActionAnswer | undefined> {
  const { step, takesWith } = action;
  const takes = takesWith.length > 0 ? ` (takes ${takesWith.join(", ")} with it)` : "";
  const choice = await select({
    ...prompting,
    message: `${step}: ${printable(action.title)}`,
    options: [
      { value: "approve", label: "Approve" },
      { value: "reject", label: `Reject${takes}` },
      { value: "edit", label: "Edit", hint: "you are asked again about all of them" },
    ],
  });
  if (isCancel(choice)) return undefined;
  if (choice === "approve") return { type: "approve", step };
  if (choice === "edit") return await editOne(question, action, prompting);
  const message = await askReason(prompting);
  return message === undefined ? undefined : { type: "reject", step, message };
}

async function editOne(question: Question, action: Action, prompting: Prompting): Promise<ActionAnswer | undefined> {
  const args = await askArguments(question, action, prompting);
  return args && { type: "edit", step: action.step, editedAction: { args } };
}

async function askReason(prompting: Prompting, message = "Why?"): Promise<string | undefined> {
  const reason = await text({
    ...prompting,
    message,
    validate: (value) => ((value ?? "").trim() === "" ? "Words are needed here: somebody reads them." : undefined),
  });
  return isCancel(reason) ? undefined : reason.trim();
}
