/** What a program imports. */
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { BaseMessageLike } from "@langchain/core/messages";
import { type BaseCheckpointSaver, type Command, isCommand } from "@langchain/langgraph";
import type { Dialect } from "kysely";
import { z } from "zod";
import type { PlanningMode } from "./domain/plan.ts";
import type { Role } from "./domain/role.ts";
import type { Identity, RollbackReport, Run } from "./domain/run.ts";
import { explainError, HoldpointError } from "./errors.ts";
import type { HoldpointGraph } from "./graph/build.ts";
import { assertMayAnswer } from "./ledger/delegations.ts";
import { assertMay } from "./ledger/members.ts";
import { isForeignThread } from "./ledger/runs.ts";
import { structuredModel } from "./models/ask.ts";
import type { Models } from "./models/roles.ts";
import { identityOf, threadOf } from "./nodes/deps.ts";
import { assertOptions } from "./options.ts";
import type { PlaybookInput } from "./planning/own-playbooks/declaration.ts";
import { matchFunctions, type PlaybookFunction } from "./planning/own-playbooks/from-function.ts";
import { firstOf, joined } from "./planning/own-playbooks/index.ts";
import { matchPlaybooks } from "./planning/playbooks/match.ts";
import { storePlaybooks } from "./planning/playbooks/store.ts";
import type { Policy, PolicyOptions } from "./policy/policy.ts";
import { assertPerson } from "./policy/principals.ts";
import {
  createRuntime,
  type NoticeListener,
  type OfferedPlaybook,
  openRuntime,
  type Runtime,
  type RuntimeParts,
} from "./runtime.ts";
import { parseKey } from "./sealing.ts";
import type { State } from "./state.ts";
import { warn } from "./telemetry/tell.ts";
import type { Action } from "./tools/action.ts";
import type { ComposeValidator } from "./tools/thinking/index.ts";
import { cancelThread } from "./work/cancel.ts";
import { type MaintenanceReport, maintainOnce } from "./work/maintain.ts";
import { type Recovered, recoverOnStart, recoverRuns } from "./work/recover.ts";
import { measureStats, type Stats, type StatsQuery } from "./work/stats.ts";
import { type Caller, rollBackThread } from "./work/threads.ts";

export type { Answer } from "./domain/answer.ts";
export type { ActionAnswer, NotNowAnswer, ProposalAnswer } from "./domain/answer-formats.ts";
export type { Measures, Period, Share, Times, Usage } from "./domain/measures.ts";
export type { Plan } from "./domain/plan.ts";
export type { ProgressEvent, StepProgress } from "./domain/progress.ts";
export type { Change, Effect, Finding, Impact, Proposal, ProposedAction } from "./domain/proposal.ts";
export type { Cancellation, RollbackReport, Run, TakenBack } from "./domain/run.ts";
export { ActionFailure, HoldpointError, StillUnderWay } from "./errors.ts";
export type { HoldpointGraph } from "./graph/build.ts";
export type { Notice } from "./ledger/notices.ts";
export type { KeptKind as NoticeKind } from "./ledger/outbox.ts";
export type { Question } from "./nodes/question.ts";
export type { PlaybookInput as Playbook } from "./planning/own-playbooks/declaration.ts";
export type { PlaybookFunction, PlaybookPlan } from "./planning/own-playbooks/from-function.ts";
export {
  type ParsableAction,
  type ParsedAction,
  type ParsedActions,
  type ParseOptions,
  parseActions,
  type RejectedAction,
} from "./planning/parse-actions.ts";
export { type BlockedPattern, defaultBlockedPatterns } from "./policy/blocked-patterns.ts";
export type { Policy, PolicyOptions, TransactionContext } from "./policy/policy.ts";
export type { PolicyRun } from "./policy/rule-facts.ts";
export type { RuleInput as Rule } from "./policy/rules.ts";
export { officePlaybook, operationsPlaybook } from "./runtime.ts";
export type { State } from "./state.ts";
export {
  type Action,
  type ActionContext,
  defineAction,
  type PreviewContext,
  type ReadAction,
  type Reading,
  type WriteAction,
} from "./tools/action.ts";
export type { CallSettings } from "./tools/call-settings.ts";
export {
  type ContractCheck,
  type ContractOptions,
  type ContractReport,
  checkContract,
  isContractKept,
} from "./tools/contract.ts";
export { type HttpActionsOptions, httpActions } from "./tools/http/index.ts";
export { fromLangChainTool, type ToolDeclaration, type ToolOutcome } from "./tools/langchain.ts";
export { connectMcp, type McpConnection, type McpOptions, type Waiting, type WaitingTool } from "./tools/mcp/index.ts";
export { type OfficeOptions, officeActions } from "./tools/office/index.ts";
export { type OperationsOptions, operationsActions, type WebhookOptions } from "./tools/operations/index.ts";
export type { ComposeValidator, Composing } from "./tools/thinking/index.ts";
export type { Done, MaintenanceReport, Undone } from "./work/maintain.ts";
export type { Recovered } from "./work/recover.ts";
export type { Stats, StatsQuery } from "./work/stats.ts";

/** Who calls: whose data, who acts, and as what. */
export interface CallContext {
  /** Default: `default`. */
  readonly tenant?: string;
  /** Default: `local`. */
  readonly principal?: string;
  /** Where the program authenticates people itself: what they may; then the tenant's members do not count. */
  readonly role?: Role;
  /** The operations of docs/policy.md that they are limited to. */
  readonly scopes?: readonly string[];
}

type PlaybookOption = string | PlaybookInput | PlaybookFunction;

export interface HoldpointOptions {
  /**
   * Any LangChain chat model that can call tools: one for every role, or one for each. Without a planner only
   * `playbooks` and the example store's playbooks plan; without a reviewer nothing is reviewed by a model.
   */
  readonly model?: BaseChatModel | Models;
  /** For one question to a model, its repeats included, in milliseconds. Default: 60000. */
  readonly modelTimeoutMs?: number;
  /**
   * Whether a plan may call `compose` and `investigate`, steps in which a model works: the `worker`, by default the
   * planner's. An action of yours that is called the same takes its place. Default: true.
   */
  readonly thinking?: boolean;
  /** Checks of your own for composed texts, by the name under which a plan asks for them. */
  readonly validators?: Readonly<Record<string, ComposeValidator>>;
  /** How many reads of a run may be under way at once, 1 to 10000. Default: 8. */
  readonly concurrency?: number;
  /**
   * `mode`: what a model plans. `steps`: a list of steps. `program`: a short program, always. `auto`, the default: steps,
   * or a program where rows have to be found, compared or computed with first; see docs/programs.md.
   */
  readonly planning?: { readonly mode?: PlanningMode };
  /** What a plan may call; see {@link defineAction}. */
  readonly actions?: readonly Action[];
  /** What is allowed, and what needs a person. Default: everything that writes needs a person. */
  readonly policy?: Policy | PolicyOptions;
  /**
   * Plans for requests that need no model: paths of YAML files or of folders with such files, playbooks as they stand in
   * one, and functions that give the plan for a request. All but the functions are offered to the model, too.
   */
  readonly playbooks?: PlaybookOption | readonly PlaybookOption[];
  /** LangGraph's checkpoints, in the caller's own saver. It stays open. Default: `databases.checkpoints`. */
  readonly checkpointer?: BaseCheckpointSaver;
  /** Where the data is: SQLite files, or for the ledger any Kysely dialect, such as Postgres'. */
  readonly databases?: {
    /** What was decided and what happened. Default: `ledger.db` in `home`. A dialect is closed with Holdpoint. */
    readonly ledger?: string | Dialect;
    /** Default: `checkpoints.db` in `home`. */
    readonly checkpoints?: string;
    /** The example store. Default: `store.db` in `home`. */
    readonly store?: string;
  };
  /**
   * 32 bytes in base64: what is personal in the ledger, and the checkpoints in `databases.checkpoints`, are encrypted with
   * it. Default: nothing is. A `checkpointer` of the caller's encrypts with its own serializer.
   */
  readonly encryptionKey?: string;
  /** Folder of the databases that are not named. Default: `.holdpoint`. */
  readonly home?: string;
  /** With the example store: its actions, and the playbooks that plan for it. Default: false. */
  readonly exampleStore?: boolean;
  /**
   * Whether the runs that a crash left are carried on when it is created, in the background; what came of them is in
   * `recovered`. Default: true.
   */
  readonly recoverOnStart?: boolean;
  /**
   * Is told by {@link Holdpoint.maintain} what happened by itself, what will expire and what has. What it throws, or a
   * promise that takes longer than 10 seconds, means that it is told again later, under the same id. Default: notices are
   * only kept.
   */
  readonly onNotice?: NoticeListener;
  /** The time now, ISO 8601 UTC. Default: the clock. */
  readonly now?: () => string;
}

/**
 * What is asked: a request in plain words, or chat messages, of which the last human one is the request; or that a paused
 * run of the thread is to go on.
 */
export type HoldpointInput = { request: string } | { messages: BaseMessageLike[] } | { wake: true };

/** LangGraph's options for a call: `configurable.thread_id` names the thread, `context` who calls. */
export type CallOptions = NonNullable<Parameters<HoldpointGraph["invoke"]>[1]>;

/** A graph and what it runs on. */
export interface Holdpoint {
  /**
   * LangGraph's `invoke`: with a request it starts a run, with `Command({ resume: { [interruptId]: answer } })` it
   * answers what is asked, with null it goes on where a run was cut off. What is asked is in the result's
   * `__interrupt__`, and its value is a {@link Question}.
   * @throws HoldpointError `usage` without a thread, `unknown_thread` when the thread is another tenant's
   */
  invoke(input: HoldpointInput | Command | null, options: CallOptions): Promise<State>;
  /** LangGraph's `stream`, with the same input; progress ({@link ProgressEvent}) is in the mode `custom`. */
  readonly stream: HoldpointGraph["stream"];
  /** The compiled LangGraph graph, for everything else. It does not ask first whose thread it is. */
  readonly graph: HoldpointGraph;
  /**
   * What came of the runs of every tenant that a crash had left when this Holdpoint was created. It settles once they
   * have ended or wait for a person, which takes half a minute where a process was seen at one just before.
   */
  readonly recovered: Promise<readonly Recovered[]>;
  /**
   * Carries on every run of a tenant that a crash left, to its end or to the person it has to ask, and asks again what
   * another version of the program left waiting, as it is done for all tenants on creation; what other processes are at
   * right now is left to them.
   * @param context whose runs, and who carries them on
   */
  recover(context?: CallContext): Promise<Recovered[]>;
  /**
   * One pass of maintenance over all tenants: ends what nobody decided in time, carries on what a crash left, reminds of
   * what will expire, delivers notices, and removes what the settings do not keep any longer. To be called from time to
   * time, such as every minute; several processes may do so at once.
   * @returns what was done, and what could not be done and is tried again at the next pass
   */
  maintain(): Promise<MaintenanceReport>;
  /**
   * Ends the newest run of a thread early: what waits is withdrawn, a transaction under way stops before its next action
   * and is undone, and what was committed before stays, or with `rollback` is undone too.
   * @returns the run as it stands; it has not ended while somebody has yet to say whether a write happened
   * @throws HoldpointError `not_paused` when it has ended, `unknown_thread`, `busy` when the process that is at it has not
   * stopped yet: the cancellation is recorded then
   */
  cancel(input: { threadId: string; reason?: string; rollback?: boolean }, context?: CallContext): Promise<Run>;
  /**
   * Undoes what the newest run of a thread did, last first. Where others have changed since what it changed, it says so
   * and undoes nothing, unless it is told to do it `anyway`. Asked for again after a crash, it goes on where it was.
   * @throws HoldpointError `not_paused` when the run has not ended or has nothing to undo, `unknown_thread`, `busy`
   */
  rollback(
    input: { threadId: string; reason?: string; anyway?: boolean },
    context?: CallContext,
  ): Promise<RollbackReport>;
  /**
   * Measures the runs of a tenant that began in a time, by day or week where asked for, or those of a thread; see
   * docs/measures.md.
   * @throws HoldpointError `usage` when the query does not fit, `unknown_thread`
   */
  stats(query?: StatsQuery, context?: CallContext): Promise<Stats>;
  /**
   * Closes every database that Holdpoint opened. A transaction under way comes to its end first; other work is cut off,
   * and goes on later with `invoke(null, …)`.
   */
  close(): Promise<void>;
}

/**
 * Builds the graph over your own model, actions, policy, checkpointer and databases.
 * @throws HoldpointError `usage` when the options or the rules of the policy do not fit, `storage` when a database cannot be opened
 * @throws TypeError when an action lacks something, or two have the same name
 */
export async function createHoldpoint(options: HoldpointOptions = {}): Promise<Holdpoint> {
  assertOptions(options);
  const { home = ".holdpoint", databases = {}, exampleStore = false } = options;
  const models = modelsOf(options.model);
  assertUsable(options, models);
  const { checkpointer, actions = [], policy, modelTimeoutMs, concurrency, encryptionKey, now } = options;
  const parts = {
    ...{ checkpointer, actions, policy, models, modelTimeoutMs, concurrency, now },
    planningMode: options.planning?.mode,
    ...{ thinking: options.thinking, validators: options.validators },
    ledger: databases.ledger,
    checkpoints: databases.checkpoints,
    encryptionKey: encryptionKey === undefined ? undefined : parseKey(encryptionKey),
    ...playbooksOf(options),
    notify: options.onNotice,
  };
  const runtime: Runtime = exampleStore
    ? await createRuntime({ home }, { ...parts, store: databases.store })
    : await openRuntime({ ...parts, home });
  const { graph } = runtime;
  const closing = new AbortController();
  const recovery = startRecovery(runtime, { wanted: options.recoverOnStart !== false, signal: closing.signal });
  const begin = async (input: unknown, given: CallOptions = {}): Promise<CallOptions> => {
    if (closing.signal.aborted) throw closedError("This Holdpoint is closed.");
    const identity = identityOf(given);
    assertPerson(identity.principal);
    await assertMayCall(runtime, input, identity);
    await assertOwnThread(runtime, given);
    await recovery.yield(threadOf(given));
    const signals = given.signal ? [given.signal, closing.signal] : [closing.signal];
    return { ...given, signal: AbortSignal.any(signals) };
  };
  const callerOf = (context: object): Caller => {
    const identity = identityOf({ context });
    assertPerson(identity.principal);
    return { identity, signal: closing.signal };
  };
  const whole = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closing.signal.aborted) throw closedError("This Holdpoint is closed.");
    return await runtime.track(work());
  };
  const stream = async (input: Parameters<typeof graph.stream>[0], given?: CallOptions) =>
    await graph.stream(input, await begin(input, given));
  return {
    graph,
    recovered: recovery.recovered,
    invoke: async (input, given) => {
      const call = await begin(input, given);
      try {
        return await graph.invoke(input as Parameters<typeof graph.invoke>[0], call);
      } catch (error) {
        throw closing.signal.aborted
          ? closedError("Holdpoint was closed while this call was under way.", error)
          : error;
      }
    },
    stream: stream as typeof graph.stream,
    cancel: ({ reason = null, ...input }, context = {}) =>
      whole(async () => (await cancelThread(runtime, callerOf(context), { reason, ...input })).run),
    rollback: (input, context = {}) => whole(() => rollBackThread(runtime, callerOf(context), input)),
    recover: (context = {}) => whole(() => recoverRuns(runtime, callerOf(context))),
    stats: (query = {}, context = {}) => whole(() => measureStats(runtime, callerOf(context).identity, query)),
    maintain: () => whole(() => maintainOnce(runtime, { signal: closing.signal, unasked: false })),
    close: () => closeDown(runtime, closing),
  };
}

async function closeDown(runtime: Runtime, closing: AbortController): Promise<void> {
  closing.abort();
  await runtime.settle();
  await runtime.close();
}

interface Recovery {
  readonly recovered: Promise<Recovered[]>;
  /** Leaves a thread to the program's own call: it waits only for what is just being done there. */
  yield(threadId: string): Promise<void>;
}

/** Carries on what a crash left, in the background, and keeps out of the way of the program's own calls. */
function startRecovery(runtime: Runtime, { wanted, signal }: { wanted: boolean; signal: AbortSignal }): Recovery {
  const called = new Set<string>();
  const atWork = new Map<string, Promise<unknown>>();
  const hear = (threadId: string, work: Promise<unknown>) => {
    // What came of it, its failure too, is in `recovered`.
    atWork.set(
      threadId,
      Promise.allSettled([work]).then(() => atWork.delete(threadId)),
    );
  };
  const leave = (threadId: string) => called.has(threadId);
  const found = wanted ? recoverOnStart(runtime, { signal, hear, leave }) : Promise.resolve([]);
  const recovered = runtime.track(found).catch((error: unknown) => {
    warn(`The runs that a crash left were not looked for: ${explainError(error)}`);
    return [];
  });
  return {
    recovered,
    yield: async (threadId) => {
      called.add(threadId);
      await atWork.get(threadId);
    },
  };
}

function closedError(message: string, cause?: unknown): HoldpointError {
  return new HoldpointError("usage", message, {
    hint: "Create another one; on a thread that was cut off, invoke(null, …) goes on.",
    cause,
  });
}

/** Whether somebody may do what a call does: ask, answer, or go on where a run was cut off. */
async function assertMayCall({ ledger, now }: Runtime, input: unknown, identity: Identity): Promise<void> {
  if (input === null) return await assertMay(ledger, identity, "resume");
  const answers = isCommand(input) && input.resume !== undefined;
  if (answers) return await assertMayAnswer(ledger, { ...identity, at: now() });
  await assertMay(ledger, identity, "ask");
}

/** Before LangGraph writes anything: a foreign request would take the place of what waits there. */
async function assertOwnThread(runtime: Runtime, options: CallOptions = {}): Promise<void> {
  const threadId = threadOf(options);
  if (await isForeignThread(runtime.ledger, identityOf(options).tenant, threadId)) {
    throw new HoldpointError("unknown_thread", `There is no thread "${threadId}".`, { hint: "Use another thread." });
  }
}

function modelsOf(model: HoldpointOptions["model"]): Models {
  if (!model) return {};
  const given: Models = "invoke" in model ? { planner: model, reviewer: model, reflector: model } : model;
  const worker = given.worker ?? given.planner;
  const models: Models = { ...given, ...(worker ? { worker } : {}) };
  for (const [role, played] of Object.entries(models)) if (played) assertCallsTools(role, played);
  return models;
}

/** Found here rather than at the first request. */
function assertCallsTools(role: string, model: BaseChatModel): void {
  try {
    structuredModel(model, role, z.object({}));
  } catch (error) {
    throw new HoldpointError("usage", `The model for the ${role} (${model._llmType?.()}) cannot call tools.`, {
      hint: "Pass a LangChain chat model that implements bindTools.",
      cause: error,
    });
  }
}

function assertUsable(options: HoldpointOptions, models: Models): void {
  const { actions = [], exampleStore, playbooks, databases = {} } = options;
  if (options.checkpointer && databases.checkpoints !== undefined) {
    throw new HoldpointError("usage", "checkpointer and databases.checkpoints exclude each other.");
  }
  if (databases.store !== undefined && !exampleStore) {
    throw new HoldpointError("usage", "databases.store names the example store, which is not asked for.", {
      hint: "Pass exampleStore: true, or leave databases.store out.",
    });
  }
  const thinks = models.worker !== undefined && options.thinking !== false;
  if (actions.length === 0 && !exampleStore && !thinks) {
    throw new HoldpointError("usage", "createHoldpoint has no actions: nothing could ever be done.", {
      hint: "Pass actions made with defineAction, or exampleStore: true.",
    });
  }
  if (!models.planner && !playbooks && !exampleStore) {
    throw new HoldpointError("usage", "createHoldpoint has neither a model nor a playbook: nothing could be planned.", {
      hint: "Pass model (any LangChain chat model), or playbooks.",
    });
  }
}

/** The caller's first, then those of the example store. */
function playbooksOf({
  playbooks = [],
  exampleStore,
}: HoldpointOptions): Pick<RuntimeParts, "playbooks" | "matchRequest" | "offered"> {
  const given = [playbooks].flat() as PlaybookOption[];
  const functions = given.filter((one) => typeof one === "function");
  const ofStore = (request: string) => matchPlaybooks(storePlaybooks, request);
  const matchFunction = functions.length > 0 ? matchFunctions(functions) : undefined;
  const byFunction = matchFunction && exampleStore ? firstOf(matchFunction, ofStore) : matchFunction;
  return {
    playbooks: given.filter((one) => typeof one !== "function"),
    matchRequest: byFunction ?? (exampleStore ? ofStore : undefined),
    offered: joined(functions.flatMap((one) => ("offered" in one ? [(one as OfferedPlaybook).offered] : []))),
  };
}
