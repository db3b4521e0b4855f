/**
 * What whoever asked sees on a chat page while others decide: a message of its own, in whose place the answer comes. It
 * says what waits and for whom, and names nobody.
 */
import type { BaseMessage } from "@langchain/core/messages";
import type { Proposal } from "../domain/proposal.ts";
import { answerMessage } from "../messages.ts";
import { expiryOf, type Policy } from "../policy/policy.ts";

/** So many of the actions are named. */
const NAMED = 3;

/** @param proposal that waits for people */
export function waitingMessage(policy: Policy, proposal: Proposal): BaseMessage {
  const until = expiryOf(policy, proposal);
  const time = until === null ? "" : ` It can be decided until ${until}.`;
  return answerMessage(
    proposal.runId,
    `Waiting for a decision ${subjectOf(proposal)} does not run before that.${time}`,
  );
}

function subjectOf({ kind, actions }: Proposal): string {
  if (kind === "plan") return "on the plan. It";
  const titles = actions.slice(0, NAMED).map(({ title }) => title);
  const more = actions.length > NAMED ? ` and ${actions.length - NAMED} more` : "";
  return `by somebody who may approve: ${titles.join("; ")}${more}. It`;
}

/** Nobody can tell whether a write happened. */
export const doubtMessage = (runId: string): BaseMessage =>
  answerMessage(runId, "It is not known whether a write happened. Somebody is asked; nothing more runs before that.");
