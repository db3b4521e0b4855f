/** Carries out plans by the graph's own nodes over one real ledger, without checkpoints: as fast as it gets. */
import { join } from "node:path";
import { sql } from "kysely";
import { onTestFinished } from "vitest";
import type { Plan } from "../../src/domain/plan.ts";
import type { RunRecord } from "../../src/execution/progress.ts";
import { loadRecord } from "../../src/execution/progress.ts";
import { openSqliteLedger } from "../../src/ledger/database.ts";
import { createSigns } from "../../src/ledger/liveness.ts";
import { judgeRevision, recordRevision } from "../../src/ledger/revisions.ts";
import { endPause, insertRun } from "../../src/ledger/runs.ts";
import { createCommitter } from "../../src/nodes/committer.ts";
import type { NodeDeps } from "../../src/nodes/deps.ts";
import { createExecutor } from "../../src/nodes/executor.ts";
import { createGuardrail } from "../../src/nodes/guardrail.ts";
import { createStager } from "../../src/nodes/stager.ts";
import { openPlaybooks } from "../../src/planning/own-playbooks/index.ts";
import { createPolicy } from "../../src/policy/policy.ts";
import type { State } from "../../src/state.ts";
import type { Action } from "../../src/tools/action.ts";
import { createRegistries } from "../../src/tools/registry.ts";
import { tempDir } from "./temp.ts";

const identity = { tenant: "acme", principal: "alice" };

interface Options {
  actions: readonly Action[];
  home?: string;
  concurrency?: number;
  now?: () => string;
}

/** What a plan came to. */
export interface CarriedOut {
  readonly runId: string;
  readonly plan: Plan;
  /** As the nodes left it. */
  readonly state: State;
  /** As the ledger has it. */
  readonly record: RunRecord;
  /** How the nodes ended, in order. */
  readonly outcomes: readonly string[];
}

export async function openPlanRunner({ actions, home = tempDir(), concurrency = 8, now }: Options) {
  const ledger = await openSqliteLedger(join(home, "ledger.db"));
  await sql`pragma synchronous = off`.execute(ledger); // no power fails here
  onTestFinished(() => ledger.destroy());
  const deps: NodeDeps = {
    ...{ ledger, concurrency, models: {}, modelTimeoutMs: 1000, whatCanBeAsked: [], matchRequest: undefined },
    planningMode: "auto",
    playbooks: openPlaybooks([], { find: () => undefined, names: [] }),
    registry: createRegistries(actions),
    policy: createPolicy({ approval: "never" }),
    signs: createSigns(ledger),
    track: (work) => work,
    now: now ?? (() => new Date().toISOString()),
  };
  let runs = 0;

  /** Records a plan as one that may be carried out. */
  async function begin(plan: Plan, runId = `run_${runs++}`): Promise<string> {
    const stamp = { ...identity, at: deps.now() };
    await ledger.transaction().execute((trx) => insertRun(trx, stamp, { id: runId, threadId: runId, request: "go" }));
    await recordRevision(ledger, stamp, { runId, number: 1, plan });
    await judgeRevision(ledger, stamp, { runId, number: 1, verdict: "allow", findings: [] });
    return runId;
  }

  /** Goes on with a run until it would be reflected on, or pauses. */
  async function goOn(runId: string, plan: Plan, options: Partial<NodeDeps> = {}): Promise<CarriedOut> {
    const own = { ...deps, ...options };
    await endPause(ledger, { ...identity, at: own.now() }, runId); // as the guardrail does; one without a pause stays
    const nodes = {
      executor: createExecutor(own),
      stager: createStager(own),
      guardrail: createGuardrail(own),
      committer: createCommitter(own),
    };
    const config = { context: identity, configurable: { thread_id: runId } };
    const fresh = { request: null, run: { id: runId }, plan: { ...plan, number: 1 }, notices: [], messages: [] };
    let state = { ...fresh, steps: {}, failure: null, proposal: null } as unknown as State;
    const outcomes: string[] = [];
    let node: keyof typeof nodes | undefined = "executor";
    while (node) {
      const update = await nodes[node](state, config);
      state = { ...state, ...update } as State;
      outcomes.push(state.outcome);
      node = NEXT[state.outcome];
    }
    return { runId, plan, state, outcomes, record: await loadRecord(ledger, identity.tenant, runId) };
  }

  return {
    ...{ ledger, deps, identity, begin, goOn },
    carryOut: async (plan: Plan, options: Partial<NodeDeps> = {}) => await goOn(await begin(plan), plan, options),
  };
}

const NEXT: Readonly<Record<string, "executor" | "stager" | "guardrail" | "committer">> = {
  "writes ready": "stager",
  staged: "guardrail",
  "nothing to stage": "executor",
  "transaction allowed": "committer",
  committed: "executor",
};
