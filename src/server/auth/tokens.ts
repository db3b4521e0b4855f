/** Tokens of an issuer (JWT, RFC 7519; RFC 8725 for what is checked), signed with a key of its JSON Web Key Set (RFC 7517). */
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import type { TokenSettings } from "../../config.ts";
import { type Role, RoleSchema } from "../../domain/role.ts";
import type { Identity } from "../../domain/run.ts";
import { HoldpointError } from "../../errors.ts";
import { toPrincipal } from "../../policy/principals.ts";

/** Only such that the issuer alone can sign: with a secret that both know, whoever checks could sign as well. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
/** In seconds. */
const CLOCK_TOLERANCE = 30;
/** How often the issuer is asked at most for a key that it had not, in milliseconds. */
const COOLDOWN_MS = 2_000;
const TIMEOUT_MS = 5_000;

/** What is said of somebody else's token is nothing that helps to make one. */
const HINT = "Get a new one from the issuer; see docs/authentication.md.";
const refused = (what: string): HoldpointError =>
  new HoldpointError("unauthenticated", `The token is not taken: ${what}.`, { hint: HINT });
const denied = (what: string, hint: string): HoldpointError => new HoldpointError("denied", what, { hint });

/**
 * @param now the time, ISO 8601 UTC
 * @returns checks a token, and says who it is of. That throws HoldpointError `unauthenticated` when it is not the issuer's
 * for this program or is over, `denied` when it names no tenant or no role, `storage` when the issuer's keys cannot be had
 */
export function createTokenCheck(
  settings: TokenSettings,
  now: () => string,
): (token: string) => Promise<{ identity: Identity; subject: string }> {
  const keys = createRemoteJWKSet(new URL(settings.jwksUrl), {
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: TIMEOUT_MS,
  });
  return async (token) => {
    const options = { issuer: settings.issuer, audience: settings.audience, algorithms: ALGORITHMS };
    const { payload } = await jwtVerify(token, keys, {
      ...options,
      clockTolerance: CLOCK_TOLERANCE,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(now()),
    }).catch((error: unknown) => {
      throw toError(error, settings);
    });
    const subject = String(payload.sub);
    const identity = { tenant: tenantOf(payload, settings), principal: principalOf(subject) };
    return { subject, identity: { ...identity, role: roleIn(payload, settings) } };
  };
}

/** What jose throws of a token, by its codes; whatever else it throws is of the key set. */
const REASONS: Readonly<Record<string, string>> = {
  [errors.JWTExpired.code]: "it is over",
  [errors.JWTInvalid.code]: "it is no JSON Web Token",
  [errors.JWSInvalid.code]: "it is no JSON Web Token",
  [errors.JWSSignatureVerificationFailed.code]: "its signature is not the issuer's",
  [errors.JOSEAlgNotAllowed.code]: "it is signed in a way that is not taken",
  [errors.JOSENotSupported.code]: "it is signed in a way that is not taken",
  [errors.JWKSNoMatchingKey.code]: "the issuer has no such key",
  [errors.JWKSMultipleMatchingKeys.code]: "it does not say with which key it is signed",
};

function toError(error: unknown, { jwksUrl }: TokenSettings): HoldpointError {
  if (error instanceof errors.JWTClaimValidationFailed) return refused(`its claim "${error.claim}" does not fit`);
  const reason = error instanceof errors.JOSEError ? REASONS[error.code] : undefined;
  if (reason !== undefined) return refused(reason);
  return new HoldpointError("storage", `The issuer's keys cannot be had from ${new URL(jwksUrl).origin}.`, {
    hint: "Nobody with a token can come in until they can; try again.",
    cause: error,
  });
}

/** A claim by its name, or by names with dots for one within others, such as `realm_access.roles`. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  return name.split(".").reduce<unknown>((value, part) => {
    const isObject = typeof value === "object" && value !== null;
    return isObject && Object.hasOwn(value, part) ? (value as Record<string, unknown>)[part] : undefined;
  }, payload);
}

function tenantOf(payload: JWTPayload, { tenantClaim }: TokenSettings): string {
  const tenant = claimOf(payload, tenantClaim);
  if (typeof tenant === "string" && /^[A-Za-z0-9._-]{1,100}$/.test(tenant)) return tenant;
  throw denied(
    `The token names no tenant in its claim "${tenantClaim}".`,
    "Expected 1 to 100 letters, digits, dots, dashes and underscores; see HOLDPOINT_JWT_TENANT_CLAIM.",
  );
}

/** The highest of those that are known. */
function roleIn(payload: JWTPayload, { rolesClaim }: TokenSettings): Role {
  const claim = claimOf(payload, rolesClaim);
  const named: readonly unknown[] =
    typeof claim === "string" ? claim.split(/[\s,]+/) : Array.isArray(claim) ? claim : [];
  const role = RoleSchema.options.findLast((known) => named.includes(known));
  if (role) return role;
  throw denied(
    `The token names no role in its claim "${rolesClaim}".`,
    `Expected one of: ${RoleSchema.options.join(", ")}; see HOLDPOINT_JWT_ROLES_CLAIM.`,
  );
}

/** Two subjects are never one person: one that would have to be changed to be a name is refused. */
function principalOf(subject: string): string {
  const fits = () => {
    try {
      return toPrincipal(subject) === subject;
    } catch {
      return false;
    }
  };
  if (fits()) return subject;
  throw denied(
    "The token's subject is no name for a person.",
    "Expected 1 to 100 printable characters, and none of the system's own names.",
  );
}
