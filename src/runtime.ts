/** The composition root: opens the databases, and builds the graph over them. */
import { join, resolve } from "node:path";
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import type { Dialect } from "kysely";
import { openCheckpoints } from "./checkpoints.ts";
import type { Config, ModelConfig } from "./config.ts";
import type { Plan, PlanningMode } from "./domain/plan.ts";
import { type EventSettings, type Events, openEvents } from "./events/audience.ts";
import { openEventEndpoints } from "./events/endpoints.ts";
import type { ModelDeps } from "./execution/call-model.ts";
import { createThinker } from "./execution/thinker.ts";
import { buildGraph, type HoldpointGraph } from "./graph/build.ts";
import { type Ledger, openLedger, openLedgerIn } from "./ledger/database.ts";
import { createSigns, type SignsOfLife } from "./ledger/liveness.ts";
import type { Notice } from "./ledger/notices.ts";
import type { Models } from "./models/roles.ts";
import { exampleLines, firstOf, joined, type OwnPlaybooks, openPlaybooks } from "./planning/own-playbooks/index.ts";
import type { PlaybookSource } from "./planning/own-playbooks/load.ts";
import { matchPlaybooks, type PlaybookResult } from "./planning/playbooks/match.ts";
import { type OfficePlaybooks, openOfficePlaybooks } from "./planning/playbooks/office.ts";
import { openOnboarding } from "./planning/playbooks/onboarding.ts";
import { whatCanBeAsked } from "./planning/playbooks/playbook.ts";
import { storePlaybooks } from "./planning/playbooks/store.ts";
import { createPolicy, type Policy, type PolicyOptions } from "./policy/policy.ts";
import { openSqlite } from "./sqlite.ts";
import { type Log, SILENT } from "./telemetry/log.ts";
import type { Action } from "./tools/action.ts";
import { httpActions, secretsInEnvironment } from "./tools/http/index.ts";
import type { McpConnection } from "./tools/mcp/index.ts";
import { type OfficeOptions, openOffice } from "./tools/office/index.ts";
import { type OperationsSettings, openOperations, operationsActions } from "./tools/operations/index.ts";
import { createRegistries, createRegistry, type Registries, type Registry } from "./tools/registry.ts";
import { openStore, type Store, storeActions } from "./tools/store/index.ts";
import { type ComposeValidator, thinkingActions } from "./tools/thinking/index.ts";

const DEFAULT_MODEL_TIMEOUT_MS = 60_000;
const DEFAULT_CONCURRENCY = 8;

/** Takes a notice; what it throws means that it did not. */
export type NoticeListener = (notice: Notice) => unknown;

/** What a runtime is made of. */
export interface RuntimeParts {
  /** Folder of the databases that are not named. */
  readonly home: string;
  /** A SQLite file, or a Kysely dialect (such as that for Postgres), which is closed with the runtime. */
  readonly ledger?: string | Dialect | undefined;
  /** A SQLite file. */
  readonly checkpoints?: string | undefined;
  /** Instead of `checkpoints`. It is the caller's, and stays open. */
  readonly checkpointer?: BaseCheckpointSaver | undefined;
  /** Encrypts what the ledger and the checkpoints in files hold; see {@link parseKey}. */
  readonly encryptionKey?: Buffer | undefined;
  readonly actions: readonly Action[];
  readonly policy?: Policy | PolicyOptions | undefined;
  readonly models?: Models | undefined;
  readonly modelTimeoutMs?: number | undefined;
  /** `false`: no action that thinks, though a model plays the worker. */
  readonly thinking?: boolean | undefined;
  /** The program's own checks of composed texts, by name. */
  readonly validators?: Readonly<Record<string, ComposeValidator>> | undefined;
  /** How many reads of a run may be under way at once. Default: 8. */
  readonly concurrency?: number | undefined;
  /** Playbooks of one's own. */
  readonly playbooks?: readonly PlaybookSource[] | undefined;
  /** Further playbooks that a model is offered: those that `matchRequest` matches. */
  readonly offered?: OwnPlaybooks | undefined;
  /** Plans a request without a model, where no playbook of one's own does. */
  readonly matchRequest?: ((request: string) => PlaybookResult) | undefined;
  /** `model`: nothing is matched. Playbooks of one's own are still offered to the model. */
  readonly planning?: "playbooks" | "model" | undefined;
  /** Whether a model's plan is steps, a program, or whichever fits. Default: `auto`. */
  readonly planningMode?: PlanningMode | undefined;
  readonly whatCanBeAsked?: readonly string[];
  /** Who is told of notices: an http(s) address, or a function. Default: nobody; they are kept. */
  readonly notify?: string | NoticeListener | undefined;
  /** Where events go. Default: nowhere. */
  readonly events?: EventSettings | undefined;
  /** Is told of the work. Default: nobody. */
  readonly log?: Log | undefined;
  /** ISO 8601 UTC. */
  readonly now?: (() => string) | undefined;
}

export interface Runtime {
  readonly graph: HoldpointGraph;
  readonly ledger: Ledger;
  readonly registry: Registries;
  readonly policy: Policy;
  /** Those of one's own. */
  readonly playbooks: OwnPlaybooks;
  /** The plan for a request, without a model. */
  readonly matchRequest: ((request: string) => PlaybookResult) | undefined;
  readonly signs: SignsOfLife;
  /** What can be asked without a model, a line each. */
  readonly whatCanBeAsked: readonly string[];
  /** Where the embedded databases are. */
  readonly home: string;
  /** Who is told of notices. */
  readonly notify: string | NoticeListener | undefined;
  readonly events: Events;
  /** Is told of the work. */
  readonly log: Log;
  now(): string;
  /** Deletes the checkpoints of a thread. */
  deleteCheckpoints(threadId: string): Promise<void>;
  /** Marks work that {@link settle} waits for. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Waits for the transactions that are under way. */
  settle(): Promise<void>;
  /** Closes every database; those in files before it returns, so that a handler of the process's exit can call it. */
  close(): Promise<void>;
}

/**
 * @throws HoldpointError `storage` that names the database that cannot be opened, `usage` when a rule does not fit;
 * nothing is left open then
 */
export async function openRuntime(parts: RuntimeParts): Promise<Runtime> {
  const opened: Closing[] = [];
  try {
    const ledger = await openLedgerPart(parts, opened);
    const checkpointer = parts.checkpointer ?? openCheckpointsPart(parts, opened);
    const now = parts.now ?? createClock();
    const { models = {}, modelTimeoutMs = DEFAULT_MODEL_TIMEOUT_MS } = parts;
    const deps = { ledger, models, modelTimeoutMs, now };
    const registry = createRegistries(parts.actions, (actions) => withThinking(actions, parts, deps));
    const policy = policyOf(parts.policy, registry);
    const signs = createSigns(ledger);
    const shared = { ledger, registry, policy, now, signs, ...planningOf(parts, registry) };
    const { concurrency = DEFAULT_CONCURRENCY, planningMode = "auto" } = parts;
    const underWay = new Set<Promise<unknown>>();
    const track = <T>(work: Promise<T>): Promise<T> => {
      underWay.add(work);
      return work.finally(() => underWay.delete(work));
    };
    const settle = async () => void (await Promise.allSettled(underWay));
    const offered = joined([shared.playbooks, ...(parts.offered ? [parts.offered] : [])]);
    const graph = buildGraph(
      { ...shared, playbooks: offered, planningMode, concurrency, track, models, modelTimeoutMs },
      checkpointer,
    );
    const deleteCheckpoints = (threadId: string) => checkpointer.deleteThread(threadId);
    const { home, notify, log = SILENT } = parts;
    const events = openEvents(ledger, log, parts.events ?? { endpoints: [] });
    return {
      ...shared,
      graph,
      home,
      notify,
      events,
      log,
      deleteCheckpoints,
      track,
      settle,
      close: () => closeAll(opened),
    };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** The time, ISO 8601 UTC: it is asked for several times for each step, and written anew only when it has changed. */
function createClock(): () => string {
  let last = { at: Number.NaN, text: "" };
  return () => {
    const at = Date.now();
    if (at !== last.at) last = { at, text: new Date(at).toISOString() };
    return last.text;
  };
}

/** The actions, and those that think where a model plays the worker; one of the program's own comes before them. */
function withThinking(
  actions: readonly Action[],
  { thinking = true, validators = {} }: RuntimeParts,
  deps: ModelDeps,
): readonly Action[] {
  if (!thinking || !deps.models.worker) return actions;
  const { modelTimeoutMs } = deps;
  const reads = actions.filter((action) => action.kind === "read");
  const own = new Set(actions.map(({ name }) => name));
  const added = thinkingActions({ thinker: createThinker(deps), validators, reads, modelTimeoutMs });
  return [...actions, ...added.filter(({ name }) => !own.has(name))];
}

/** Rules are checked against the actions that there are. */
function policyOf(given: Policy | PolicyOptions | undefined, { all }: Registries): Policy {
  if (given && "checkPlan" in given) return given;
  const writes = all.filter(({ kind }) => kind === "write").map(({ name }) => name);
  return createPolicy(given, [...new Set(writes)]);
}

/** Playbooks are every tenant's: they are checked against the actions that every tenant has. */
function planningOf(
  parts: RuntimeParts,
  { shared }: Registries,
): Pick<Runtime, "playbooks" | "matchRequest" | "whatCanBeAsked"> {
  const playbooks = openPlaybooks(parts.playbooks ?? [], playbookActions(shared));
  const own = playbooks.list.length > 0 ? playbooks.match : undefined;
  const both = own && parts.matchRequest ? firstOf(own, parts.matchRequest) : (own ?? parts.matchRequest);
  return {
    playbooks,
    matchRequest: parts.planning === "model" ? undefined : both,
    whatCanBeAsked: [...exampleLines(playbooks), ...(parts.whatCanBeAsked ?? [])],
  };
}

type Closing = () => unknown;

/** The last opened first; what is in a file is closed at once. */
async function closeAll(opened: Closing[]): Promise<void> {
  // Each one is begun, also when another throws.
  const closing = opened
    .splice(0)
    .reverse()
    .map(async (close) => close());
  const failed = (await Promise.allSettled(closing)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

const pathOf = (named: string | undefined, home: string, file: string): string => {
  if (named === undefined) return join(home, file);
  return named === ":memory:" ? named : resolve(named);
};

async function openLedgerPart({ ledger, home, encryptionKey }: RuntimeParts, opened: Closing[]): Promise<Ledger> {
  if (typeof ledger === "object") {
    const shared = await openLedger(ledger, encryptionKey);
    opened.push(() => shared.destroy());
    return shared;
  }
  const file = openSqlite(pathOf(ledger, home, "ledger.db"));
  opened.push(() => file.close());
  return await openLedgerIn(file, encryptionKey);
}

function openCheckpointsPart(
  { checkpoints, home, encryptionKey }: RuntimeParts,
  opened: Closing[],
): BaseCheckpointSaver {
  const { saver, file } = openCheckpoints(pathOf(checkpoints, home, "checkpoints.db"), encryptionKey);
  opened.push(() => file.close());
  return saver;
}

/** OpenAI's client takes time and memory to load: a program that brings its own models, or none, is spared them. */
async function modelsOf(config: ModelConfig | undefined): Promise<Models> {
  if (!config) return {};
  const { createModels } = await import("./models/roles.ts");
  return createModels(config);
}

/** The client of MCP takes time to load, too. */
async function openMcpPart(
  file: string | undefined,
  opened: Closing[],
): Promise<{ actions: readonly Action[]; connection: McpConnection | undefined }> {
  if (file === undefined) return { actions: [], connection: undefined };
  const { connectMcp } = await import("./tools/mcp/index.ts");
  const connection = await connectMcp({ file });
  opened.push(() => connection.close());
  return { actions: connection.actions, connection };
}

const policyOptionsOf = ({ rulesFile, approval }: Config): PolicyOptions => ({
  ...(rulesFile === undefined ? {} : { rulesFile }),
  ...(approval === undefined ? {} : { approval }),
});

/** The actions of a registry, as playbooks are checked against them. */
export const playbookActions = (registry: Registry) => ({
  find: (name: string) => registry.find(name),
  names: registry.actions.map(({ name }) => name),
});

/** What replaces the defaults of {@link createRuntime}. */
export interface RuntimeOverrides extends Partial<Omit<RuntimeParts, "home" | "whatCanBeAsked">> {
  /** The file of the example store. */
  store?: string | undefined;
  /** HTTP actions instead of those that the configuration names. */
  httpActions?: readonly Action[] | undefined;
  /** The office beside it: its actions, and its playbooks. Default: none. */
  office?: OfficeOptions | undefined;
  /** Beside both, where there is an office. Default: none. */
  operations?: OperationsSettings | undefined;
  /** Where `${NAME}` in the endpoints for events is looked up. Default: the environment of the process. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface StoreRuntime extends Runtime {
  readonly store: Store;
  /** Of the packs beside it. */
  readonly packPlaybooks: readonly (OfficePlaybooks["list"][number] & { readonly from: string })[];
  /** Those that the configuration names. */
  readonly mcp: McpConnection | undefined;
}

/**
 * The runtime with the example store: its actions, after those of `overrides`, and its playbooks.
 * @throws HoldpointError `storage` that names the database that cannot be opened, `usage` when a rule does not fit
 */
export async function createRuntime(config: Config, overrides: RuntimeOverrides = {}): Promise<StoreRuntime> {
  const opened: Closing[] = [];
  try {
    const store = openStore(pathOf(overrides.store, config.home, "store.db"));
    opened.push(() => store.close());
    const now = overrides.now ?? createClock();
    const packs = openPacks(config.home, overrides, { store, now, opened });
    const mcp = await openMcpPart(config.mcp, opened);
    const byStore = (request: string) => matchPlaybooks(storePlaybooks, request);
    const runtime = await openRuntime({
      encryptionKey: config.encryptionKey,
      notify: config.notifyUrl,
      events: eventsOf(config, overrides),
      concurrency: config.concurrency,
      offered: joined(packs.playbooks.map(({ offered }) => offered)),
      ...overrides,
      now,
      home: config.home,
      policy: overrides.policy ?? policyOptionsOf(config),
      actions: [
        ...(overrides.actions ?? []),
        ...[storeActions(store), packs.actions, mcp.actions, httpActionsOf(config, overrides)].flat(),
      ],
      playbooks: overrides.playbooks ?? (config.playbooks === undefined ? [] : [config.playbooks]),
      matchRequest: overrides.matchRequest ?? packs.playbooks.map(({ match }) => match).reduce(firstOf, byStore),
      planning: overrides.planning ?? config.planning,
      planningMode: overrides.planningMode ?? config.planningMode,
      models: overrides.models ?? (await modelsOf(config.models)),
      modelTimeoutMs: overrides.modelTimeoutMs ?? config.models?.timeoutMs,
      whatCanBeAsked: [...whatCanBeAsked(storePlaybooks), ...packs.playbooks.flatMap(({ examples }) => examples)],
    });
    opened.push(() => runtime.close());
    const packPlaybooks = packs.playbooks.flatMap(({ list, from }) => list.map((one) => ({ ...one, from })));
    return { ...runtime, store, packPlaybooks, mcp: mcp.connection, close: () => closeAll(opened) };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

function eventsOf({ events: path, server = {} }: Config, { environment = process.env }: RuntimeOverrides) {
  if (path === undefined) return undefined;
  return { endpoints: openEventEndpoints(path, environment), publicUrl: server.publicUrl };
}

function httpActionsOf({ http }: Config, { httpActions: given }: RuntimeOverrides): readonly Action[] {
  if (given || !http) return given ?? [];
  const { path, localHosts, secrets } = http;
  return httpActions({ path, localHosts, secrets: secretsInEnvironment(secrets) });
}

/** The packs beside the store that are wanted: their actions, and the playbooks that plan for them. */
function openPacks(
  home: string,
  wanted: Pick<RuntimeOverrides, "office" | "operations">,
  { store, now, opened }: { store: Store; now: () => string; opened: Closing[] },
) {
  if (!wanted.office) return { actions: [], playbooks: [] };
  const office = openOfficePart(home, wanted.office, now);
  opened.push(office.close);
  const ofOffice = { ...office.playbooks, from: "the office" };
  if (!wanted.operations) return { actions: office.actions, playbooks: [ofOffice] };
  const operations = openOperations({ home, store: () => store, office }, wanted.operations);
  opened.push(operations.close);
  const actions = [...office.actions, ...operations.actions];
  const onboarding = openOnboarding(playbookActions(createRegistry(actions)), { timeZone: office.timeZone, now });
  return { actions, playbooks: [ofOffice, { ...onboarding, from: "operations" }] };
}

function openOfficePart(home: string, options: OfficeOptions, now: () => string) {
  const office = openOffice({ home, ...options });
  const actions = playbookActions(createRegistry(office.actions));
  return { ...office, playbooks: openOfficePlaybooks(actions, { timeZone: office.timeZone, now }) };
}

/** Playbooks as a function, with what a planning model is offered of them. */
export type OfferedPlaybook = ((request: string) => Plan | undefined) & { readonly offered: OwnPlaybooks };

/**
 * The office's playbooks as a function, for `playbooks` of createHoldpoint beside the office's actions. It reads nothing
 * but the request and the time.
 */
export function officePlaybook(options: OfficeOptions & { now?: () => string } = {}): OfferedPlaybook {
  const { now = createClock(), timeZone } = options;
  return asFunction(openOfficePart(".", { timeZone }, now).playbooks);
}

/** The playbook of the operations in the same way, beside the actions of both. */
export function operationsPlaybook(options: OfficeOptions & { now?: () => string } = {}): OfferedPlaybook {
  const { now = createClock(), timeZone } = options;
  const office = openOffice({ timeZone });
  const actions = playbookActions(createRegistry([...office.actions, ...operationsActions()]));
  return asFunction(openOnboarding(actions, { timeZone: office.timeZone, now }));
}

const asFunction = ({ match, offered }: OfficePlaybooks): OfferedPlaybook =>
  Object.assign(
    (request: string) => {
      const result = match(request);
      return result.kind === "plan" ? result.plan : undefined;
    },
    { offered },
  );
