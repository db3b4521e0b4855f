/** For whoever runs the system: whether it lives, what it counts, and what is done although nobody asks. */
import { z } from "@hono/zod-openapi";
import { sql } from "kysely";
import { maintainOnce } from "../../work/maintain.ts";
import { readMetrics } from "../../work/metrics.ts";
import { assertOperating } from "../../work/operating.ts";
import { recoverRuns } from "../../work/recover.ts";
import { reseedStore } from "../../work/reseed.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { callerOf } from "./runs.ts";

const StatusSchema = z.object({ status: z.enum(["ok", "unavailable", "stopping"]) }).openapi("Status");

/** For anybody, known or not; they say nothing of what is in it. */
export const openEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "health", method: "get", path: "/health", tag: "System", operation: null },
    summary: "Whether the process lives",
    answers: { 200: { description: "It does.", schema: StatusSchema } },
    run: async () => ({ status: 200, body: { status: "ok" } }),
  }),
  endpoint({
    ...{ id: "ready", method: "get", path: "/ready", tag: "System", operation: null },
    summary: "Whether it can take requests: the ledger answers, and nobody asked it to stop",
    answers: {
      200: { description: "It can.", schema: StatusSchema },
      503: { description: "It cannot, for now.", schema: StatusSchema },
    },
    run: async ({ runtime, served }) => {
      if (served.control.drainRequested) return { status: 503, body: { status: "stopping" } };
      try {
        await sql`select 1`.execute(runtime.ledger);
        return { status: 200, body: { status: "ok" } };
      } catch (error) {
        served.log.error({ err: error }, "the ledger does not answer");
        return { status: 503, body: { status: "unavailable" } };
      }
    },
  }),
];

export const systemEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "whoAmI", method: "get", path: "/api/v1/me", tag: "System", operation: null },
    summary: "Who calls, by the key or the token",
    answers: {
      200: {
        description: "The caller.",
        schema: z.object({ tenant: z.string(), principal: z.string() }).openapi("Caller"),
      },
    },
    run: async ({ identity: { tenant, principal } }) => ({ status: 200, body: { tenant, principal } }),
  }),
  endpoint({
    ...{ id: "reseed", method: "post", path: "/api/v1/store/reseed", tag: "System", operation: "reseed" },
    summary: "Give the example store its initial data again",
    description: "For admins of the tenant `default`.",
    answers: {
      200: {
        description: "What is in it.",
        schema: z.object({ tables: z.array(z.looseObject({ table: z.string() })) }).openapi("Store"),
      },
    },
    run: async ({ runtime, identity }) => {
      assertOperating(identity);
      await reseedStore(runtime, identity);
      return { status: 200, body: { tables: runtime.store.snapshot() } };
    },
  }),
  endpoint({
    ...{ id: "getMetrics", method: "get", path: "/metrics", tag: "System", operation: "metrics" },
    summary: "Counts of every tenant, in the text format of Prometheus",
    description: "For admins of the tenant `default`. See docs/metrics.md.",
    answers: { 200: { description: "The metrics.", schema: z.string(), type: "text/plain; version=0.0.4" } },
    run: async ({ runtime, identity }) => {
      assertOperating(identity);
      const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" };
      return { status: 200, text: await readMetrics(runtime), headers };
    },
  }),
  endpoint({
    ...{ id: "maintain", method: "post", path: "/api/v1/maintenance", tag: "System", operation: "maintain" },
    summary: "One pass of maintenance over all tenants",
    description: "For admins of the tenant `default`. The server makes one each minute.",
    answers: {
      200: {
        description: "What was done, and what could not be.",
        schema: z
          .looseObject({ at: z.string(), done: z.array(z.looseObject({})), failures: z.array(z.looseObject({})) })
          .openapi("Maintenance"),
      },
    },
    run: async ({ runtime, identity, served }) => {
      assertOperating(identity);
      const report = await runtime.track(maintainOnce(runtime, { control: served.control, unasked: false }));
      return { status: 200, body: report };
    },
  }),
  endpoint({
    ...{ id: "recover", method: "post", path: "/api/v1/runs/recover", tag: "Runs", operation: "recover" },
    summary: "Carry on every run of the tenant that a crash left",
    answers: {
      200: {
        description: "What became of them.",
        schema: z
          .object({ recovered: z.array(z.looseObject({ threadId: z.string(), outcome: z.string() })) })
          .openapi("Recovered"),
      },
    },
    run: async (call) => {
      const { runtime } = call;
      return {
        status: 200,
        body: { recovered: await runtime.track(recoverRuns(runtime, callerOf(call), { unasked: false })) },
      };
    },
  }),
];
