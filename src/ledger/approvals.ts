/** Approvals of a proposal that takes several people: the decision is taken when there are enough of them. */
import { z } from "zod";
import { canonicalJson, type Json } from "../domain/json.ts";
import { type ActionDecision, ActionDecisionSchema } from "../domain/proposal.ts";
import { type Role, RoleSchema } from "../domain/role.ts";
import type { Stamp } from "../domain/run.ts";
import { appendAudit } from "./audit.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import { opened, sealed } from "./sealed-columns.ts";
import { forgottenDecision } from "./tombstones.ts";

export interface Approval {
  readonly principal: string;
  /** By whose right, where it is another's. */
  readonly onBehalfOf: string | null;
  /** What whoever authenticated them said; null where their role among the members counts. */
  readonly role: Role | null;
  readonly actions: ActionDecision[];
  /** When, ISO 8601 UTC. */
  readonly at: string;
}

const selectApprovals = keptQuery((db, tenant: string, proposalId: string) =>
  db
    .selectFrom("approvals")
    .select(["principal", "onBehalfOf", "role", "actions", "at"])
    .where("tenant", "=", tenant)
    .where("proposalId", "=", proposalId)
    .orderBy("at")
    .orderBy("principal"),
);

/** The approvals of a proposal so far, oldest first. */
export async function listApprovals(db: Ledger, tenant: string, proposalId: string): Promise<Approval[]> {
  const rows = await selectApprovals(db, tenant, proposalId);
  return (await opened(db, "approvals", tenant, rows)).map(({ principal, onBehalfOf, role, actions, at }) => ({
    principal,
    onBehalfOf,
    role: RoleSchema.nullable().parse(role),
    at,
    actions: z.array(ActionDecisionSchema).parse(JSON.parse(actions)),
  }));
}

/** Records somebody's approval; a second one of theirs takes the place of the first. Returns all there are now. */
export async function addApproval(
  db: Ledger,
  stamp: Stamp,
  proposal: { readonly id: string; readonly runId: string },
  { actions, onBehalfOf }: { actions: readonly ActionDecision[]; onBehalfOf: string | null },
): Promise<Approval[]> {
  return await db.transaction().execute(async (trx) => {
    const said = canonicalJson(actions);
    const role = onBehalfOf === null ? (stamp.role ?? null) : null;
    const row = await sealed(trx, "approvals", stamp.tenant, { actions: said, onBehalfOf, role, at: stamp.at });
    await trx
      .insertInto("approvals")
      .values({ ...row, tenant: stamp.tenant, proposalId: proposal.id, principal: stamp.principal })
      .onConflict((c) => c.columns(["tenant", "proposalId", "principal"]).doUpdateSet(row))
      .execute();
    const data = { proposal: proposal.id, actions: JSON.parse(said) as Json, onBehalfOf, ...(role ? { role } : {}) };
    await appendAudit(trx, { ...stamp, event: "proposal.approved_by_one", runId: proposal.runId, data });
    return await listApprovals(trx, stamp.tenant, proposal.id);
  });
}

/** What several people let pass together: an action that each of them approved; of the others, who did not want it and why. */
export function combine(approvals: readonly Approval[]): ActionDecision[] {
  const [first] = approvals;
  return (first?.actions ?? []).map((action) => {
    const against = approvals
      .flatMap(({ actions }) => actions)
      .find((other) => other.step === action.step && other.verdict === "rejected");
    return against ?? action;
  });
}

/** Takes the reasons out of the approvals of a proposal, and the names that `name` replaces. */
export async function forgetApprovals(
  trx: LedgerTransaction,
  tenant: string,
  proposalId: string,
  name: (principal: string) => string,
): Promise<void> {
  for (const { principal, onBehalfOf, actions } of await listApprovals(trx, tenant, proposalId)) {
    await trx
      .updateTable("approvals")
      .set({
        principal: name(principal),
        onBehalfOf: onBehalfOf && name(onBehalfOf),
        actions: canonicalJson(actions.map(forgottenDecision)),
      })
      .where("tenant", "=", tenant)
      .where("proposalId", "=", proposalId)
      .where("principal", "=", principal)
      .execute();
  }
}
