/** The composition root: opens the databases, and builds the graph over them. */
import { join, resolve } from "node:path";
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import type { Dialect } from "kysely";
import { openCheckpoints } from "./checkpoints.ts";
import type { Config } from "./config.ts";
import { buildGraph, type HoldpointGraph } from "./graph/build.ts";
import { type Ledger, openLedger, openLedgerIn } from "./ledger/database.ts";
import { createSigns, type SignsOfLife } from "./ledger/liveness.ts";
import type { Notice } from "./ledger/notices.ts";
import { createModels, type Models } from "./models/roles.ts";
import { matchPlaybooks, type PlaybookResult } from "./planning/playbooks/match.ts";
import { whatCanBeAsked } from "./planning/playbooks/playbook.ts";
import { storePlaybooks } from "./planning/playbooks/store.ts";
import { createPolicy, type Policy, type PolicyOptions } from "./policy/policy.ts";
import { openSqlite } from "./sqlite.ts";
import type { Action } from "./tools/action.ts";
import { createRegistry, type Registry } from "./tools/registry.ts";
import { openStore, type Store, storeActions } from "./tools/store/index.ts";

const DEFAULT_MODEL_TIMEOUT_MS = 60_000;

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
  /** Plans a request without a model. */
  readonly matchRequest?: ((request: string) => PlaybookResult) | undefined;
  readonly whatCanBeAsked?: readonly string[];
  /** Who is told of notices: an http(s) address, or a function. Default: nobody; they are kept. */
  readonly notify?: string | NoticeListener | undefined;
  /** ISO 8601 UTC. */
  readonly now?: (() => string) | undefined;
}

export interface Runtime {
  readonly graph: HoldpointGraph;
  readonly ledger: Ledger;
  readonly registry: Registry;
  readonly policy: Policy;
  readonly signs: SignsOfLife;
  /** What can be asked without a model, a line each. */
  readonly whatCanBeAsked: readonly string[];
  /** Where the embedded databases are. */
  readonly home: string;
  /** Who is told of notices. */
  readonly notify: string | NoticeListener | undefined;
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
    const registry = createRegistry(parts.actions);
    const policy = policyOf(parts.policy, registry);
    const now = parts.now ?? (() => new Date().toISOString());
    const signs = createSigns(ledger);
    const shared = { ledger, registry, policy, now, signs, whatCanBeAsked: parts.whatCanBeAsked ?? [] };
    const { matchRequest, models = {}, modelTimeoutMs = DEFAULT_MODEL_TIMEOUT_MS } = parts;
    const underWay = new Set<Promise<unknown>>();
    const track = <T>(work: Promise<T>): Promise<T> => {
      underWay.add(work);
      return work.finally(() => underWay.delete(work));
    };
    const settle = async () => void (await Promise.allSettled(underWay));
    const graph = buildGraph({ ...shared, track, matchRequest, models, modelTimeoutMs }, checkpointer);
    const deleteCheckpoints = (threadId: string) => checkpointer.deleteThread(threadId);
    const { home, notify } = parts;
    return { ...shared, graph, home, notify, deleteCheckpoints, track, settle, close: () => closeAll(opened) };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Rules are checked against the actions that there are. */
function policyOf(given: Policy | PolicyOptions | undefined, { actions }: Registry): Policy {
  if (given && "checkPlan" in given) return given;
  const writes = actions.filter(({ kind }) => kind === "write").map(({ name }) => name);
  return createPolicy(given, writes);
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

const policyOptionsOf = ({ rulesFile, approval }: Config): PolicyOptions => ({
  ...(rulesFile === undefined ? {} : { rulesFile }),
  ...(approval === undefined ? {} : { approval }),
});

/** What replaces the defaults of {@link createRuntime}. */
export interface RuntimeOverrides extends Partial<Omit<RuntimeParts, "home" | "whatCanBeAsked">> {
  /** The file of the example store. */
  store?: string | undefined;
}

export interface StoreRuntime extends Runtime {
  readonly store: Store;
}

/**
 * The runtime with the example store: its actions, after those of `overrides`, and its playbooks.
 * @throws HoldpointError `storage` that names the database that cannot be opened, `usage` when a rule does not fit
 */
export async function createRuntime(config: Config, overrides: RuntimeOverrides = {}): Promise<StoreRuntime> {
  const store = openStore(pathOf(overrides.store, config.home, "store.db"));
  try {
    const byPlaybook = overrides.matchRequest ?? ((request: string) => matchPlaybooks(storePlaybooks, request));
    const runtime = await openRuntime({
      encryptionKey: config.encryptionKey,
      notify: config.notifyUrl,
      ...overrides,
      home: config.home,
      policy: overrides.policy ?? policyOptionsOf(config),
      actions: [...(overrides.actions ?? []), ...storeActions(store)],
      matchRequest: config.planning === "model" ? undefined : byPlaybook,
      models: overrides.models ?? (config.models ? createModels(config.models) : {}),
      modelTimeoutMs: overrides.modelTimeoutMs ?? config.models?.timeoutMs,
      whatCanBeAsked: whatCanBeAsked(storePlaybooks),
    });
    return { ...runtime, store, close: () => closeAll([() => runtime.close(), () => store.close()]) };
  } catch (error) {
    store.close();
    throw error;
  }
}
