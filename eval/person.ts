/** The person who answers for a scenario: approves what is proposed, unless it is forbidden or the scenario says otherwise. */
import type { ProposalAnswer } from "../src/domain/answer-formats.ts";
import type { Question } from "../src/nodes/question.ts";
import type { PersonAnswer } from "./suite.ts";

/**
 * @param said what the scenario says to this question
 * @param forbidden what of it is forbidden
 */
export function answerTo(
  question: Question,
  said: PersonAnswer | undefined,
  forbidden: readonly string[],
): ProposalAnswer {
  const { proposalId, actions } = question;
  const all = (decide: (action: Question["actions"][number]) => ProposalAnswer["decisions"][number]) => ({
    proposalId,
    decisions: actions.map(decide),
  });
  if (question.kind === "reconciliation") return all(({ step }) => ({ type: "look_again", step }));
  if (forbidden.length > 0)
    return all(({ step }) => ({ type: "reject", step, message: "This is not what was asked." }));
  if (said === undefined || said === "approve") return all(({ step }) => ({ type: "approve", step }));
  if ("reject" in said) return all(({ step }) => ({ type: "reject", step, message: said.reject }));
  return all(({ step, action, args }) =>
    action === said.edit.action
      ? { type: "edit", step, editedAction: { args: { ...args, ...said.edit.args } } }
      : { type: "approve", step },
  );
}
