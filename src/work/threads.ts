/** What callers do with threads: start a run, look at it, answer it, cancel it, carry on what a crash left. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, END, GraphDrained, type RunControl, START, type StateSnapshot } from "@langchain/langgraph";
import type { ProposalAnswer } from "../domain/answer-formats.ts";
import { parseProposalAnswer } from "../domain/answer-to-proposal.ts";
import { canonicalJson } from "../domain/json.ts";
import { isSaidBy } from "../domain/page-form.ts";
import type { ProgressEvent } from "../domain/progress.ts";
import { byWhom, type Decision, type Effect, nameRules, type Proposal } from "../domain/proposal.ts";
import type { Identity, RollbackReport, Run } from "../domain/run.ts";
import { asStorageError, HoldpointError } from "../errors.ts";
import { listApprovals } from "../ledger/approvals.ts";
import { findDecision } from "../ledger/decisions.ts";
import { assertMayAnswer } from "../ledger/delegations.ts";
import { listEffects } from "../ledger/effects.ts";
import { isLeased } from "../ledger/leases.ts";
import { assertMay } from "../ledger/members.ts";
import { recordNotNow } from "../ledger/postponements.ts";
import { listPrograms } from "../ledger/programs.ts";
import { findLatestProposal, getProposal } from "../ledger/proposals.ts";
import { endPause, findThreadRun, getRun, isForeignThread } from "../ledger/runs.ts";
import { overtaken } from "../nodes/pause.ts";
import { buildQuestion, isShown, type Question } from "../nodes/question.ts";
import { restoreState } from "../nodes/restore-state.ts";
import { strictest } from "../policy/policy.ts";
import type { Runtime } from "../runtime.ts";
import { readState, type State } from "../state.ts";
import { maskText } from "../telemetry/mask.ts";
import { rollBackRun } from "../transaction/rollback.ts";

/** A thread as it stands after an invocation. */
export interface ThreadView {
  threadId: string;
  run: Run;
  state: State;
  /** What a person is asked, while one is awaited. */
  question: Question | null;
  /** What was written, oldest first. */
  effects: Effect[];
  /** After an answer: that it was recorded, and the thread waits for more people. */
  recorded?: boolean;
}

export interface Caller {
  readonly identity: Identity;
  readonly signal?: AbortSignal;
  /** Asks for a clean stop: what is in flight ends, nothing new starts, and the thread can go on. */
  readonly control?: RunControl;
  /** Is told of progress while the run is under way. */
  readonly onProgress?: (event: ProgressEvent) => void;
}

const THREAD_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** @throws HoldpointError `usage` when the text cannot be a thread id */
function parseThreadId(text: string): string {
  if (THREAD_ID.test(text)) return text;
  throw new HoldpointError("usage", `"${maskText(text).slice(0, 120)}" is no thread id.`, {
    hint: "Expected up to 100 letters, digits, dots, dashes and underscores; see `list`.",
  });
}

export interface RequestInput {
  readonly request: string;
  /** Default: a new one. */
  readonly threadId?: string | undefined;
  /** What is asked under the same id again is the same request: see {@link runIdOf}. */
  readonly messageId?: string | undefined;
}

/**
 * Starts a run and goes on until it ends or waits for a person.
 * @throws HoldpointError `usage` when the request cannot be taken (nothing is recorded then), `busy` while an approved
 * transaction of the thread has not ended
 */
export async function startRequest(runtime: Runtime, caller: Caller, input: RequestInput): Promise<ThreadView> {
  await assertMay(runtime.ledger, caller.identity, "ask");
  const findings = runtime.policy.checkRequest(input.request);
  if (strictest(findings, "allow") === "deny") {
    throw new HoldpointError("usage", [...findings.map(({ reason }) => reason), nameRules(findings)].join(" "), {
      hint: "Nothing was started; say in a sentence what you want done.",
    });
  }
  const threadId = parseThreadId(input.threadId ?? `t-${randomBytes(5).toString("hex")}`);
  const { tenant } = caller.identity;
  if (await isForeignThread(runtime.ledger, tenant, threadId)) throw unknownThread(threadId);
  const before = await findThreadRun(runtime.ledger, tenant, threadId);
  const { request, messageId } = input;
  const given =
    messageId === undefined ? { request } : { messages: [{ type: "human", id: messageId, content: request }] };
  const state = await invoke(runtime, caller, threadId, given);
  const runId = state.run?.id;
  if (before && runId === before.id) {
    const text = `"${input.request}" was not taken: an approved request on the thread had to end first.`;
    const { status } = await getRun(runtime.ledger, tenant, before.id);
    const now = {
      ...{ ended: "It has ended now", waiting: "It waits for somebody to decide" },
      ...{ paused: "It is paused", running: "It is under way" },
    }[status];
    const hint = `${now}; look at it with \`show ${threadId}\`, then ask again.`;
    throw new HoldpointError("busy", text, { hint });
  }
  return await readThread(runtime, caller.identity, threadId, runId);
}

/** {@link readThread}, for whoever may look. @throws HoldpointError `denied`, `unknown_thread` */
export async function viewThread(runtime: Runtime, identity: Identity, threadId: string): Promise<ThreadView> {
  await assertMay(runtime.ledger, identity, "show");
  return await readThread(runtime, identity, threadId);
}

/**
 * The thread as it stands: its newest run, or the named one. It does not ask who may look.
 * @throws HoldpointError `unknown_thread`
 */
export async function readThread(
  runtime: Runtime,
  identity: Identity,
  threadId: string,
  runId?: string,
): Promise<ThreadView> {
  const newest = await getThreadRun(runtime, identity, threadId);
  const run = runId === undefined ? newest : await getRun(runtime.ledger, identity.tenant, runId);
  const snapshot = await getSnapshot(runtime, threadId);
  const effects = await listEffects(runtime.ledger, identity.tenant, run.id);
  const thread = { tenant: identity.tenant, threadId };
  const { state } = await restoreState(runtime.ledger, thread, snapshot.values as Record<string, unknown>);
  const asked = run.status === "waiting" && isAt(snapshot, run) ? pendingQuestion(snapshot) : undefined;
  const question = asked ? await currentQuestion(runtime, run, state, asked.value) : null;
  return { threadId, run, state, question, effects };
}

/**
 * What a thread's interrupt asks, from the ledger; null when that was replaced elsewhere, where this runtime has no
 * checkpoints of, or when another version of the program asked it otherwise: then it has to be asked again.
 */
async function currentQuestion(runtime: Runtime, run: Run, state: State, shown: unknown): Promise<Question | null> {
  const { ledger, registry, policy } = runtime;
  const proposal = await findLatestProposal(ledger, run.tenant, run.id);
  if (proposal?.status !== "pending" || proposal.id !== state.proposal?.id) return null;
  const programs = await listPrograms(ledger, run.tenant, run.id);
  const question = buildQuestion({ run, proposal, state, registry: registry.of(run.tenant), policy, programs });
  return isShown(question, shown) ? question : null;
}

/**
 * Whether a run waits for a person, and the checkpoint that is here of it does not ask: another version of the program
 * left it, with a question or in a node that there is no more.
 */
export async function isUnasked(runtime: Runtime, run: Run): Promise<boolean> {
  if (run.status !== "waiting" || !isAt(await getSnapshot(runtime, run.threadId), run)) return false;
  const identity = { tenant: run.tenant, principal: run.requester };
  return (await readThread(runtime, identity, run.threadId, run.id)).question === null;
}

/**
 * Answers what the thread asks. The stored decision is what counts: an answer that came second changes nothing. An
 * approval that takes more people is `recorded`, and the thread asks as before.
 * @param decide makes the answer to what is asked
 * @throws HoldpointError `not_paused` when nothing waits, `decision_taken` when somebody else decided first,
 * `usage` when the answer does not fit; the thread stays answerable in every case
 */
export async function answerThread(
  runtime: Runtime,
  caller: Caller,
  threadId: string,
  decide: (question: Question) => ProposalAnswer,
): Promise<ThreadView> {
  const { identity } = caller;
  await assertMayAnswer(runtime.ledger, { ...identity, at: runtime.now() });
  const { run, current } = await askedThread(runtime, caller, threadId);
  const asked = pendingQuestion(await getSnapshot(runtime, threadId));
  if (!asked || !current.question) throw notPaused(current.run);
  const answer: ProposalAnswer = { by: identity.principal, ...decide(current.question) };
  const { proposalId } = current.question;
  const proposal = await getProposal(runtime.ledger, identity.tenant, proposalId);
  const takenByOther = async () => {
    const taken = await findDecision(runtime.ledger, identity.tenant, proposalId);
    return taken && !isOwn(taken, { identity, proposal, answer }) ? decisionTaken(taken) : undefined;
  };
  const before = await findOwnApproval(runtime, identity, proposalId);
  try {
    await invoke(runtime, caller, threadId, new Command({ resume: { [asked.interruptId]: answer } }));
  } catch (error) {
    const other = await takenByOther();
    if (other) throw other;
    if (!(error instanceof HoldpointError && error.code === "busy")) throw error;
    await untilEnded(runtime, run);
  }
  const other = await takenByOther();
  if (other) throw other;
  const after = await readThread(runtime, identity, threadId, run.id);
  if (!(await findDecision(runtime.ledger, identity.tenant, proposalId))) {
    const own = await findOwnApproval(runtime, identity, proposalId);
    if (own === undefined || own.at === before?.at) throw refused(after);
    return { ...after, recorded: true };
  }
  // Another process may have been at the thread's checkpoints meanwhile: what is asked next is asked here.
  const unasked = after.run.status === "waiting" && !after.question;
  return unasked ? await carryOn(runtime, caller, threadId) : after;
}

async function findOwnApproval({ ledger }: Runtime, { tenant, principal }: Identity, proposalId: string) {
  return (await listApprovals(ledger, tenant, proposalId)).find((approval) => approval.principal === principal);
}

/** What a thread asks. @throws HoldpointError `not_paused` when nothing waits, `decision_taken` */
async function askedThread(
  runtime: Runtime,
  caller: Caller,
  threadId: string,
): Promise<{ run: Run; current: ThreadView }> {
  const { identity } = caller;
  const run = await getThreadRun(runtime, identity, threadId);
  const latest = await findLatestProposal(runtime.ledger, identity.tenant, run.id);
  const earlier = latest && (await findDecision(runtime.ledger, identity.tenant, latest.id));
  // Nothing is carried on here: whoever says no must not set off what somebody else approved.
  if (earlier) throw decisionTaken(earlier, latest);
  if (run.status !== "waiting") throw notPaused(run);
  return { run, current: await carryOn(runtime, caller, threadId) };
}

/**
 * Records that somebody does not decide now. Nothing is decided, and the thread asks as before.
 * @param proposalId when given, only if this is the proposal that waits
 * @throws HoldpointError `not_paused` when nothing waits, `decision_taken` when somebody decided, `usage` when another
 * proposal waits
 */
export async function postponeThread(
  runtime: Runtime,
  caller: Caller,
  threadId: string,
  { proposalId, note }: { proposalId?: string; note: string | null },
): Promise<ThreadView> {
  const { identity } = caller;
  await assertMay(runtime.ledger, identity, "answer");
  const { current } = await askedThread(runtime, caller, threadId);
  if (!current.question) throw notPaused(current.run);
  const waiting = current.question.proposalId;
  if (proposalId !== undefined && proposalId !== waiting) {
    throw new HoldpointError("usage", `The thread waits for a decision on "${waiting}", not on "${proposalId}".`, {
      hint: "Look at it again with `resume` without a decision.",
    });
  }
  const stamp = { ...identity, at: runtime.now() };
  if (await recordNotNow(runtime.ledger, stamp, waiting, { until: null, note })) return current;
  const taken = await findDecision(runtime.ledger, identity.tenant, waiting);
  throw taken ? decisionTaken(taken) : notPaused(await getRun(runtime.ledger, identity.tenant, current.run.id));
}

/**
 * Carries on a run that a crash left, or that waits where this runtime has no checkpoints of (such as the local Agent
 * Server): to its end, or to the person it has to ask. So does one that is paused, unless it is until a time that has
 * not come. A thread that waits here or has ended is only looked at.
 * @throws HoldpointError `busy` when another process is at it
 */
export async function continueThread(runtime: Runtime, caller: Caller, threadId: string): Promise<ThreadView> {
  await assertMay(runtime.ledger, caller.identity, "resume");
  return await carryOn(runtime, caller, threadId);
}

/** {@link continueThread}, also for the system, which has no role. */
export async function carryOn(runtime: Runtime, caller: Caller, threadId: string): Promise<ThreadView> {
  const { identity } = caller;
  const view = await readThread(runtime, identity, threadId);
  const { question } = view;
  const { pause } = view.run;
  if (pause?.until != null && pause.until > runtime.now()) return view;
  const overdue = question?.expiresAt != null && question.expiresAt <= runtime.now();
  if (view.run.status === "ended" || (question && !overdue)) return view;
  if (await isLeased(runtime.ledger, identity.tenant, view.run.id)) {
    throw new HoldpointError("busy", `Thread "${threadId}" is being advanced by another process right now.`, {
      hint: "Look at it with `show` in a moment; if that process has died, try again in 30 seconds.",
    });
  }
  if (pause && !(await endPause(runtime.ledger, { ...identity, at: runtime.now() }, view.run.id))) {
    throw overtaken(view.run);
  }
  await goOn(runtime, caller, view.run);
  return await readThread(runtime, identity, threadId);
}

/**
 * Takes back what the newest run of a thread did; see {@link rollBackRun}.
 * @throws HoldpointError `not_paused` when the run has not ended or there is nothing to undo
 */
export async function rollBackThread(
  runtime: Runtime,
  { identity, signal, control }: Caller,
  input: { threadId: string; reason?: string | null; anyway?: boolean },
): Promise<RollbackReport> {
  const { threadId, reason = null, anyway = false } = input;
  await assertMay(runtime.ledger, identity, "rollback");
  const run = await getThreadRun(runtime, identity, threadId);
  if (run.status !== "ended") {
    throw new HoldpointError("not_paused", `The run of thread "${threadId}" has not ended.`, {
      hint: "Let it end with `resume`, or `cancel` it; what it has done can be rolled back then.",
    });
  }
  if (run.forgottenAt !== undefined) {
    throw new HoldpointError("not_paused", `The data of thread "${threadId}" was forgotten at ${run.forgottenAt}.`, {
      hint: "What undoing it needs is gone with it.",
    });
  }
  const stopped = () => signal?.aborted === true || control?.drainRequested === true;
  return await rollBackRun(runtime, { identity, run, reason, anyway, stopped });
}

/**
 * Goes on from the last checkpoint. Where that is not this run's, the run is entered again under its own id: the nodes
 * find in the ledger what is planned, decided and done, and repeat nothing.
 */
export async function goOn(runtime: Runtime, caller: Caller, run: Run): Promise<void> {
  const { threadId, id } = run;
  if (isAt(await getSnapshot(runtime, threadId), run)) {
    await invoke(runtime, caller, threadId, null);
    // Where a checkpoint says that all is done, or leads to a node that there is no more, only the ledger knows.
    const { run: after, question } = await readThread(runtime, caller.identity, threadId, id);
    if (after.status === "ended" || (after.pause && !after.cancellation) || question) return;
  }
  await enterAgain(runtime, caller, run);
}

async function enterAgain(runtime: Runtime, caller: Caller, { threadId, id, request }: Run): Promise<void> {
  const config = { configurable: { thread_id: threadId } };
  // What the checkpoint leads to besides would go on at the same time.
  await runtime.graph.updateState(config, null, END);
  await runtime.graph.updateState(config, { request: { id, text: request } }, START);
  await invoke(runtime, caller, threadId, null);
}

/**
 * Whether a thread's last checkpoint is of this run; one that was made elsewhere is not here. Where it does not say, it
 * is: the nodes then take it to be of the thread's newest.
 */
function isAt({ values, createdAt }: StateSnapshot, run: Run): boolean {
  const { request, run: current } = readState(values as Record<string, unknown>).state;
  if (!request && !current) return createdAt !== undefined;
  return request?.id === run.id || current?.id === run.id;
}

const PATIENCE_MS = 3_000;

/** Waits a moment for another process to bring a run to its end, or to a question. @returns whether it did */
export async function hasEnded(runtime: Runtime, run: Run): Promise<boolean> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    if ((await getRun(runtime.ledger, run.tenant, run.id)).status !== "running") return true;
    await sleep(100);
  }
  return false;
}

/** The decision is recorded, and another process is carrying it out: waits for that to end. */
async function untilEnded(runtime: Runtime, run: Run): Promise<void> {
  if (await hasEnded(runtime, run)) return;
  const text = `Your decision on thread "${run.threadId}" is recorded; another process is carrying it out.`;
  throw new HoldpointError("busy", text, {
    hint: "Look at it with `show` in a moment; `resume` carries it on if that process has died.",
  });
}

async function invoke(
  runtime: Runtime,
  caller: Caller,
  threadId: string,
  input: { request: string } | { messages: object[] } | Command | null,
): Promise<State> {
  const options = {
    configurable: { thread_id: threadId },
    context: caller.identity,
    ...(caller.signal ? { signal: caller.signal } : {}),
    ...(caller.control ? { control: caller.control } : {}),
  };
  const given = input as { request: string } | null;
  try {
    if (!caller.onProgress) return await runtime.graph.invoke(given, options);
    let state: unknown;
    const stream = await runtime.graph.stream(given, { ...options, streamMode: ["values", "custom"] });
    for await (const [mode, chunk] of stream) {
      if (mode === "values") state = chunk;
      else caller.onProgress(chunk as ProgressEvent);
    }
    return state as State;
  } catch (error) {
    if (error instanceof GraphDrained) {
      const run = await findThreadRun(runtime.ledger, caller.identity.tenant, threadId);
      if (run) await runtime.signs.takeBack(run.tenant, run.id); // whoever goes on need not wait
      throw new HoldpointError("stopped", `Thread "${threadId}" was stopped (${caller.control?.drainReason}).`, {
        hint: `Nothing is lost; \`resume ${threadId}\` goes on.`,
        cause: error,
      });
    }
    throw asStorageError(error, `A database in ${runtime.home}`);
  }
}

async function getSnapshot(runtime: Runtime, threadId: string): Promise<StateSnapshot> {
  try {
    return await runtime.graph.getState({ configurable: { thread_id: threadId } });
  } catch (error) {
    throw asStorageError(error, `A database in ${runtime.home}`);
  }
}

/** The interrupt that waits; its value may be of another version of the program. */
function pendingQuestion(snapshot: StateSnapshot): { interruptId: string; value: unknown } | undefined {
  for (const task of snapshot.tasks) {
    for (const { id, value } of task.interrupts) {
      if (id !== undefined) return { interruptId: id, value };
    }
  }
  return undefined;
}

/** The newest run of a thread. @throws HoldpointError `unknown_thread` */
export async function getThreadRun(runtime: Runtime, identity: Identity, threadId: string): Promise<Run> {
  const run = await findThreadRun(runtime.ledger, identity.tenant, parseThreadId(threadId));
  if (!run) throw unknownThread(threadId);
  return run;
}

function unknownThread(threadId: string): HoldpointError {
  return new HoldpointError("unknown_thread", `There is no thread "${threadId}".`, {
    hint: "See `list` for those there are.",
  });
}

export function notPaused(run: Run): HoldpointError {
  const now = run.pause ? `is paused. ${run.pause.reason}` : "is not waiting for a decision.";
  const how = run.answer ? `ended (${run.answer.status}): ${run.answer.text}` : now;
  return new HoldpointError("not_paused", `Thread "${run.threadId}" ${how}`, { hint: "Look at it with `show`." });
}

function decisionTaken(decision: Decision, proposal?: Proposal): HoldpointError {
  const verdict = decision.verdict.replace("_", " ");
  const text = `Proposal "${decision.proposalId}" was already decided: ${verdict} by ${byWhom(decision)} at ${decision.decidedAt}.`;
  const open =
    proposal?.status === "approved" ? " It is not carried out yet; `resume` without a decision does that." : "";
  return new HoldpointError("decision_taken", text, { hint: `Your answer changed nothing; see \`show\`.${open}` });
}

/** The graph asked again: it said why in its notices. */
function refused(view: ThreadView): HoldpointError {
  const why = view.question?.notices.at(-1) ?? "It was not taken.";
  return new HoldpointError("usage", `The decision was refused. ${why}`, {
    hint: "The thread still waits for a decision.",
  });
}

/** Whether the stored decision is the one that this caller just gave: two processes may act for the same person. */
function isOwn(decision: Decision, given: { identity: Identity; proposal: Proposal; answer: ProposalAnswer }): boolean {
  const { identity, proposal, answer } = given;
  if (decision.principal !== identity.principal) return false;
  const origin = { principal: identity.principal, byInterruptId: true, plainAnswerImpact: undefined };
  const parsed = parseProposalAnswer(proposal, answer, origin);
  if (parsed.kind === "decided") return canonicalJson(parsed.actions) === canonicalJson(decision.actions);
  if (parsed.kind === "problem" || parsed.kind === "not_now") return false;
  const edited = decision.actions.filter(({ edit }) => edit !== undefined);
  return (
    edited.length === parsed.edits.size &&
    edited.every(({ step, edit }) => edit && isSaidBy(parsed.edits.get(step)?.args, edit.after)) &&
    decision.actions.every(({ step, verdict }) => (verdict === "rejected") === parsed.rejected.has(step))
  );
}
