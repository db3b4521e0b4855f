/**
 * What a person is asked: the value of the interrupt. It is a superset of the formats that existing review pages read
 * (see {@link reviewPageFields}); the rest is what a person needs to decide, for the pages that know Holdpoint.
 */
import { dependantsOf } from "../domain/answer-to-proposal.ts";
import { planArgsJsonSchema } from "../domain/plan-proposal.ts";
import type { Program } from "../domain/program.ts";
import { type Impact, type Proposal, type ProposedAction, pointOfNoReturn, type Review } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { type Snapshot, snapshotsOf } from "../domain/snapshots.ts";
import { failureNotices } from "../execution/failures.ts";
import { expiryOf, type Policy } from "../policy/policy.ts";
import type { State } from "../state.ts";
import { argsJsonSchema } from "../tools/args.ts";
import type { Registry } from "../tools/registry.ts";
import { type ReviewPageFields, reviewPageFields } from "./review-pages.ts";
import { type ToldProgram, toldProgram } from "./told-program.ts";

export interface Question extends ReviewPageFields {
  /** Whether writes may run; whether writes did happen, of which nobody can tell; or whether a plan is to be carried out. */
  kind: Proposal["kind"];
  proposalId: string;
  /** What an approval is bound to. */
  digest: string;
  runId: string;
  request: string;
  requester: string;
  plan: { step: string; title: string; action: string }[];
  /** Why a person is asked. */
  reasons: string[];
  review: Review | null;
  impact: Impact;
  /** Until when it can be decided, ISO 8601 UTC; null for ever. */
  expiresAt: string | null;
  /** The step once which has run, a failure can no longer be undone whole; null where everything can be undone. */
  pointOfNoReturn: string | null;
  /** Every table that is touched, before and after all of it. */
  tables: Snapshot[];
  /** The program that staged it; null where it was planned in another way. */
  program: ToldProgram | null;
  actions: (ProposedAction & { /** Rejecting this one rejects these too. */ takesWith: string[] })[];
  /** Why an earlier answer was not taken, and what else the person should know. */
  notices: string[];
}

export interface QuestionSubject {
  run: Run;
  proposal: Proposal;
  state: State;
  registry: Registry;
  policy: Policy;
  /** Those of the run. */
  programs: readonly Program[];
}

export function buildQuestion({ run, proposal, state, registry, policy, programs }: QuestionSubject): Question {
  const isAhead = proposal.kind === "transaction";
  const own = {
    kind: proposal.kind,
    proposalId: proposal.id,
    digest: proposal.digest,
    runId: run.id,
    request: run.request,
    requester: run.requester,
    plan: (state.plan?.steps ?? []).map(({ id, title, action }) => ({ step: id, title, action })),
    reasons: [...new Set(proposal.findings.filter((f) => f.verdict !== "allow").map((f) => f.reason))],
    review: proposal.review,
    impact: proposal.impact,
    expiresAt: expiryOf(policy, proposal),
    pointOfNoReturn: pointOfNoReturn(proposal.actions),
    tables: snapshotsOf(proposal.actions.flatMap(({ changes }) => changes)),
    program: toldProgram(programs, proposal.revision),
    actions: proposal.actions.map(({ fingerprint: _forNoPerson, ...action }) => ({
      ...action,
      takesWith: dependantsOf(proposal, action.step),
    })),
    // Why an answer was not taken stands last.
    notices: [...(state.plan && isAhead ? failureNotices(state.plan, state.steps) : []), ...state.notices],
  };
  const schemaOf = (name: string) => {
    if (proposal.kind === "plan") return planArgsJsonSchema();
    const action = registry.find(name);
    return action ? argsJsonSchema(action) : {};
  };
  return { ...own, ...reviewPageFields(own, { schemaOf, plainAnswerImpact: policy.plainAnswerImpact }) };
}

/** Whether the value of an interrupt is this question, with all that today's has; another version may have asked less. */
export function isShown(question: Question, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { proposalId } = value as Partial<Question>;
  return proposalId === question.proposalId && Object.keys(question).every((key) => Object.hasOwn(value, key));
}
