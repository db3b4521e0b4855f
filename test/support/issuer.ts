/** An issuer of tokens: a real key set at an address of this machine, and real tokens. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import { onTestFinished } from "vitest";

export interface Issuer {
  readonly url: string;
  readonly settings: {
    issuer: string;
    audience: string;
    jwksUrl: string;
    tenantClaim: string;
    rolesClaim: string;
  };
  /** Of the key that signs now. */
  readonly publicKey: () => CryptoKey;
  /** A token, valid unless told otherwise. */
  token(claims?: Record<string, unknown>, options?: { kid?: string; key?: CryptoKey; alg?: string }): Promise<string>;
  /** From now on another key signs, and only that is in the set. */
  rotate(): Promise<void>;
  /** How often the key set was asked for. */
  readonly asked: () => number;
  /** Answers with this instead of the key set. */
  fail(status: number | undefined): void;
  close(): Promise<void>;
}

const AUDIENCE = "holdpoint";

/** Closed with the test that is under way. */
export async function openIssuer(): Promise<Issuer> {
  let pair = await generateKeyPair("ES256");
  let kid = "key-1";
  let asked = 0;
  let failure: number | undefined;
  const server = createServer(async (_request, response) => {
    asked++;
    if (failure !== undefined) response.writeHead(failure).end();
    else {
      const key = { ...(await exportJWK(pair.publicKey)), kid, alg: "ES256", use: "sig" };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys: [key] }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const end = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  onTestFinished(end);
  return {
    url,
    settings: {
      ...{ issuer: url, audience: AUDIENCE, jwksUrl: `${url}/.well-known/jwks.json` },
      ...{ tenantClaim: "tenant", rolesClaim: "roles" },
    },
    publicKey: () => pair.publicKey,
    token: async (claims = {}, { kid: named = kid, key = pair.privateKey, alg = "ES256" } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: url, aud: AUDIENCE, sub: "alice", exp: now + 600, tenant: "acme", roles: ["operator"] };
      return await new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg, kid: named }).sign(key);
    },
    rotate: async () => {
      pair = await generateKeyPair("ES256");
      kid = `key-${Number(kid.slice(4)) + 1}`;
    },
    asked: () => asked,
    fail: (status) => {
      failure = status;
    },
    close: end,
  };
}
