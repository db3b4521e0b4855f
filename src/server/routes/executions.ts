/** Executions: every write that was ever proposed, with what was decided of it and what came of it. */
import type { z } from "@hono/zod-openapi";
import type { Carried, CarriedQuery } from "../../ledger/pages.ts";
import { findCarried, type Place, pageOfCarried } from "../../ledger/pages.ts";
import { rollBackThread } from "../../work/threads.ts";
import { type AnyEndpoint, endpoint, type Reply } from "../endpoint.ts";
import { HttpProblem } from "../problem.ts";
import {
  ExecutionPageSchema,
  ExecutionParams,
  ExecutionRollbackSchema,
  ExecutionSchema,
  ExecutionsQuery,
  ReasonBody,
  RejectBody,
  RollbackReportView,
  ThreadSchema,
} from "../schemas.ts";
import {
  etagOf,
  executionId,
  executionsOf,
  parseExecutionId,
  proposalStatuses,
  readCursor,
  writeCursor,
} from "../views.ts";
import { decideOnly } from "./approvals.ts";
import { type AnyCall, callerOf, findNewest } from "./runs.ts";

/** So many proposals are looked at for a page: one that finds little says where to go on. */
const MAX_LOOKED_AT = 1000;

type Execution = ReturnType<typeof executionsOf>[number];

async function listExecutions({ runtime, identity, query }: AnyCall): Promise<Reply> {
  const given = query as z.output<typeof ExecutionsQuery>;
  const { limit, cursor, status, action, run: runId, thread: threadId, since, until } = given;
  const fits = (one: Execution) =>
    (status === undefined || one.status === status) && (action === undefined || one.action === action);
  const scope = { runId, threadId, since, until, statuses: proposalStatuses(status) };
  const items: Execution[] = [];
  let place: Place | null | undefined = readCursor(cursor);
  const size = Math.max(limit, 50);
  for (let looked = 0; looked < MAX_LOOKED_AT && items.length < limit && place !== null; looked += size) {
    const query: CarriedQuery = { ...scope, limit: size, after: place };
    const page = await pageOfCarried(runtime.ledger, identity.tenant, query);
    place = page.next;
    for (const carried of page.items) {
      items.push(...executionsOf(carried).filter(fits));
      if (items.length < limit) continue;
      // The actions of a proposal stay together: a page may hold some more than asked for.
      const { createdAt: at, id } = carried.proposal;
      if (page.next !== null || carried !== page.items.at(-1)) place = { at, id };
      break;
    }
  }
  return { status: 200, body: { items, next: place ? writeCursor(place) : null } };
}

async function getExecution(call: AnyCall): Promise<{ carried: Carried; execution: Execution }> {
  const { proposalId, step } = parseExecutionId(call.params.id);
  const carried = await findCarried(call.runtime.ledger, call.identity.tenant, proposalId);
  const execution = carried && executionsOf(carried).find((one) => one.step === step);
  if (execution) return { carried, execution };
  throw new HttpProblem("not_found", `There is no execution "${call.params.id}".`, {
    hint: "See `GET /api/v1/actions/executions` for those there are.",
  });
}

/** @throws HttpProblem `decide_together` when the proposal has more actions: nobody says yes to what was not on the page */
async function getOnly(call: AnyCall): Promise<Carried> {
  const { carried } = await getExecution(call);
  const { id, actions } = carried.proposal;
  if (actions.length === 1) return carried;
  const others = actions.map(({ step }) => executionId(id, step)).join(", ");
  throw new HttpProblem(
    "decide_together",
    `It is one of ${actions.length} actions that are decided together: ${others}.`,
    {
      hint: `Say of each what is to become of it: POST /api/v1/actions/approvals/${id}/decide.`,
    },
  );
}

async function rollBack(call: AnyCall): Promise<Reply> {
  const { runtime, identity, body } = call;
  const { carried, execution } = await getExecution(call);
  const { reason = null, anyway, together } = body as z.output<typeof ExecutionRollbackSchema>;
  const { threadId } = await findNewest(runtime, identity, execution.runId);
  const scope = { limit: 200, runId: execution.runId, after: undefined };
  const all = (await pageOfCarried(runtime.ledger, identity.tenant, scope)).items.flatMap(executionsOf);
  const done = all.filter(({ executedAt }) => executedAt !== null).map(({ id }) => id);
  if (!together && done.length > 1) {
    throw new HttpProblem("rolls_back_together", `What the run did is undone as a whole: ${done.join(", ")}.`, {
      hint: 'Send { "together": true } to undo all of it.',
    });
  }
  if (execution.executedAt === null && !together) {
    throw new HttpProblem("nothing_to_undo", `"${execution.id}" was not carried out: it is ${execution.status}.`, {
      hint: carried.proposal.status === "pending" ? "Reject it instead." : "There is nothing to undo.",
    });
  }
  const report = await runtime.track(rollBackThread(runtime, callerOf(call), { threadId, reason, anyway }));
  return { status: 200, body: report };
}

const path = "/api/v1/actions/executions";
const decided = {
  200: { description: "It was decided, and the run has ended or waits again.", schema: ThreadSchema },
  202: { description: "It was decided, and the run goes on.", schema: ThreadSchema },
};

export const executionEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "listExecutions", method: "get", path, tag: "Executions", operation: "list" },
    summary: "Writes that were proposed, newest first",
    description:
      "A page may hold more than `limit`, since the actions of a proposal stay together, and fewer where a filter fits little: go on while `next` is given.",
    query: ExecutionsQuery,
    answers: { 200: { description: "A page of them.", schema: ExecutionPageSchema } },
    run: listExecutions,
  }),
  endpoint({
    ...{ id: "getExecution", method: "get", path: `${path}/{id}`, tag: "Executions", operation: "show" },
    summary: "A write that was proposed",
    params: ExecutionParams,
    answers: { 200: { description: "It; its ETag goes into `If-Match`.", schema: ExecutionSchema } },
    run: async (call) => {
      const { carried, execution } = await getExecution(call);
      return { status: 200, body: execution, headers: { etag: etagOf(carried.proposal.digest) } };
    },
  }),
  endpoint({
    ...{ id: "approveExecution", method: "post", path: `${path}/{id}/approve`, tag: "Executions", operation: "answer" },
    summary: "Approve the only action of a proposal",
    ...{ params: ExecutionParams, body: ReasonBody, versioned: true },
    answers: decided,
    run: async (call) => {
      const { proposal } = await getOnly(call);
      const { step } = parseExecutionId(call.params.id);
      return await decideOnly(call, proposal, { proposalId: proposal.id, decisions: [{ type: "approve", step }] });
    },
  }),
  endpoint({
    ...{ id: "rejectExecution", method: "post", path: `${path}/{id}/reject`, tag: "Executions", operation: "answer" },
    summary: "Reject the only action of a proposal",
    ...{ params: ExecutionParams, body: RejectBody, versioned: true },
    answers: decided,
    run: async (call) => {
      const { proposal } = await getOnly(call);
      const { step } = parseExecutionId(call.params.id);
      const decision = { type: "reject" as const, step, message: call.body.reason };
      return await decideOnly(call, proposal, { proposalId: proposal.id, decisions: [decision] });
    },
  }),
  endpoint({
    ...{
      id: "rollBackExecution",
      method: "post",
      path: `${path}/{id}/rollback`,
      tag: "Executions",
      operation: "rollback",
    },
    summary: "Undo what a run did",
    ...{ params: ExecutionParams, body: ExecutionRollbackSchema },
    answers: {
      200: { description: "What became of each effect.", schema: RollbackReportView },
    },
    run: rollBack,
  }),
];
