/** Whose approval a proposal takes: by its impact, as the tenant's settings say, and by rules of one's own. Pure. */
import type { Finding, Proposal } from "../domain/proposal.ts";
import { includesRole, type Role } from "../domain/role.ts";
import type { TenantSettings } from "./settings.ts";

export interface ApprovalRequirement {
  readonly role: Role;
  /** How many different people. */
  readonly people: number;
  /** Whether whoever asked may be one of them. */
  readonly requesterMay: boolean;
}

/** Somebody who approves. */
export interface Voter {
  readonly principal: string;
  /** Who let them approve in their stead; null when they use their own right. */
  readonly onBehalfOf: string | null;
  /** What whoever authenticated them said of their own right; without it, the tenant's members count. */
  readonly role?: Role | null | undefined;
}

/** With the role of whose right it is; null for none. */
export type VoterWithRole = Omit<Voter, "role"> & { readonly role: Role | null };

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

const isRequesters = ({ principal, onBehalfOf }: Voter, requester: string): boolean =>
  principal === requester || onBehalfOf === requester;

/** Why somebody may not approve, or undefined. */
export function objectionTo(
  { role: needed, requesterMay }: ApprovalRequirement,
  { voter, requester }: { voter: VoterWithRole; requester: string },
): string | undefined {
  const { role } = voter;
  if (!includesRole(role, needed)) {
    const whose = voter.onBehalfOf ?? voter.principal;
    return `This takes the role ${needed}; ${whose} has ${role === null ? "none" : `the role ${role}`}.`;
  }
  if (requesterMay || !isRequesters(voter, requester)) return undefined;
  return `"${requester}" asked for this and may not approve it${voter.onBehalfOf === null ? "" : ", nor in another's stead, nor by another"}.`;
}

/** How many people those are: whoever acts for another is one with them, and with whoever else does. */
export function countPeople(voters: readonly Voter[]): number {
  let groups: Set<string>[] = [];
  for (const { principal, onBehalfOf } of voters) {
    const names = [principal, ...(onBehalfOf === null ? [] : [onBehalfOf])];
    const touched = groups.filter((group) => names.some((name) => group.has(name)));
    groups = [
      ...groups.filter((group) => !touched.includes(group)),
      new Set([...names, ...touched.flatMap((group) => [...group])]),
    ];
  }
  return groups.length;
}

/** Why the approvals that were given are too few by now, or undefined. */
export function tooFew(
  requirement: ApprovalRequirement,
  { voters, requester }: { voters: readonly VoterWithRole[]; requester: string },
): string | undefined {
  const refused = voters.filter((voter) => objectionTo(requirement, { voter, requester }) !== undefined);
  const count = countPeople(voters.filter((voter) => !refused.includes(voter)));
  if (count >= requirement.people) return undefined;
  const [first] = refused;
  if (!first) return `The settings now ask for ${requirement.people} people, and ${count} approved.`;
  if (!includesRole(first.role, requirement.role)) {
    const whose = first.onBehalfOf ?? first.principal;
    return `It takes the role ${requirement.role} now, and ${whose} has ${first.role === null ? "none" : `the role ${first.role}`}.`;
  }
  return "The settings now ask for somebody other than who requested it.";
}
