/** The time that people have to decide: whose is over or soon will be, how it ends, and the reminder before it. */
import type { Proposal } from "../domain/proposal.ts";
import { expiryOf, type Policy } from "../policy/policy.ts";
import { requirementOf } from "../policy/requirement.ts";
import type { TenantSettings } from "../policy/settings.ts";
import { appendAudit, lockAudit } from "./audit.ts";
import type { Ledger } from "./database.ts";
import { takeDecision } from "./decisions.ts";
import { writeNoticeIn } from "./notices.ts";
import { getProposal } from "./proposals.ts";

type Times = Pick<Policy, "approvalExpiresMs">;

/** A proposal that waits for a person, and until when. */
export interface Deadline {
  readonly proposalId: string;
  readonly runId: string;
  readonly threadId: string;
  readonly createdAt: string;
  readonly expiresAt: string;
}

/** What a tenant's people have to decide until a time or before it, what expires first first; ISO 8601 UTC. */
export async function listDeadlines(db: Ledger, tenant: string, policy: Times, until: string): Promise<Deadline[]> {
  const { approvalExpiresMs } = policy;
  const opened = approvalExpiresMs === undefined ? null : new Date(Date.parse(until) - approvalExpiresMs).toISOString();
  const rows = await db
    .selectFrom("proposals")
    .innerJoin("runs", (join) =>
      join.onRef("runs.tenant", "=", "proposals.tenant").onRef("runs.id", "=", "proposals.runId"),
    )
    .select(["proposals.id as proposalId", "proposals.runId", "proposals.createdAt", "proposals.expiresAt"])
    .select(["runs.threadId", "proposals.kind"])
    .where("proposals.tenant", "=", tenant)
    .where("proposals.status", "=", "pending")
    .where("proposals.kind", "!=", "reconciliation")
    .where((eb) => {
      const told = eb("proposals.expiresAt", "<=", until);
      return opened === null ? told : eb.or([told, eb("proposals.createdAt", "<=", opened)]);
    })
    .where("runs.status", "=", "waiting")
    .execute();
  return rows
    .flatMap(({ kind, ...row }): Deadline[] => {
      const expiresAt = expiryOf(policy, { ...row, kind: kind as Proposal["kind"] });
      return expiresAt !== null && expiresAt <= until ? [{ ...row, expiresAt }] : [];
    })
    .sort((one, other) => one.expiresAt.localeCompare(other.expiresAt));
}

/**
 * Nobody decided in time: the system does, once, like anybody else.
 * @param deadline until when it could be decided, ISO 8601 UTC
 * @returns false when somebody decided first
 * @throws HoldpointError `not_paused` when it takes no decision any more
 */
export async function expireProposal(
  db: Ledger,
  { tenant, at }: { tenant: string; at: string },
  { id, digest, actions }: Pick<Proposal, "id" | "digest" | "actions">,
  deadline: string | null,
): Promise<boolean> {
  const reason = `Nobody decided until ${deadline}.`;
  const { taken } = await takeDecision(
    db,
    { tenant, principal: "system", at },
    {
      ...{ proposalId: id, digest, decider: "system", verdict: "expired", reason },
      actions: actions.map(({ step }) => ({ step, verdict: "rejected", reason })),
      separateApprover: false,
    },
  );
  return taken;
}

/** Reminds whoever decides, once for each proposal. @returns false when that was done, or it is decided by now */
export async function remindOf(
  db: Ledger,
  { tenant, at }: { tenant: string; at: string },
  { proposalId, expiresAt }: Deadline,
  settings: TenantSettings,
): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    await lockAudit(trx, tenant); // no decision is taken meanwhile
    const proposal = await getProposal(trx, tenant, proposalId);
    if (proposal.status !== "pending") return false;
    const { role, people } = requirementOf(settings, proposal);
    const who = people === 1 ? `One person (${role})` : `${people} people (${role})`;
    const say = (what: string) => `${who} can approve this until ${expiresAt}, then it expires: ${what}.`;
    const written = await writeNoticeIn(trx, { tenant, at }, "approval_expiring", {
      proposal,
      say,
      more: { expiresAt },
    });
    if (!written) return false;
    const data = { proposal: proposalId, expiresAt };
    await appendAudit(trx, {
      ...{ tenant, at, principal: "system", event: "proposal.reminded", runId: proposal.runId, data },
    });
    return true;
  });
}
