/** What is left of records when their personal data is taken out: what was done and when, without with what. */
import type { Answer } from "../domain/answer.ts";
import type { Plan } from "../domain/plan.ts";
import type { ActionDecision, Finding, Impact, ProposedAction } from "../domain/proposal.ts";
import type { Cancellation } from "../domain/run.ts";

export const FORGOTTEN = "[forgotten]";

export const forgottenAnswer = ({ status }: Answer): Answer => ({ status, text: FORGOTTEN, details: [] });

export const forgottenPlan = ({ source, steps }: Plan): Plan => ({
  goal: FORGOTTEN,
  source: { kind: source.kind },
  steps: steps.map(({ id, action, dependsOn }) => ({ id, title: FORGOTTEN, action, args: {}, dependsOn })),
});

export const forgottenFinding = (finding: Finding): Finding => ({ ...finding, reason: FORGOTTEN });

const forgottenImpact = (impact: Impact): Impact => ({ ...impact, resources: [] });

export const forgottenAction = (action: ProposedAction): ProposedAction => ({
  ...action,
  title: FORGOTTEN,
  args: {},
  changes: [],
  impact: forgottenImpact(action.impact),
  edited: null,
});

export const forgottenDecision = ({ step, verdict }: ActionDecision): ActionDecision => ({
  step,
  verdict,
  reason: null,
});

export const forgottenCancellation = (
  cancellation: Cancellation,
  name: (principal: string) => string,
): Cancellation => ({
  ...cancellation,
  by: name(cancellation.by),
  reason: null,
  report: null,
});
