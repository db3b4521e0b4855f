/** What the ledger holds, as the interface shows it. */
import type { Effect, ProposedAction } from "../domain/proposal.ts";
import { HoldpointError } from "../errors.ts";
import type { Carried, PageOf, Place, Proposed } from "../ledger/pages.ts";
import { HttpProblem } from "./problem.ts";
import type { ExecutionStatus } from "./schemas.ts";

/** The id of an execution. */
export const executionId = (proposalId: string, step: string): string => `${proposalId}:${step}`;

/** @throws HttpProblem `not_found` when it could never be one */
export function parseExecutionId(id: string): { proposalId: string; step: string } {
  const at = id.lastIndexOf(":");
  if (at > 0 && at < id.length - 1) return { proposalId: id.slice(0, at), step: id.slice(at + 1) };
  throw new HttpProblem("not_found", `There is no execution "${id.slice(0, 120)}".`, {
    hint: "Expected <proposal>:<step>, as `GET /api/v1/actions/executions` lists them.",
  });
}

/** The actions of a proposal, each with what was decided of it and what came of it. */
export function executionsOf(carried: Carried) {
  return carried.proposal.actions.map((action) => executionJson(carried, action));
}

function executionJson({ proposal, threadId, requester, decision, effects }: Carried, action: ProposedAction) {
  const effect = effects.find(({ step }) => step === action.step);
  const { step, title, version, impact, reversibility, confidence = null } = action;
  const findings = proposal.findings.filter((one) => one.step === undefined || one.step === step);
  return {
    ...{
      id: executionId(proposal.id, step),
      proposalId: proposal.id,
      step,
      runId: proposal.runId,
      threadId,
      requester,
    },
    ...{ title, action: action.action, version, status: statusOf({ proposal, decision }, step, effect) },
    args: effect?.args ?? action.args,
    output: effect?.output ?? null,
    note: effect?.note ?? null,
    ...{ impact, reversibility, confidence },
    reasons: [...new Set(findings.filter(({ verdict }) => verdict !== "allow").map(({ reason }) => reason))],
    decision: decisionJson(decision, step),
    expiresAt: proposal.status === "pending" ? proposal.expiresAt : null,
    attempts: effect?.attempts ?? 0,
    durationMs: effect?.durationMs ?? null,
    createdAt: proposal.createdAt,
    executedAt: effect?.createdAt ?? null,
  };
}

function decisionJson(decision: Carried["decision"], step: string) {
  if (!decision) return null;
  const { decider, principal, onBehalfOf = null, decidedAt } = decision;
  const own = decision.actions.find((action) => action.step === step);
  const verdict = own?.verdict ?? decision.verdict;
  return { verdict, decider, principal, onBehalfOf, reason: own?.reason ?? decision.reason, at: decidedAt };
}

/** Where an action stands: by what was done of it, else by what was decided. */
function statusOf(
  { proposal, decision }: Pick<Carried, "proposal" | "decision">,
  step: string,
  effect: Effect | undefined,
): ExecutionStatus {
  if (effect) return effect.status;
  const own = decision?.actions.find((action) => action.step === step);
  if (own?.verdict === "rejected" && proposal.status !== "superseded") return "rejected";
  const { status } = proposal;
  // It was let pass, and then its transaction came to nothing before it was begun.
  if (status === "committed" || status === "rolled_back" || status === "uncertain") return "approved";
  return status === "accepted" || status === "sent_back" ? "approved" : status;
}

/** Which statuses a proposal can have, an action of which has a status. */
export function proposalStatuses(status: ExecutionStatus | undefined): readonly string[] | undefined {
  if (status === undefined) return undefined;
  const carriedOut = ["approved", "committed", "rolled_back", "uncertain", "stale"];
  if (status === "approved") return carriedOut;
  if (status === "rejected") return ["rejected", "approved", "committed", "rolled_back", "uncertain", "stale"];
  const own = ["pending", "expired", "denied", "edited", "superseded", "stale"];
  return own.includes(status) ? [status] : carriedOut;
}

/** A proposal that waits, in short. */
export function approvalJson({ proposal, threadId, requester }: Proposed) {
  const { id, kind, digest, runId, impact, findings, review, expiresAt, createdAt } = proposal;
  const actions = proposal.actions.map(({ step, title, action, args, impact: own }) => {
    return { step, title, action, args, impact: own };
  });
  return {
    ...{ proposalId: id, kind, digest, runId, threadId, requester, impact, findings, review, expiresAt, createdAt },
    actions,
  };
}

/** A page as the interface shows it. */
export const pageJson = <T, S>({ items, next }: PageOf<T>, show: (item: T) => S) => {
  return { items: items.map(show), next: next && writeCursor(next) };
};

export const writeCursor = (place: Place): string =>
  Buffer.from(JSON.stringify([place.at, place.id])).toString("base64url");

/** @throws HttpProblem `invalid_request` when nobody wrote it */
export function readCursor(text: string | undefined): Place | undefined {
  if (text === undefined) return undefined;
  try {
    const [at, id]: unknown[] = JSON.parse(Buffer.from(text, "base64url").toString());
    if (typeof at === "string" && typeof id === "string" && at.length < 100 && id.length < 300) return { at, id };
  } catch {
    // below
  }
  const errors = [{ where: "query.cursor", message: "is no cursor" }];
  throw new HttpProblem("invalid_request", "The cursor is none that was given.", {
    hint: "Pass `next` of the page before as it is, or leave it out.",
    errors,
  });
}

/** An entity tag (RFC 9110), and whether `If-Match` means it. */
export const etagOf = (version: string | number): string => `"${version}"`;
function isMeant(ifMatch: string, etag: string): boolean {
  return ifMatch.split(",").some((tag) => tag.trim() === "*" || tag.trim() === etag);
}

/** @throws HttpProblem `stale` when another version is meant */
export function assertMeant(headers: Headers, etag: string): void {
  const ifMatch = headers.get("if-match");
  if (ifMatch === null || isMeant(ifMatch, etag)) return;
  throw new HoldpointError("stale", `If-Match names ${ifMatch.slice(0, 100)}, and the version now is ${etag}.`, {
    hint: "Read it again, and decide on what it is now.",
  });
}
