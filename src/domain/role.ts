/** Roles: who may do what, from little to much. */
import { z } from "zod";

/** Each includes those before it. */
export const RoleSchema = z.enum(["viewer", "operator", "approver", "admin"]);
export type Role = z.infer<typeof RoleSchema>;

/** Whether a role includes another; who has none has nothing. */
export const includesRole = (has: Role | null, needed: Role): boolean =>
  has !== null && RoleSchema.options.indexOf(has) >= RoleSchema.options.indexOf(needed);
