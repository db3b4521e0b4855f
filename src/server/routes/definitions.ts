/** What plans may call, and the plans themselves. */
import { z } from "@hono/zod-openapi";
import type { JsonObject } from "../../domain/json.ts";
import { PLAN_STEP } from "../../domain/plan-proposal.ts";
import type { Run } from "../../domain/run.ts";
import { HoldpointError } from "../../errors.ts";
import { findLatestProposal } from "../../ledger/proposals.ts";
import { findLatestRevision } from "../../ledger/revisions.ts";
import { acceptTools } from "../../work/accept-tools.ts";
import { describeAction, describeActions, listWaitingTools } from "../../work/actions.ts";
import { type AnyEndpoint, endpoint, type Reply } from "../endpoint.ts";
import { HttpProblem } from "../problem.ts";
import { DefinitionSchema, PlanBody, PlanViewSchema, RunParams, ThreadSchema } from "../schemas.ts";
import { assertMeant, etagOf } from "../views.ts";
import { decideOnly } from "./approvals.ts";
import { type AnyCall, findNamed, findNewest } from "./runs.ts";

const path = "/api/v1/actions/definitions";

const ToolsSchema = z.object({ tools: z.array(z.looseObject({})), unreachable: z.array(z.looseObject({})) });

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
      return { status: 200, body: { definitions: await describeActions(runtime, identity) } };
    },
  }),
  endpoint({
    ...{ id: "getDefinition", method: "get", path: `${path}/{name}`, tag: "Definitions", operation: "viewActions" },
    summary: "What an action takes and puts out, how it is called, and whether it can be undone",
    params: z.object({ name: z.string().min(1).max(100) }),
    answers: { 200: { description: "The action.", schema: DefinitionSchema } },
    run: async ({ runtime, identity, params }) => {
      if (runtime.registry.of(identity.tenant).find(params.name)) {
        return { status: 200, body: await describeAction(runtime, identity, params.name) };
      }
      throw new HttpProblem("not_found", `There is no action "${params.name}".`, { hint: `See GET ${path}.` });
    },
  }),
  endpoint({
    ...{ id: "listTools", method: "get", path: "/api/v1/actions/tools", tag: "Definitions", operation: "viewActions" },
    summary: "What MCP servers offer that nobody has accepted yet",
    answers: {
      200: {
        description: "The tools, and the servers that could not be asked; null where no servers are configured.",
        schema: z.object({ waiting: ToolsSchema.nullable() }).openapi("WaitingTools"),
      },
    },
    run: async ({ runtime, identity }) => {
      return { status: 200, body: { waiting: await listWaitingTools(runtime, identity) } };
    },
  }),
  endpoint({
    ...{
      id: "acceptTools",
      method: "post",
      path: "/api/v1/actions/tools",
      tag: "Definitions",
      operation: "acceptTools",
    },
    summary: "Take tools of MCP servers as they are now",
    description: "For admins of the tenant `default`. They are called so from the server's next start on.",
    body: z.strictObject({ name: z.string().min(1).max(200).optional().describe("Default: all.") }).openapi("Accept"),
    answers: {
      200: {
        description: "What was accepted, and the servers that could not be asked.",
        schema: z.looseObject({ accepted: z.array(z.looseObject({})) }).openapi("AcceptedTools"),
      },
    },
    run: async ({ runtime, identity, body }) => {
      return { status: 200, body: await acceptTools(runtime, identity, body.name) };
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
