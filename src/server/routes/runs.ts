/** Runs: asking, looking, going on, ending early, undoing. */

import { randomUUID } from "node:crypto";
import { z } from "@hono/zod-openapi";
import type { ProposalAnswer } from "../../domain/answer-formats.ts";
import { derivedId } from "../../domain/json.ts";
import type { Identity, Run } from "../../domain/run.ts";
import { HoldpointError } from "../../errors.ts";
import { listApprovals } from "../../ledger/approvals.ts";
import { findDecision } from "../../ledger/decisions.ts";
import { pageOfRuns } from "../../ledger/pages.ts";
import { findRun, findThreadRun } from "../../ledger/runs.ts";
import { runIdOf } from "../../messages.ts";
import type { Runtime } from "../../runtime.ts";
import { answerThread } from "../../work/answer.ts";
import { cancelThread } from "../../work/cancel.ts";
import { showThread } from "../../work/look.ts";
import { shown } from "../../work/shown.ts";
import {
  type Caller,
  continueThread,
  readThread,
  rollBackThread,
  startRequest,
  type ThreadView,
} from "../../work/threads.ts";
import { type AnyEndpoint, type Call, endpoint, type Reply } from "../endpoint.ts";
import { streamEvents } from "../events.ts";
import {
  CancelSchema,
  NewRunSchema,
  RecordSchema,
  ResumeSchema,
  RollbackReportView,
  RollbackSchema,
  RunPageSchema,
  RunParams,
  RunsQuery,
  ThreadSchema,
} from "../schemas.ts";
import { pageJson, readCursor } from "../views.ts";
import { settled } from "../wait.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever the call is about
export type AnyCall = Call<any, any, any>;

/** Who calls, for work that goes on after the answer: it does not end with the connection. */
export function callerOf({ identity, served }: Pick<AnyCall, "identity" | "served">): Caller {
  const onProgress: NonNullable<Caller["onProgress"]> = (event) => served.hub.tell(identity.tenant, event);
  return { identity, control: served.control, onProgress };
}

/** The run of an id, or the newest of a thread. @throws HoldpointError `unknown_thread` */
export async function findNamed({ ledger }: Runtime, { tenant }: Identity, id: string): Promise<Run> {
  const run = (await findRun(ledger, tenant, id)) ?? (await findThreadRun(ledger, tenant, id));
  if (run) return run;
  throw new HoldpointError("unknown_thread", `There is no run and no thread "${id}".`, {
    hint: "See `GET /api/v1/runs` for those there are.",
  });
}

/** What is done to a run is done to the newest of its thread. @throws HoldpointError `unknown_thread`, `not_paused` */
export async function findNewest(runtime: Runtime, identity: Identity, id: string): Promise<Run> {
  const run = await findNamed(runtime, identity, id);
  const newest = await findThreadRun(runtime.ledger, identity.tenant, run.threadId);
  if (!newest || newest.id === run.id) return run;
  throw new HoldpointError("not_paused", `Run "${run.id}" is over: another one followed on its thread.`, {
    hint: `The newest run of the thread is "${newest.id}".`,
  });
}

const view = (thread: ThreadView, status = 200): Reply => ({ status, body: shown(thread) });

/** What came of work, or where it stands while it is under way. */
export async function replyOf(
  call: AnyCall,
  work: Promise<ThreadView>,
  run: Pick<Run, "id" | "threadId">,
  isRecorded: () => Promise<boolean>,
): Promise<Reply> {
  const done = await settled(call, work, isRecorded);
  if (done) return view(done);
  return view(await readThread(call.runtime, call.identity, run.threadId, run.id), 202);
}

/** Whether a person's answer to a proposal is recorded: as the decision, or as one of several that it takes. */
export function isAnswered({ runtime, identity }: AnyCall, proposalId: string): () => Promise<boolean> {
  const { ledger } = runtime;
  const { tenant, principal } = identity;
  return async () =>
    (await findDecision(ledger, tenant, proposalId))?.principal === principal ||
    (await listApprovals(ledger, tenant, proposalId)).some((approval) => approval.principal === principal);
}

async function start(call: Call<unknown, unknown, z.output<typeof NewRunSchema>>): Promise<Reply> {
  const { body, key, identity, runtime } = call;
  const { tenant, principal } = identity;
  const messageId = key === undefined ? `msg_${randomUUID()}` : derivedId("msg", { tenant, principal, key });
  const threadId = body.thread ?? call.served.newThreadId(messageId);
  const runId = runIdOf(threadId, { id: messageId, text: body.request });
  const location = { location: `/api/v1/runs/${encodeURIComponent(runId)}` };
  const isThere = async () => (await findRun(runtime.ledger, tenant, runId)) !== undefined;
  if (await isThere()) {
    // The answer to it was lost: it is not asked for twice.
    return { ...view(await readThread(runtime, identity, threadId, runId), 201), headers: location };
  }
  const work = startRequest(runtime, callerOf(call), { request: body.request, threadId, messageId });
  const { status, body: told } = await replyOf(call, work, { id: runId, threadId }, isThere);
  return { status: status === 200 ? 201 : status, body: told, headers: location };
}

const answers = {
  200: { description: "As it stands now.", schema: ThreadSchema },
  202: { description: "It is recorded, and goes on.", schema: ThreadSchema },
};

export const runEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "startRun", method: "post", path: "/api/v1/runs", tag: "Runs", operation: "ask" },
    summary: "Ask for something",
    description:
      "Plans, reads, stages, and waits for whoever decides. The answer comes once the run has ended or waits, or after as long as `Prefer: wait=<seconds>` says (10 by default; `respond-async` for at once): the run goes on either way.",
    body: NewRunSchema,
    answers: {
      201: { description: "It was started, and has ended or waits.", schema: ThreadSchema },
      202: { description: "It was started, and goes on.", schema: ThreadSchema },
    },
    run: start,
  }),
  endpoint({
    ...{ id: "listRuns", method: "get", path: "/api/v1/runs", tag: "Runs", operation: "list" },
    summary: "The runs, newest first",
    query: RunsQuery,
    answers: { 200: { description: "A page of them.", schema: RunPageSchema } },
    run: async ({ runtime, identity, query }) => {
      const { limit, cursor, status, thread: threadId, requester } = query;
      const scope = { limit, after: readCursor(cursor), status, threadId, requester };
      const page = await pageOfRuns(runtime.ledger, identity.tenant, scope);
      return { status: 200, body: pageJson(page, (run) => run) };
    },
  }),
  endpoint({
    ...{ id: "getRun", method: "get", path: "/api/v1/runs/{id}", tag: "Runs", operation: "show" },
    summary: "A run as it stands",
    params: RunParams,
    answers: { 200: answers[200] },
    run: async ({ runtime, identity, params }) => {
      const { threadId, id } = await findNamed(runtime, identity, params.id);
      return view(await readThread(runtime, identity, threadId, id));
    },
  }),
  endpoint({
    ...{ id: "getRecord", method: "get", path: "/api/v1/runs/{id}/record", tag: "Runs", operation: "show" },
    summary: "Everything that is recorded of a thread's newest run",
    description:
      "Plans, reads, proposals, decisions, calls of models, measures, the audit log's entries, earlier runs.",
    params: RunParams,
    answers: { 200: { description: "The record.", schema: RecordSchema } },
    run: async ({ runtime, identity, params }) => {
      const { threadId } = await findNewest(runtime, identity, params.id);
      const { details } = await showThread(runtime, identity, threadId);
      return { status: 200, body: details };
    },
  }),
  endpoint({
    ...{ id: "streamRun", method: "get", path: "/api/v1/runs/{id}/events", tag: "Runs", operation: "show" },
    summary: "What happens to a run, as server-sent events",
    description:
      "`entry`: something was recorded; its `id` is the entry's number, and a stream with `Last-Event-ID` goes on after it. `run`: the run as it stands. `progress`: how far it has come. `end`: it has ended, and so does the stream.",
    params: RunParams,
    answers: { 200: { description: "The stream.", schema: z.string(), type: "text/event-stream" } },
    run: async (call) => await streamEvents(call, await findNamed(call.runtime, call.identity, call.params.id)),
  }),
  endpoint({
    ...{ id: "resumeRun", method: "post", path: "/api/v1/runs/{id}/resume", tag: "Runs", operation: "answer" },
    summary: "Answer what a run asks, or let it go on",
    description:
      "With an answer, in any of the formats of docs/server.md, what is asked is answered. Without one, a run goes on that is paused or that a crash left.",
    params: RunParams,
    body: ResumeSchema,
    answers,
    run: async (call) => {
      const { runtime, identity, params, body } = call;
      const run = await findNewest(runtime, identity, params.id);
      if (body.answer === undefined) {
        const isTaken = async () => (await findRun(runtime.ledger, identity.tenant, run.id)) !== undefined;
        return await replyOf(call, continueThread(runtime, callerOf(call), run.threadId), run, isTaken);
      }
      let asked = "";
      const work = answerThread(runtime, callerOf(call), run.threadId, ({ proposalId }) => {
        asked = proposalId;
        return body.answer as ProposalAnswer;
      });
      return await replyOf(call, work, run, async () => asked !== "" && (await isAnswered(call, asked)()));
    },
  }),
  endpoint({
    ...{ id: "cancelRun", method: "post", path: "/api/v1/runs/{id}/cancel", tag: "Runs", operation: "cancel" },
    summary: "End a run early",
    description: "Nothing more of it starts, what waits is withdrawn, and a transaction under way is undone.",
    params: RunParams,
    body: CancelSchema,
    answers,
    run: async (call) => {
      const { runtime, identity, params, body } = call;
      const run = await findNewest(runtime, identity, params.id);
      const { reason = null, rollback } = body;
      const work = cancelThread(runtime, callerOf(call), { threadId: run.threadId, reason, rollback });
      const isCancelled = async () => (await findRun(runtime.ledger, identity.tenant, run.id))?.cancellation != null;
      return await replyOf(call, work, run, isCancelled);
    },
  }),
  endpoint({
    ...{ id: "rollBackRun", method: "post", path: "/api/v1/runs/{id}/rollback", tag: "Runs", operation: "rollback" },
    summary: "Undo what the newest run of a thread did, last first",
    params: RunParams,
    body: RollbackSchema,
    answers: {
      200: {
        description: "What became of each effect, or that others have changed since what it changed.",
        schema: RollbackReportView,
      },
    },
    run: async (call) => {
      const { runtime, identity, params, body } = call;
      const { threadId } = await findNewest(runtime, identity, params.id);
      const { reason = null, anyway } = body;
      const report = await runtime.track(rollBackThread(runtime, callerOf(call), { threadId, reason, anyway }));
      return { status: 200, body: report };
    },
  }),
];
