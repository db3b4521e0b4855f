/**
 * The guardrail: deterministic policy. Its subject is the request while that has no run yet, then the plan while its
 * revision has no verdict, then the transaction. A new request starts a run and resets what the last one left.
 */

import type { BaseMessage } from "@langchain/core/messages";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { digestOf } from "../domain/json.ts";
import { isByModel } from "../domain/plan.ts";
import { type Finding, nameRules, type Proposal } from "../domain/proposal.ts";
import { isOver, type Run, type Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { loadRecord, stepStates } from "../execution/progress.ts";
import type { Outcome } from "../graph/routes.ts";
import { lockAudit } from "../ledger/audit.ts";
import type { LedgerTransaction } from "../ledger/database.ts";
import { takeDecisionIn } from "../ledger/decisions.ts";
import { loadGateFacts } from "../ledger/gate-facts.ts";
import { assertMay } from "../ledger/members.ts";
import { findLatestProposal, getProposal, listProposals, moveProposal, recordFindingsIn } from "../ledger/proposals.ts";
import { isSentBack, judgeRevision, listRevisions, type Revision, recordRevision } from "../ledger/revisions.ts";
import { findRun, getRun } from "../ledger/runs.ts";
import { startRun } from "../ledger/start-run.ts";
import { answerMessage, humanMessage, lastHuman, MAX_STORED_TEXT, runIdOf } from "../messages.ts";
import { unsettled } from "../planning/check-plan.ts";
import type { GateFacts } from "../policy/gate.ts";
import { checkTransaction, strictest, transactionVerdict } from "../policy/policy.ts";
import type { State, Update } from "../state.ts";
import { ASKING, identityOf, type NodeDeps, stampOf, threadOf } from "./deps.ts";
import { goOnFromPause } from "./pause.ts";
import { planFaults } from "./plan-faults.ts";
import { askAboutPlan, whyAsk } from "./plan-review.ts";

type Request = NonNullable<State["request"]>;
type Checked = Update & { outcome: Outcome<"guardrail"> };

export function createGuardrail(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Checked> => {
    const request = newRequest(state, config);
    if (request) return await checkRequest(deps, state, request, config);
    if (!state.run) return { outcome: "nothing to check" };
    const run = await getRun(deps.ledger, identityOf(config).tenant, state.run.id);
    if (isOver(run)) return { outcome: "nothing to check" };
    return { ...(await goOnFromPause(deps, config, run)), ...(await checkRun(deps, state, config, run)) };
  };
}

/** Wherever a run is entered again, what is open of it is checked. */
async function checkRun(deps: NodeDeps, state: State, config: LangGraphRunnableConfig, run: Run): Promise<Checked> {
  const revision = await currentRevision(deps, state, config, run);
  if (revision && revision.verdict !== "allow") return await checkRevision(deps, revision, config, run);
  const open = await checkProposal(deps, config, run);
  return open ?? (revision ? allowed(revision) : { outcome: "request allowed" }); // it has no plan yet
}

const FRESH = {
  plan: null,
  steps: {},
  proposal: null,
  findings: [],
  failure: null,
  pause: null,
  wake: false,
  notices: [],
  answer: null,
} satisfies Update;

const EXCERPT = 200;

/** What was asked and is not the current run: the request of the input, or else what somebody said last, unheard. */
function newRequest(state: State, config: LangGraphRunnableConfig): Request | undefined {
  if (state.request && state.request.id !== state.run?.id) return state.request;
  return unheard(state, config);
}

/** What somebody said last, unless it was heard before. */
function unheard(state: State, config: LangGraphRunnableConfig): Request | undefined {
  const said = lastSaid(state.messages, config);
  if (!said || said.id === state.heard || startedRun(state, said)) return undefined;
  return { id: said.id, text: said.text };
}

/** Its id is derived from the message, so that it is the same request when it is replayed. */
function lastSaid(messages: State["messages"], config: LangGraphRunnableConfig) {
  const said = lastHuman(messages);
  return said && { id: runIdOf(threadOf(config), said), text: said.text, messageId: said.id };
}

/**
 * Whether it is what the current run was started for. What was heard is lost where another version of the program kept
 * it otherwise; taken for a new request, it would supersede its own run and do everything once more.
 */
function startedRun({ run, request, heard }: State, said: { id: string; text: string; messageId: string }): boolean {
  const isSame = heard === null || request?.text === said.text;
  return run !== null && (said.id === run.id || (said.messageId === run.id && isSame));
}

/** Whatever policy says: of a longer text only a part was taken in. */
function tooLong(text: string): Finding[] | undefined {
  if (text.length <= MAX_STORED_TEXT) return undefined;
  return [{ rule: "request-length", verdict: "deny", reason: `At most ${MAX_STORED_TEXT} characters are taken.` }];
}

/** Marks what was said last as heard; a request that came otherwise is added to what was said. */
function hear(
  state: State,
  config: LangGraphRunnableConfig,
  request: Request,
): { heard: string | null; messages?: BaseMessage[] } {
  const said = unheard(state, config);
  if (said) return { heard: said.id };
  const messages = [humanMessage(request.id, request.text)];
  return { messages, heard: lastSaid(messages, config)?.id ?? null };
}

async function checkRequest(
  deps: NodeDeps,
  state: State,
  request: Request,
  config: LangGraphRunnableConfig,
): Promise<Checked> {
  const stamp = stampOf(deps, config);
  // Whoever carries a run on need not be one who may ask: its requester was.
  if (!(await findRun(deps.ledger, stamp.tenant, request.id))) {
    assertAsker(state, config, stamp);
    await assertMay(deps.ledger, stamp, "ask");
  }
  const findings = [...(tooLong(request.text) ?? deps.policy.checkRequest(request.text))];
  const denied = strictest(findings, "allow") !== "allow";
  // A denied text may be anything: only a storable excerpt of it is kept.
  const text = denied ? request.text.toWellFormed().replaceAll("\u0000", "").slice(0, EXCERPT) : request.text;
  const start = await startRun(deps.ledger, stamp, {
    id: request.id,
    threadId: threadOf(config),
    request: text.toWellFormed(),
  });
  if (start.kind === "started" && start.created) deps.signs.gave(request.id);
  const heard = hear(state, config, { id: request.id, text });
  if (start.kind === "unfinished") {
    const notice = `"${text.toWellFormed().slice(0, EXCERPT)}" was not taken: "${start.run.request}" on this thread is approved and not finished. Ask again after it.`;
    const { id } = start.run;
    const own = { request: { id, text: start.run.request }, run: { id } };
    return {
      ...heard,
      ...own,
      notices: [notice],
      failure: null,
      answer: null,
      outcome: "earlier transaction unfinished",
    };
  }
  const notices = start.superseded.map(
    (run) => `"${run.request}" on this thread was superseded by this request. Nothing of it that was waiting has run.`,
  );
  const { refusal } = start.run;
  if (refusal !== undefined) findings.unshift({ rule: "request-rate", verdict: "deny", reason: refusal });
  const overtaken = start.superseded.map(({ id }) => answerMessage(id, "It was superseded by another request."));
  const messages = [
    ...overtaken.filter(({ id }) => state.messages.some((one) => one.id === id)),
    ...(heard.messages ?? []),
  ];
  const said = messages.length > 0 ? { messages } : {};
  const update = { ...FRESH, ...heard, ...said, request, run: { id: request.id }, findings, notices };
  if (strictest(findings, "allow") === "allow") return { ...update, outcome: "request allowed" };
  return { ...update, failure: deniedBy(findings, "invalid_request"), outcome: "request denied" };
}

/**
 * Nobody becomes the requester of what somebody else asked: a call without a request of its own finds one here that
 * another call has just brought, or that was cut off before it was taken in.
 * @throws HoldpointError `busy` when it was somebody else's, or that cannot be told: several clients of a server can write
 * what state says of it
 */
function assertAsker({ asker }: State, config: LangGraphRunnableConfig, { principal, role }: Stamp): void {
  if (config.configurable?.[ASKING] !== false) return;
  if (config.serverInfo && role !== undefined) {
    throw new HoldpointError("busy", "What was asked on this thread was cut off before it was taken in.", {
      hint: "Ask again: nothing of it was done.",
    });
  }
  if (asker === principal) return;
  throw new HoldpointError("busy", "Somebody else has just asked for something on this thread.", {
    hint: "Look at it in a moment; if that call was cut off, nothing of it was taken in, and it has to be asked again.",
  });
}

function deniedBy(findings: readonly Finding[], status: "invalid_request" | "denied") {
  const denials = findings.filter((finding) => finding.verdict === "deny");
  const objections = denials.length > 0 ? denials : findings.filter((finding) => finding.verdict !== "allow");
  const reasons = objections.map((finding) => finding.reason);
  const [message = "It is not allowed.", ...details] = reasons;
  const refused = findings.some(({ rule }) => rule === "blocked-pattern" || rule === "request-rate");
  const named = objections.length > 0 ? [nameRules(objections)] : [];
  return { status: refused ? ("denied" as const) : status, message, details: [...details, ...named] };
}

/** The revision that the plan in state stands for; an edited plan becomes a new revision. */
async function currentRevision(
  deps: NodeDeps,
  state: State,
  config: LangGraphRunnableConfig,
  run: Run,
): Promise<Revision | undefined> {
  const revisions = await listRevisions(deps.ledger, run.tenant, run.id);
  const latest = revisions.at(-1);
  if (!state.plan) return latest;
  const { number: _number, ...plan } = state.plan;
  // One that was recorded before is no edit: state may be older than the ledger.
  if (revisions.some(({ digest }) => digest === digestOf(plan))) return latest;
  return await recordRevision(deps.ledger, stampOf(deps, config), {
    runId: run.id,
    number: (latest?.number ?? 0) + 1,
    plan: { ...plan, source: { kind: "edited" } },
  });
}

/** A model gets its plan back with what is wrong with it, so often that it makes this many at the most. */
const MAX_PLANS = 3;

async function checkRevision(
  deps: NodeDeps,
  revision: Revision,
  config: LangGraphRunnableConfig,
  run: Run,
): Promise<Checked> {
  const { plan, number } = revision;
  if (isSentBack(revision))
    return { plan: { ...plan, number }, findings: revision.findings, outcome: "plan sent back" };
  if (revision.verdict === "escalate") return await askAboutPlan(deps, config, run, revision);
  // Before the first plan is allowed, nothing of it can have run.
  const states = number > 1 ? stepStates(plan, await loadRecord(deps.ledger, run.tenant, run.id)) : {};
  const found = unsettled(await planFaults(deps, run.tenant, plan, states), states);
  const asks = strictest(found, "allow") === "allow" ? await whyAsk(deps, config, { run, revision, states }) : [];
  const findings = [...found, ...asks];
  const verdict = strictest(findings, "allow");
  await judgeRevision(deps.ledger, stampOf(deps, config), { runId: run.id, number, verdict, findings });
  if (verdict === "allow") return allowed({ ...revision, findings });
  if (verdict === "escalate") return await askAboutPlan(deps, config, run, { ...revision, findings });
  await withdrawEdited(deps, config, run, revision);
  const update = { plan: { ...plan, number }, findings };
  const attempts = isByModel(plan.source) ? await attemptsAt(deps, run) : MAX_PLANS;
  if (attempts < MAX_PLANS) return { ...update, outcome: "plan sent back" };
  const failure = deniedBy(findings, "denied");
  // What is wrong with a plan means little to whoever asked for something.
  const headline = isByModel(plan.source) ? `No plan was made that may be carried out, in ${attempts} attempts. ` : "";
  return { ...update, failure: { ...failure, message: headline + failure.message }, outcome: "plan denied" };
}

/** What a person made of a plan is proposed before it is checked: where it does not pass any more, nobody can approve it. */
async function withdrawEdited(deps: NodeDeps, config: LangGraphRunnableConfig, run: Run, { number }: Revision) {
  const proposal = await findLatestProposal(deps.ledger, run.tenant, run.id);
  if (proposal?.kind !== "plan" || proposal.revision !== number || proposal.status !== "pending") return;
  const stamp = { ...stampOf(deps, config), tenant: run.tenant };
  await deps.ledger.transaction().execute((trx) => moveProposal(trx, stamp, proposal, "denied"));
}

/** How many plans were refused, one after the other, last of all. What a person sent back passed. */
async function attemptsAt(deps: NodeDeps, run: Run): Promise<number> {
  const revisions = await listRevisions(deps.ledger, run.tenant, run.id);
  const passed = revisions.findLastIndex((revision) => revision.verdict !== "deny" || isSentBack(revision));
  return revisions.length - 1 - passed;
}

function allowed({ plan, number, findings }: Revision): Checked {
  return { plan: { ...plan, number }, findings, outcome: "plan allowed" };
}

/** The check of the run's open proposal; without one, the executor finds what is left to do. */
async function checkProposal(deps: NodeDeps, config: LangGraphRunnableConfig, run: Run): Promise<Checked | undefined> {
  const proposals = await listProposals(deps.ledger, run.tenant, run.id);
  const transaction = proposals.findLast(({ kind }) => kind === "transaction");
  // Also when a reconciliation of it is newer: it has to be carried to its end.
  if (transaction?.status === "approved") return { proposal: transaction, outcome: "transaction allowed" };
  const proposal = proposals.at(-1);
  if (proposal?.status === "approved") return { proposal, outcome: "transaction allowed" };
  if (proposal?.kind === "reconciliation" || proposal?.kind === "plan") return undefined; // only a person answers these
  return proposal?.status === "pending" ? await checkPending(deps, config, { run, proposal }) : undefined;
}

async function checkPending(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  { run, proposal }: { run: Run; proposal: Proposal },
): Promise<Checked> {
  const stamp = stampOf(deps, config);
  // Approved in the same transaction in which the limits are counted: they are exact however many runs come at once.
  const { findings, verdict } = await deps.ledger.transaction().execute(async (trx) => {
    await lockAudit(trx, stamp.tenant);
    const facts = await loadGateFacts(trx, stamp.tenant, proposal, stamp.at);
    const found = checkTransaction(deps.policy, proposal, run, facts);
    const said = transactionVerdict(proposal, found);
    const expiresAt = said === "escalate" ? expiresAtOf(facts, proposal) : null;
    await recordFindingsIn(trx, stamp, { proposal, findings: found, waits: said === "escalate", expiresAt });
    if (said === "deny") await moveProposal(trx, stamp, proposal, "denied");
    const [known] = facts.values();
    if (said === "allow") {
      await approveByPolicy(trx, stamp, proposal, { findings: found, settingsVersion: known?.version });
    }
    return { findings: found, verdict: said };
  });
  const stored = await getProposal(deps.ledger, stamp.tenant, proposal.id);
  const update = { proposal: stored, findings };
  if (verdict === "allow") return { ...update, outcome: "transaction allowed" };
  if (verdict === "escalate") return { ...update, outcome: "transaction escalated" };
  return { ...update, failure: deniedBy(findings, "denied"), outcome: "transaction denied" };
}

/** Until when a person may decide, by the impact of the whole, as the tenant's settings say. */
function expiresAtOf(facts: ReadonlyMap<string, GateFacts>, { impact, createdAt }: Proposal): string | null {
  const [first] = facts.values();
  const minutes = first?.settings.approvals[impact.level].expiresMinutes ?? null;
  return minutes === null ? null : new Date(Date.parse(createdAt) + minutes * 60_000).toISOString();
}

/** An automatic approval is a decision row like any other, by the principal "policy". */
async function approveByPolicy(
  trx: LedgerTransaction,
  { tenant, at }: Stamp,
  proposal: Proposal,
  { findings, settingsVersion }: { findings: readonly Finding[]; settingsVersion: number | undefined },
): Promise<void> {
  await takeDecisionIn(
    trx,
    { tenant, principal: "policy", at },
    {
      proposalId: proposal.id,
      digest: proposal.digest,
      decider: "policy",
      verdict: "approved",
      actions: proposal.actions.map(({ step }) => ({ step, verdict: "approved", reason: null })),
      reason: findings.map((finding) => finding.reason).join(" "),
      settingsVersion,
      separateApprover: false,
    },
  );
}
