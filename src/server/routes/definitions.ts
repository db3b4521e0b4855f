/** What plans may call, and the plans themselves. */
import { z } from "@hono/zod-openapi";
import type { JsonObject } from "../../domain/json.ts";
import { jsonSchemaOf } from "../../domain/json-schema.ts";
import { PLAN_STEP } from "../../domain/plan-proposal.ts";
import type { Run } from "../../domain/run.ts";
import { HoldpointError } from "../../errors.ts";
import { findLatestProposal } from "../../ledger/proposals.ts";
import { findLatestRevision } from "../../ledger/revisions.ts";
import type { Action } from "../../tools/action.ts";
import { callSettings } from "../../tools/call-settings.ts";
import { type AnyEndpoint, endpoint, type Reply } from "../endpoint.ts";
import { HttpProblem } from "../problem.ts";
import { DefinitionSchema, PlanBody, PlanViewSchema, RunParams, ThreadSchema } from "../schemas.ts";
import { assertMeant, etagOf } from "../views.ts";
import { decideOnly } from "./approvals.ts";
import { type AnyCall, findNamed, findNewest } from "./runs.ts";

function describe(action: Action) {
  const { name, kind, version, title, description } = action;
  const { timeoutMs, retry, breaker } = callSettings(action);
  const about = {
    ...{ name, kind, version, title, description, timeoutMs, retry, breaker },
    untrustedOutput: action.untrustedOutput ?? false,
    input: jsonSchemaOf(action.input, "input"),
    output: jsonSchemaOf(action.output, "output"),
    ...(action.example === undefined ? {} : { example: action.example }),
  };
  if (action.kind === "read") return about;
  const { reversibility, idempotent, undoWindowMs = null } = action;
  return { ...about, reversibility, idempotent, undoWindowMs, undo: action.undo !== undefined };
}

const path = "/api/v1/actions/definitions";

const definitionEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "listDefinitions", method: "get", path, tag: "Definitions", operation: "viewActions" },
    summary: "What a plan may call",
    answers: {
      200: {
        description: "The actions of the tenant.",
        schema: z.object({ definitions: z.array(DefinitionSchema) }).openapi("Definitions"),
      },
    },
    run: async ({ runtime, identity }) => {
      return { status: 200, body: { definitions: runtime.registry.of(identity.tenant).actions.map(describe) } };
    },
  }),
  endpoint({
    ...{ id: "getDefinition", method: "get", path: `${path}/{name}`, tag: "Definitions", operation: "viewActions" },
    summary: "What an action takes and puts out, how it is called, and whether it can be undone",
    params: z.object({ name: z.string().min(1).max(100) }),
    answers: { 200: { description: "The action.", schema: DefinitionSchema } },
    run: async ({ runtime, identity, params }) => {
      const action = runtime.registry.of(identity.tenant).find(params.name);
      if (action) return { status: 200, body: describe(action) };
      throw new HttpProblem("not_found", `There is no action "${params.name}".`, { hint: `See GET ${path}.` });
    },
  }),
];

async function planOf({ runtime, identity }: AnyCall, run: Run) {
  const { tenant } = identity;
  const revision = await findLatestRevision(runtime.ledger, tenant, run.id);
  if (!revision) throw new HttpProblem("not_found", `Run "${run.id}" has no plan.`, { hint: "It may have none yet." });
  const latest = await findLatestProposal(runtime.ledger, tenant, run.id);
  const isOpen = latest?.kind === "plan" && latest.status === "pending" && latest.revision === revision.number;
  return { revision, proposal: isOpen ? latest : undefined };
}

async function editPlan(call: AnyCall): Promise<Reply> {
  const run = await findNewest(call.runtime, call.identity, call.params.id);
  const { revision, proposal } = await planOf(call, run);
  assertMeant(call.headers, etagOf(revision.digest));
  if (!proposal) {
    throw new HoldpointError(
      "not_paused",
      `The plan of run "${run.id}" does not wait for a person: it cannot be changed.`,
      {
        hint: "Plans wait where the setting planReview says so; see docs/policy.md.",
      },
    );
  }
  const { reason, ...plan } = call.body as z.output<typeof PlanBody>;
  const edit = {
    type: "edit" as const,
    step: PLAN_STEP,
    editedAction: { args: JSON.parse(JSON.stringify(plan)) as JsonObject },
  };
  const decision = { ...edit, ...(reason ? { message: reason } : {}) };
  const headers = new Headers(call.headers);
  headers.delete("if-match"); // it was of the revision
  return await decideOnly({ ...call, headers }, proposal, { proposalId: proposal.id, decisions: [decision] });
}

const planEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "getPlan", method: "get", path: "/api/v1/runs/{id}/plan", tag: "Plans", operation: "show" },
    summary: "The plan of a run, as it is now",
    params: RunParams,
    answers: { 200: { description: "The newest revision; its ETag goes into `If-Match`.", schema: PlanViewSchema } },
    run: async (call) => {
      const run = await findNamed(call.runtime, call.identity, call.params.id);
      const { revision, proposal } = await planOf(call, run);
      const { number, verdict, plan, findings, digest } = revision;
      const body = {
        runId: run.id,
        threadId: run.threadId,
        number,
        verdict,
        plan,
        findings,
        editable: proposal !== undefined,
      };
      return { status: 200, body, headers: { etag: etagOf(digest) } };
    },
  }),
  endpoint({
    ...{ id: "editPlan", method: "put", path: "/api/v1/runs/{id}/plan", tag: "Plans", operation: "answer" },
    summary: "Change a plan that waits for a person",
    description: "It becomes a new revision, which is checked like any plan, and waits for a person again.",
    ...{ params: RunParams, body: PlanBody, versioned: true },
    answers: {
      200: { description: "It was changed, and waits again.", schema: ThreadSchema },
      202: { description: "It was changed, and is being checked.", schema: ThreadSchema },
    },
    run: editPlan,
  }),
];

export const definitionAndPlanEndpoints: readonly AnyEndpoint[] = [...definitionEndpoints, ...planEndpoints];
