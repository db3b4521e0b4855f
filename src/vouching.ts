/**
 * How the graph knows, inside a server, that the user it is given was found by Holdpoint's own authentication: the user
 * carries a proof that only this program can make. Servers keep the user where clients can read it, and one without
 * authentication takes it from the client.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { RoleSchema } from "./domain/role.ts";
import type { Identity } from "./domain/run.ts";

const UserSchema = z.object({
  tenant: z.string().min(1).max(100),
  principal: z.string().min(1).max(100),
  role: RoleSchema.optional(),
  scopes: z.array(z.string()).optional(),
  proof: z.string(),
});

/** An identity with its proof: plain data, which may pass through a server's own storage. */
export type VouchedUser = Identity & { readonly proof: string };

const held = { key: randomBytes(32), required: false };

/**
 * @param settings `secret`: makes proofs that other processes with the same secret take, too; without it they hold in this
 * process. `required`: whoever is not vouched for is nobody
 */
export function setUpVouching({ secret, required }: { secret?: Buffer | undefined; required: boolean }): void {
  if (secret) held.key = createHmac("sha256", secret).update("holdpoint vouching").digest();
  held.required = required;
}

/** Whether somebody who is not vouched for is nobody, rather than the one development identity. */
export const isVouchingRequired = (): boolean => held.required;

/** HMAC-SHA256 (RFC 2104) over what is vouched for. */
const proofOf = ({ tenant, principal, role, scopes }: Identity): string =>
  createHmac("sha256", held.key)
    .update(JSON.stringify([tenant, principal, role ?? null, scopes ?? null]))
    .digest("base64url");

export const vouchFor = (identity: Identity): VouchedUser => ({ ...identity, proof: proofOf(identity) });

/** The identity of a user that {@link vouchFor} made, or undefined. */
export function vouchedIdentity(user: unknown): Identity | undefined {
  const parsed = UserSchema.safeParse(user);
  if (!parsed.success) return undefined;
  const { proof, ...identity } = parsed.data;
  const [given, expected] = [proof, proofOf(identity)].map((text) => Buffer.from(text));
  return given && expected && given.length === expected.length && timingSafeEqual(given, expected)
    ? identity
    : undefined;
}
