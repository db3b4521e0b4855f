/** Whether somebody may decide as they say, by their own right or another's, and whether that is enough already. */
import type { ParsedAnswer } from "../domain/answer-to-proposal.ts";
import { byWhom, type Proposal } from "../domain/proposal.ts";
import type { Run, Stamp } from "../domain/run.ts";
import { addApproval, combine, listApprovals } from "../ledger/approvals.ts";
import type { Ledger } from "../ledger/database.ts";
import { type DecisionInput, findDecision } from "../ledger/decisions.ts";
import { assertMayAnswer, listDelegators } from "../ledger/delegations.ts";
import { assertMay, roleOf, withRoles } from "../ledger/members.ts";
import { getSettings } from "../ledger/settings.ts";
import {
  type ApprovalRequirement,
  countPeople,
  objectionTo,
  requirementOf,
  type Voter,
} from "../policy/requirement.ts";

type DecidedAnswer = Extract<ParsedAnswer, { kind: "decided" }>;
type Decided = Pick<DecisionInput, "verdict" | "actions" | "reason" | "onBehalfOf" | "settingsVersion">;

interface Subject {
  readonly run: Run;
  readonly proposal: Proposal;
}

/**
 * @returns the decision to be taken, or why it is not taken yet; an approval that is not enough is recorded
 * @throws HoldpointError `denied` when somebody may answer nothing at all
 */
export async function approve(
  ledger: Ledger,
  stamp: Stamp,
  { run, proposal }: Subject,
  parsed: DecidedAnswer,
): Promise<Decided | string> {
  if (parsed.verdict !== "approved" && parsed.verdict !== "partly_approved") {
    await assertMay(ledger, stamp, "answer");
    return parsed;
  }
  await assertMayAnswer(ledger, stamp);
  const { settings, version } = await getSettings(ledger, stamp.tenant);
  const requirement = requirementOf(settings, proposal);
  const before = await listApprovals(ledger, stamp.tenant, proposal.id);
  const voter = await findVoter(ledger, stamp, { requirement, before, requester: run.requester });
  if (typeof voter === "string") return voter;
  const decided = { ...parsed, onBehalfOf: voter.onBehalfOf, settingsVersion: version };
  if (requirement.people === 1) return decided;
  if (await findDecision(ledger, stamp.tenant, proposal.id)) return decided; // it says who came first
  const approvals = await addApproval(ledger, stamp, proposal, {
    actions: parsed.actions,
    onBehalfOf: voter.onBehalfOf,
  });
  const known = await withRoles(ledger, stamp.tenant, approvals);
  // Whoever lost their role since they approved, or who asked where that counts by now, is no longer among them.
  const standing = known.filter(
    (one) => objectionTo(requirement, { voter: one, requester: run.requester }) === undefined,
  );
  const missing = requirement.people - countPeople(standing);
  if (missing > 0) {
    const again = before.some(({ principal }) => principal === stamp.principal) ? " once more" : "";
    return `Approved${again} by ${byWhom(voter)}. ${missing} more ${missing === 1 ? "person has" : "people have"} to approve it.`;
  }
  const actions = combine(standing);
  const yes = actions.filter(({ verdict }) => verdict === "approved").length;
  const verdict = yes === 0 ? "rejected" : yes < actions.length ? "partly_approved" : "approved";
  return { ...decided, verdict, actions };
}

/**
 * By whose right somebody approves: their own where that will do, else that of whoever they stand in for, those first who
 * have no part in it yet.
 * @returns why they may not, when nobody's right will do
 */
async function findVoter(
  ledger: Ledger,
  stamp: Stamp,
  { requirement, before, requester }: { requirement: ApprovalRequirement; before: readonly Voter[]; requester: string },
): Promise<Voter | string> {
  const { principal } = stamp;
  const own = { principal, onBehalfOf: null, role: await roleOf(ledger, stamp) };
  const objection = objectionTo(requirement, { voter: own, requester });
  if (objection === undefined) return own;
  const others = before.filter((voter) => voter.principal !== principal);
  const isNew = (voter: Voter) => countPeople([...others, voter]) > countPeople(others);
  const able = (await listDelegators(ledger, stamp))
    .map(({ delegator, role }) => ({ principal, onBehalfOf: delegator, role }))
    .filter((voter) => objectionTo(requirement, { voter, requester }) === undefined);
  return able.find(isNew) ?? able[0] ?? objection;
}
