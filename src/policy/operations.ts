/** Which role each operation takes: the one table, which docs/policy.md shows. */
import type { Role } from "../domain/role.ts";

/**
 * Approving takes what the tenant's settings say of its impact, besides `answer`. Somebody who acts for another by a
 * delegation may approve without `answer`, and nothing else.
 */
export const OPERATIONS = {
  show: "viewer",
  list: "viewer",
  explain: "viewer",
  viewSettings: "viewer",
  viewMembers: "viewer",
  viewDelegations: "viewer",
  viewNotices: "viewer",
  viewStats: "viewer",
  testPolicy: "viewer",
  viewPlaybooks: "viewer",
  viewActions: "viewer",
  testActions: "viewer",
  ask: "operator",
  answer: "operator",
  cancel: "operator",
  resume: "operator",
  recover: "operator",
  delegate: "operator",
  rollback: "approver",
  changeSettings: "admin",
  changeMembers: "admin",
  viewKeys: "admin",
  changeKeys: "admin",
  acceptTools: "admin",
  audit: "admin",
  forget: "admin",
  maintain: "admin",
  metrics: "admin",
  serve: "admin",
  reseed: "admin",
} as const satisfies Record<string, Role>;

export type Operation = keyof typeof OPERATIONS;
