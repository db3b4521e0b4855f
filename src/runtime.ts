/** The composition root: opens the databases, and builds the graph over them. */
import { join } from "node:path";
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import type { Config } from "./config.ts";
import { buildGraph, type HoldpointGraph } from "./graph/build.ts";
import { type Ledger, openLedgerIn } from "./ledger/database.ts";
import { createModels, type Models } from "./models/roles.ts";
import { matchPlaybooks, type PlaybookResult } from "./planning/playbooks/match.ts";
import { whatCanBeAsked } from "./planning/playbooks/playbook.ts";
import { storePlaybooks } from "./planning/playbooks/store.ts";
import { createPolicy, type Policy } from "./policy/policy.ts";
import { openSqlite } from "./sqlite.ts";
import type { Action } from "./tools/action.ts";
import { createRegistry, type Registry } from "./tools/registry.ts";
import { openStore, type Store, storeActions } from "./tools/store/index.ts";

/** What replaces the defaults. */
export interface RuntimeOverrides {
  policy?: Policy;
  /** Further actions, beside the store's. */
  actions?: readonly Action[];
  /** Plans a request instead of the store's playbooks. */
  matchRequest?(request: string): PlaybookResult;
  /** Instead of those of the configuration. */
  models?: Models;
  /** ISO 8601 UTC. */
  now?(): string;
}

const DEFAULT_MODEL_TIMEOUT_MS = 60_000;

export interface Runtime {
  readonly graph: HoldpointGraph;
  readonly ledger: Ledger;
  readonly registry: Registry;
  readonly policy: Policy;
  /** What can be asked without a model, a line each. */
  readonly whatCanBeAsked: readonly string[];
  readonly store: Store;
  /** Where the embedded databases are. */
  readonly home: string;
  now(): string;
  /** Closes every database; those in files before it returns, so that a handler of the process's exit can call it. */
  close(): Promise<void>;
}

/**
 * Opens everything under `config.home`, made when missing.
 * @throws HoldpointError `storage` that names the file that cannot be opened
 */
export async function createRuntime(config: Config, overrides: RuntimeOverrides = {}): Promise<Runtime> {
  const close: (() => void)[] = [];
  const closeAll = async () => {
    for (const step of close.splice(0).reverse()) step();
  };
  try {
    const ledgerFile = openSqlite(join(config.home, "ledger.db"));
    close.push(() => ledgerFile.close());
    const ledger = await openLedgerIn(ledgerFile);
    const checkpoints = openCheckpoints(join(config.home, "checkpoints.db"));
    close.push(() => checkpoints.database.close());
    const store = openStore(join(config.home, "store.db"));
    close.push(() => store.close());
    const registry = createRegistry([...(overrides.actions ?? []), ...storeActions(store)]);
    const policy = overrides.policy ?? createPolicy();
    const now = overrides.now ?? (() => new Date().toISOString());
    const byPlaybook = overrides.matchRequest ?? ((request: string) => matchPlaybooks(storePlaybooks, request));
    const matchRequest = config.planning === "model" ? undefined : byPlaybook;
    const models = overrides.models ?? (config.models ? createModels(config.models) : {});
    const modelTimeoutMs = config.models?.timeoutMs ?? DEFAULT_MODEL_TIMEOUT_MS;
    const shared = { ledger, registry, policy, now, whatCanBeAsked: whatCanBeAsked(storePlaybooks) };
    const graph = buildGraph({ ...shared, matchRequest, models, modelTimeoutMs }, checkpoints.saver);
    return { ...shared, graph, store, home: config.home, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function openCheckpoints(path: string): { saver: BaseCheckpointSaver; database: { close(): unknown } } {
  const database = openSqlite(path);
  return { saver: new SqliteSaver(database), database };
}
