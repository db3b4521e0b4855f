/** Whose approval a proposal takes: by its impact, as the tenant's settings say, and by rules of one's own. Pure. */
import type { Finding, Proposal } from "../domain/proposal.ts";
import { includesRole, type Role, type TenantSettings } from "./settings.ts";

export interface ApprovalRequirement {
  readonly role: Role;
  /** How many different people. */
  readonly people: number;
  /** Whether whoever asked may be one of them. */
  readonly requesterMay: boolean;
}

/** The strictest of what applies. */
export function requirementOf(
  { approvals }: Pick<TenantSettings, "approvals">,
  { impact, findings }: Pick<Proposal, "impact"> & { readonly findings: readonly Finding[] },
): ApprovalRequirement {
  const byRules = findings.flatMap(({ requires }) => (requires ? [requires] : []));
  const { role, people, requesterMay } = approvals[impact.level];
  return {
    role: byRules.reduce<Role>((strictest, rule) => (includesRole(rule.role, strictest) ? rule.role : strictest), role),
    people: Math.max(people, ...byRules.map(({ count }) => count)),
    requesterMay,
  };
}

/**
 * Why somebody may not approve, or undefined.
 * @param role theirs; null when they have none
 */
export function objectionTo(
  { role: needed, requesterMay }: ApprovalRequirement,
  { principal, role, requester }: { principal: string; role: Role | null; requester: string },
): string | undefined {
  if (!includesRole(role, needed)) {
    return `This takes the role ${needed}; ${principal} has ${role === null ? "none" : `the role ${role}`}.`;
  }
  if (requesterMay || principal !== requester) return undefined;
  return `"${principal}" asked for this and may not approve it.`;
}

/** Why the approvals that were given are too few by now, or undefined. */
export function tooFew(
  { people, requesterMay }: ApprovalRequirement,
  { approvers, requester }: { approvers: readonly string[]; requester: string },
): string | undefined {
  if (!requesterMay && approvers.includes(requester))
    return "The settings now ask for somebody other than who requested it.";
  const count = new Set(approvers).size;
  return count < people ? `The settings now ask for ${people} people, and ${count} approved.` : undefined;
}
