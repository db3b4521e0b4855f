/** The answer of a person to a proposal, as it comes back through the interrupt. Untrusted until parsed here. */
import { z } from "zod";
import type { ActionDecision, Decision, Proposal } from "./proposal.ts";

/**
 * The format of LangChain's human-in-the-loop pages with the proposal named: one decision for each action, in the order
 * of the actions or naming its `step`. `by` says who the answer is from, where the caller knows it.
 */
export const ProposalAnswerSchema = z.strictObject({
  proposalId: z.string().describe("The id of the proposal that is answered."),
  decisions: z
    .array(
      z.strictObject({
        type: z.enum(["approve", "reject"]),
        step: z.string().optional().describe("The action's step; without it, the order of the actions counts."),
        message: z.string().max(2000).optional().describe("Why, when rejected."),
      }),
    )
    .min(1)
    .max(100),
  by: z.string().max(100).optional().describe("Who answers; must be the caller, when given."),
});
export type ProposalAnswer = z.infer<typeof ProposalAnswerSchema>;

/** The same as JSON Schema, for pages that show what can be answered. */
export const proposalAnswerJsonSchema = z.toJSONSchema(ProposalAnswerSchema, { io: "input" });

export type ParsedAnswer =
  | { kind: "decided"; verdict: Decision["verdict"]; actions: ActionDecision[]; reason: string | null }
  | { kind: "problem"; problem: string };

/** The actions of a proposal that cannot run without the given one, nearest first. */
export function dependantsOf(proposal: Pick<Proposal, "actions">, step: string): string[] {
  const found: string[] = [];
  const queue = [step];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const action of proposal.actions) {
      if (!action.dependsOn.includes(next) || found.includes(action.step)) continue;
      found.push(action.step);
      queue.push(action.step);
    }
  }
  return found;
}

const problem = (text: string): ParsedAnswer => ({ kind: "problem", problem: text });

/** Checks an answer against the proposal that it is for. Rejecting an action takes its dependants with it. */
export function parseProposalAnswer(proposal: Proposal, value: unknown, principal: string): ParsedAnswer {
  const parsed = ProposalAnswerSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue && issue.path.length > 0 ? ` at "${issue.path.join(".")}"` : "";
    return problem(`The answer does not have the expected form${where}: ${issue?.message ?? "unreadable"}.`);
  }
  const { proposalId, decisions, by } = parsed.data;
  if (proposalId !== proposal.id)
    return problem(`The answer is for proposal "${proposalId}"; this one is "${proposal.id}".`);
  if (by !== undefined && by !== principal) return problem(`The answer is from "${by}", but "${principal}" sent it.`);
  const steps = proposal.actions.map((action) => action.step);
  const named = decisions.map((decision, index) => decision.step ?? steps[index] ?? `#${index + 1}`);
  const unknown = named.find((step) => !steps.includes(step));
  if (unknown !== undefined) return problem(`There is no action "${unknown}"; the actions are ${steps.join(", ")}.`);
  const missing = steps.filter((step) => named.filter((other) => other === step).length !== 1);
  if (missing.length > 0) return problem(`Each action needs exactly one decision; look at ${missing.join(", ")}.`);
  return decide(proposal, new Map(named.map((step, index) => [step, decisions[index]])));
}

function decide(
  proposal: Proposal,
  given: ReadonlyMap<string, ProposalAnswer["decisions"][number] | undefined>,
): ParsedAnswer {
  const rejected = new Map<string, string | null>();
  for (const [step, decision] of given) {
    if (decision?.type === "reject") rejected.set(step, decision.message?.trim() || null);
  }
  for (const step of [...rejected.keys()]) {
    for (const dependant of dependantsOf(proposal, step)) {
      if (!rejected.has(dependant)) rejected.set(dependant, `It depends on "${step}", which was rejected.`);
    }
  }
  const actions = proposal.actions.map(({ step }): ActionDecision => {
    const reason = rejected.get(step);
    return reason === undefined ? { step, verdict: "approved", reason: null } : { step, verdict: "rejected", reason };
  });
  const count = rejected.size;
  const verdict = count === 0 ? "approved" : count === actions.length ? "rejected" : "partly_approved";
  const reason = [...new Set([...rejected.values()].filter((text) => text !== null))].join(" ") || null;
  return { kind: "decided", verdict, actions, reason };
}
