/** Who calls a server: by an API key, or by a token of the configured issuer. Nothing else that a client sends counts. */
import type { TokenSettings } from "../../config.ts";
import type { Identity } from "../../domain/run.ts";
import { HoldpointError } from "../../errors.ts";
import { findKey, identityOfKey } from "../../ledger/api-keys.ts";
import type { Ledger } from "../../ledger/database.ts";
import { DEVELOPMENT_IDENTITY } from "../../nodes/deps.ts";
import { createTokenCheck } from "./tokens.ts";

export interface Authenticated {
  readonly identity: Identity;
  /** What is counted by: the key's id, or issuer and subject. */
  readonly countedBy: string;
  readonly by: "key" | "token" | "development";
}

export interface Authenticator {
  /**
   * @throws HoldpointError `unauthenticated`; `denied` when a token says neither whose nor as what; `storage` when the
   * issuer's keys cannot be had
   */
  authenticate(headers: Headers): Promise<Authenticated>;
}

/** Longer ones are refused unread. */
const MAX_CREDENTIAL = 16_384;
const HINT = "Send `Authorization: Bearer` with an API key or a token; see docs/authentication.md.";
const refused = (message: string): HoldpointError => new HoldpointError("unauthenticated", message, { hint: HINT });

/** @param parts with `development`, whoever sends no credential at all is the one development identity */
export function createAuthenticator(parts: {
  ledger: Ledger;
  /** ISO 8601 UTC. */
  now(): string;
  tokens?: TokenSettings | undefined;
  development?: boolean | undefined;
}): Authenticator {
  const { ledger, now, tokens, development = false } = parts;
  const checkToken = tokens && createTokenCheck(tokens, now);
  const byKey = async (secret: string): Promise<Authenticated> => {
    const key = await findKey(ledger, secret, now());
    if (!key) throw refused("The API key is not taken.");
    return { identity: identityOfKey(key), countedBy: key.id, by: "key" };
  };
  const byToken = async (token: string): Promise<Authenticated> => {
    if (!checkToken) throw refused("The token is not taken: no issuer is configured.");
    const { identity, subject } = await checkToken(token);
    return { identity, countedBy: `${tokens.issuer} ${subject}`, by: "token" };
  };
  return {
    authenticate: async (headers) => {
      const sent = credentialIn(headers);
      if (sent !== undefined) return await (sent.startsWith("hp_") ? byKey : byToken)(sent);
      if (development) return { identity: DEVELOPMENT_IDENTITY, countedBy: "development", by: "development" };
      throw refused("Nobody said who calls.");
    },
  };
}

/** What was sent, or undefined when nothing was. @throws HoldpointError `unauthenticated` when it is nothing that is taken */
function credentialIn(headers: Headers): string | undefined {
  const authorization = headers.get("authorization");
  const bearer = authorization === null ? undefined : (/^bearer +([^\s,]+)$/i.exec(authorization)?.[1] ?? null);
  const key = headers.get("x-api-key") ?? undefined;
  if (bearer === null) throw refused("The header Authorization is not `Bearer` with one credential.");
  if (key !== undefined && !key.startsWith("hp_")) throw refused("The header X-Api-Key holds no API key.");
  if (bearer !== undefined && key !== undefined && bearer !== key) {
    throw refused("The headers Authorization and X-Api-Key say different things.");
  }
  const sent = bearer ?? key;
  if (sent !== undefined && sent.length > MAX_CREDENTIAL) throw refused("The credential is too long.");
  return sent;
}
