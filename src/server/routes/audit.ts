/** The audit log, for the admins of a tenant. */
import { z } from "@hono/zod-openapi";
import { pageOfAudit } from "../../ledger/audit.ts";
import { takeAnchor } from "../../work/anchor.ts";
import { checkLog, exportLog } from "../../work/audit.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { PageQuery, Time } from "../schemas.ts";

const EntrySchema = z
  .object({
    seq: z.int(),
    at: Time,
    principal: z.string(),
    event: z.string(),
    runId: z.string().nullable(),
    data: z.looseObject({}),
    hash: z.string(),
  })
  .openapi("AuditEntry");

const checkAnswer = {
  200: {
    description: "`fault` names the first entry that does not fit; null where the log is whole.",
    schema: z
      .looseObject({ entries: z.int(), removed: z.int(), fault: z.looseObject({ message: z.string() }).nullable() })
      .openapi("AuditCheck"),
  },
};

/** The head of a log, as it was at a time. */
const AnchorSchema = z
  .strictObject({
    tenant: z.string().max(100),
    seq: z.int().min(0).max(999_999_999),
    hash: z.string().max(200),
    at: z.string().max(100),
  })
  .openapi("Anchor");

const seq = z.coerce.number().int().min(1).max(999_999_999);

export const auditEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "listAudit", method: "get", path: "/api/v1/audit", tag: "Audit", operation: "audit" },
    summary: "Who did what, when; newest first",
    query: z.strictObject({
      limit: PageQuery.shape.limit,
      cursor: seq.optional().describe("`next` of the page before."),
      event: z.string().min(1).max(100).optional(),
      run: z.string().min(1).max(200).optional(),
      principal: z.string().min(1).max(100).optional(),
    }),
    answers: {
      200: {
        description: "A page of entries; what is in them is masked.",
        schema: z.object({ items: z.array(EntrySchema), next: z.int().nullable() }).openapi("AuditPage"),
      },
    },
    run: async ({ runtime, identity, query: { limit, cursor: before, event, run: runId, principal } }) => {
      const scope = { limit, before, event, runId, principal };
      return { status: 200, body: await pageOfAudit(runtime.ledger, identity.tenant, scope) };
    },
  }),
  endpoint({
    ...{ id: "verifyAudit", method: "get", path: "/api/v1/audit/verification", tag: "Audit", operation: "audit" },
    summary: "Whether no entry was altered, moved, added or taken away",
    answers: checkAnswer,
    run: async ({ runtime, identity }) => {
      return { status: 200, body: { tenant: identity.tenant, ...(await checkLog(runtime, identity, [])) } };
    },
  }),
  endpoint({
    ...{ id: "compareAudit", method: "post", path: "/api/v1/audit/verification", tag: "Audit", operation: "audit" },
    summary: "The same, and whether the log still leads to heads that were kept outside",
    body: z.strictObject({ anchors: z.array(AnchorSchema).min(1).max(10_000) }).openapi("Anchors"),
    answers: checkAnswer,
    run: async ({ runtime, identity, body }) => {
      return { status: 200, body: { tenant: identity.tenant, ...(await checkLog(runtime, identity, body.anchors)) } };
    },
  }),
  endpoint({
    ...{ id: "getAuditHead", method: "get", path: "/api/v1/audit/head", tag: "Audit", operation: "audit" },
    summary: "The last entry's number and hash, to be kept outside",
    answers: { 200: { description: "The head.", schema: AnchorSchema } },
    run: async ({ runtime, identity }) => ({ status: 200, body: await takeAnchor(runtime, identity) }),
  }),
  endpoint({
    ...{ id: "exportAudit", method: "get", path: "/api/v1/audit/export", tag: "Audit", operation: "audit" },
    summary: "The entries as JSON lines, which can be verified without the database",
    query: z.strictObject({ from: seq.optional(), to: seq.optional() }),
    answers: { 200: { description: "The lines.", schema: z.string(), type: "application/jsonl" } },
    run: async ({ runtime, identity, query }) => {
      const lines = exportLog(runtime, identity, query);
      // The first lines are made before anything is answered: what goes wrong then is a problem document.
      const first = await lines.next();
      const encoder = new TextEncoder();
      let next: Promise<IteratorResult<string, unknown>> = Promise.resolve(first);
      const text = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { value, done } = await next;
          if (done) return controller.close();
          controller.enqueue(encoder.encode(value));
          next = lines.next();
          next.catch(() => undefined); // it is thrown where it is awaited
        },
        cancel: async () => void (await lines.return(undefined)),
      });
      const disposition = 'attachment; filename="audit.jsonl"';
      const headers = {
        "content-type": "application/jsonl",
        "content-disposition": disposition,
        "cache-control": "no-store",
      };
      return { status: 200, text, headers };
    },
  }),
];
