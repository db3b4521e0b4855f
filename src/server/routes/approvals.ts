/** What waits for people, and their decisions. */
import type { z } from "@hono/zod-openapi";
import { type ProposalAnswer, readAnswer } from "../../domain/answer-formats.ts";
import type { Proposal } from "../../domain/proposal.ts";
import { HoldpointError } from "../../errors.ts";
import { pageOfPending } from "../../ledger/pages.ts";
import { getProposal } from "../../ledger/proposals.ts";
import { getRun } from "../../ledger/runs.ts";
import type { Question } from "../../nodes/question.ts";
import { postponeThread } from "../../work/answer.ts";
import { decideProposal, viewProposal } from "../../work/decide.ts";
import { shown } from "../../work/shown.ts";
import { type AnyEndpoint, endpoint, type Reply } from "../endpoint.ts";
import { problemOf } from "../problem.ts";
import {
  AnswerBody,
  ApprovalPageSchema,
  ApprovalViewSchema,
  BatchResultSchema,
  BatchSchema,
  PageQuery,
  ProposalParams,
  ThreadSchema,
} from "../schemas.ts";
import { approvalJson, assertMeant, etagOf, pageJson, readCursor } from "../views.ts";
import { type AnyCall, callerOf, isAnswered, replyOf } from "./runs.ts";

/** Decides on a proposal, and goes on; an answer that decides nothing now is recorded as that. */
async function decide(
  call: AnyCall,
  proposal: Proposal,
  digest: string | undefined,
  decision: (question: Question) => ProposalAnswer,
): Promise<Reply> {
  const { runtime, identity } = call;
  const { id, runId } = proposal;
  const { threadId } = await getRun(runtime.ledger, identity.tenant, runId);
  const work = decideProposal(runtime, callerOf(call), { proposal, threadId, digest }, decision);
  return await replyOf(call, work, { id: runId, threadId }, isAnswered(call, id));
}

/** {@link decide}, with an answer from outside. @throws HoldpointError `usage` when it has no known form */
async function decideWith(call: AnyCall, id: string, given: unknown, digest?: string): Promise<Reply> {
  const { runtime, identity } = call;
  const proposal = await getProposal(runtime.ledger, identity.tenant, id);
  assertMeant(call.headers, etagOf(proposal.digest));
  const answer = readAnswer(given);
  if (typeof answer === "string")
    throw new HoldpointError("usage", answer, { hint: "See docs/server.md for the forms." });
  if (answer.proposalId !== undefined && answer.proposalId !== id) {
    throw new HoldpointError("usage", `The answer is to "${answer.proposalId}", and was sent to "${id}".`);
  }
  if (answer.notNow) {
    const { threadId } = await getRun(runtime.ledger, identity.tenant, proposal.runId);
    const postponed = postponeThread(runtime, callerOf(call), threadId, { proposalId: id, note: answer.notNow.note });
    return { status: 200, body: shown(await postponed) };
  }
  const named = (Array.isArray(given) ? { decisions: given } : given) as ProposalAnswer;
  return await decide(call, proposal, digest, () => ({ ...named, proposalId: id }));
}

/**
 * Decides on the only action of a proposal.
 * @throws HttpProblem `decide_together` when there are more: nobody says yes to what was not on the page
 */
export async function decideOnly(call: AnyCall, proposal: Proposal, answer: ProposalAnswer): Promise<Reply> {
  assertMeant(call.headers, etagOf(proposal.digest));
  return await decide(call, proposal, proposal.digest, () => answer);
}

async function decideBatch(call: AnyCall): Promise<Reply> {
  const results: unknown[] = [];
  const { decisions } = call.body as z.output<typeof BatchSchema>;
  for (const { proposalId, digest, answer } of decisions) {
    try {
      const { body: thread } = await decideWith(
        { ...call, headers: withoutVersion(call.headers) },
        proposalId,
        answer,
        digest,
      );
      results.push({ proposalId, thread, problem: null });
    } catch (error) {
      const { instance: _ofTheWhole, ...problem } = problemOf(error, "");
      if (problem.status >= 500) call.served.log.error({ err: error, proposal: proposalId }, "a decision failed");
      results.push({ proposalId, thread: null, problem });
    }
  }
  return { status: 200, body: { results } };
}

/** Each of the batch names what it saw by its digest. */
function withoutVersion(headers: Headers): Headers {
  const others = new Headers(headers);
  others.delete("if-match");
  return others;
}

const path = "/api/v1/actions/approvals";

export const approvalEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "listApprovals", method: "get", path, tag: "Approvals", operation: "list" },
    summary: "What waits for people, newest first",
    query: PageQuery,
    answers: { 200: { description: "A page of proposals.", schema: ApprovalPageSchema } },
    run: async ({ runtime, identity, query: { limit, cursor } }) => {
      const page = await pageOfPending(runtime.ledger, identity.tenant, { limit, after: readCursor(cursor) });
      return { status: 200, body: pageJson(page, approvalJson) };
    },
  }),
  endpoint({
    ...{ id: "decideBatch", method: "post", path: `${path}/batch`, tag: "Approvals", operation: "answer" },
    summary: "Decide on several proposals",
    description:
      "Each is decided by itself, in order: one that is refused stops no other. Each names the digest of what was seen, so that nothing is approved unseen.",
    body: BatchSchema,
    answers: { 200: { description: "What came of each.", schema: BatchResultSchema } },
    run: decideBatch,
  }),
  endpoint({
    ...{ id: "getApproval", method: "get", path: `${path}/{id}`, tag: "Approvals", operation: "show" },
    summary: "A proposal, with what a person is asked and what was decided",
    params: ProposalParams,
    answers: { 200: { description: "The proposal; its ETag goes into `If-Match`.", schema: ApprovalViewSchema } },
    run: async ({ runtime, identity, params }) => {
      const { proposal, ...more } = await viewProposal(runtime, identity, params.id);
      return { status: 200, body: { proposal, ...more }, headers: { etag: etagOf(proposal.digest) } };
    },
  }),
  endpoint({
    ...{ id: "decide", method: "post", path: `${path}/{id}/decide`, tag: "Approvals", operation: "answer" },
    summary: "Decide on every action of a proposal",
    description:
      'The form is `{ "decisions": [{ "step", "type": "approve" | "edit" | "reject", … }] }`; those of LangChain and Agent Inbox are taken, too. The run goes on with what was approved.',
    ...{ params: ProposalParams, body: AnswerBody, versioned: true },
    answers: {
      200: { description: "It was decided, and the run has ended or waits again.", schema: ThreadSchema },
      202: { description: "It was decided, and the run goes on.", schema: ThreadSchema },
    },
    run: async (call) => await decideWith(call, call.params.id, call.body),
  }),
];
