/** API keys. A secret is answered once, and is never kept. */
import { z } from "@hono/zod-openapi";
import { RoleSchema } from "../../domain/role.ts";
import { createKey, revokeKey, rotateKey } from "../../ledger/api-keys.ts";
import { viewKeys } from "../../work/look.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { GivenTime, Time } from "../schemas.ts";

const KeySchema = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    principal: z.string(),
    role: RoleSchema,
    scopes: z.array(z.string()).nullable(),
    createdAt: Time,
    expiresAt: z.string().nullable(),
    lastUsedAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
  })
  .openapi("Key");
const SecretSchema = z.object({ key: KeySchema, secret: z.string().describe("Shown this once.") }).openapi("Secret");

const KeyParams = z.object({ key: z.string().min(1).max(100).describe("A key's id.") });
const path = "/api/v1/keys";
const word = z.string().min(1).max(100);

export const keyEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "listKeys", method: "get", path, tag: "Keys", operation: "viewKeys" },
    summary: "The keys there are, without their secrets",
    answers: {
      200: { description: "The keys.", schema: z.object({ keys: z.array(KeySchema) }).openapi("Keys") },
    },
    run: async ({ runtime, identity }) => ({ status: 200, body: { keys: await viewKeys(runtime, identity) } }),
  }),
  endpoint({
    ...{ id: "createKey", method: "post", path, tag: "Keys", operation: "changeKeys", once: false },
    summary: "Make a key",
    description: "Its secret is answered once and kept nowhere: where the answer is lost, revoke it and make another.",
    body: z
      .strictObject({
        name: word,
        role: RoleSchema,
        principal: word.optional().describe("As whom it acts. Default: its name."),
        scopes: z.array(word).max(100).optional().describe("The only operations that it is for; see docs/policy.md."),
        expiresAt: GivenTime.optional(),
      })
      .openapi("NewKey"),
    answers: { 201: { description: "The key and its secret.", schema: SecretSchema } },
    run: async ({ runtime, identity, body }) => {
      return { status: 201, body: await createKey(runtime.ledger, { ...identity, at: runtime.now() }, body) };
    },
  }),
  endpoint({
    ...{ id: "rotateKey", method: "post", path: `${path}/{key}/rotate`, tag: "Keys", operation: "changeKeys" },
    once: false,
    summary: "Give a key another secret; the one before is taken for another day",
    params: KeyParams,
    body: z.strictObject({ now: z.boolean().default(false).describe("End the one before at once.") }).openapi("Rotate"),
    answers: { 200: { description: "The key and its secret.", schema: SecretSchema } },
    run: async ({ runtime, identity, params, body: { now } }) => {
      const stamp = { ...identity, at: runtime.now() };
      return { status: 200, body: await rotateKey(runtime.ledger, stamp, params.key, { now }) };
    },
  }),
  endpoint({
    ...{ id: "revokeKey", method: "delete", path: `${path}/{key}`, tag: "Keys", operation: "changeKeys" },
    summary: "End a key for good",
    params: KeyParams,
    answers: { 200: { description: "The key.", schema: z.object({ key: KeySchema }).openapi("RevokedKey") } },
    run: async ({ runtime, identity, params }) => {
      const key = await revokeKey(runtime.ledger, { ...identity, at: runtime.now() }, params.key);
      return { status: 200, body: { key } };
    },
  }),
];
