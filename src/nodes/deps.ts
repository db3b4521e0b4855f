/** What nodes get besides state: dependencies, and who calls. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { PlanningMode } from "../domain/plan.ts";
import type { Identity, Run, Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import type { Ledger } from "../ledger/database.ts";
import type { SignsOfLife } from "../ledger/liveness.ts";
import type { Models } from "../models/roles.ts";
import type { OwnPlaybooks } from "../planning/own-playbooks/index.ts";
import type { PlaybookResult } from "../planning/playbooks/match.ts";
import type { Policy } from "../policy/policy.ts";
import { CallerContext, type State } from "../state.ts";
import type { Registries } from "../tools/registry.ts";
import { isVouchingRequired, vouchedIdentity } from "../vouching.ts";

/** A node as LangGraph calls it. */
export type GraphNode<Result> = (state: State, config: LangGraphRunnableConfig) => Promise<Result>;

export interface NodeDeps {
  readonly ledger: Ledger;
  readonly registry: Registries;
  readonly policy: Policy;
  /** The plan for a request, without a model; undefined where the model alone plans. */
  readonly matchRequest: ((request: string) => PlaybookResult) | undefined;
  /** Whether a model's plan is steps, a program, or whichever fits. */
  readonly planningMode: PlanningMode;
  /** Those of one's own, which models are offered. */
  readonly playbooks: OwnPlaybooks;
  readonly models: Models;
  /** For one question to a model, its repeats included, in milliseconds. */
  readonly modelTimeoutMs: number;
  /** What to show when a request was not understood. */
  readonly whatCanBeAsked: readonly string[];
  /** How many reads of a run may be under way at once. */
  readonly concurrency: number;
  readonly signs: SignsOfLife;
  /** Marks work that must come to its end before the databases are closed. */
  track<T>(work: Promise<T>): Promise<T>;
  /** The time now, ISO 8601 UTC. */
  now(): string;
}

/** The one tenant and person where nobody says otherwise. */
export const DEVELOPMENT_IDENTITY: Identity = { tenant: "default", principal: "local" };

/**
 * Who calls. In embedded use the caller says so in `context`; inside a server `context` could come from any client and
 * is not believed.
 * @throws HoldpointError `usage` when `context` does not fit, `unauthenticated` when a server has to say who calls and does not
 */
export function identityOf(config: LangGraphRunnableConfig): Identity {
  const { serverInfo = serverInfoIn(config) } = config;
  if (serverInfo) return identityOfUser(serverInfo.user);
  const parsed = CallerContext.safeParse(config.context ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new HoldpointError("usage", `context.${issue?.path.join(".")} does not fit: ${issue?.message}.`, {
      hint: "Expected tenant and principal as texts of 1 to 100 characters, and a role where there is one.",
    });
  }
  const { tenant, principal, ...rights } = parsed.data;
  return {
    ...rights,
    tenant: tenant ?? DEVELOPMENT_IDENTITY.tenant,
    principal: principal ?? DEVELOPMENT_IDENTITY.principal,
  };
}

/** As LangGraph tells its nodes that they are inside a server (pregel/index.js, _buildServerInfo), before it does. */
function serverInfoIn({ configurable = {}, metadata = {} }: LangGraphRunnableConfig): { user: unknown } | undefined {
  const {
    langgraph_auth_user: user,
    assistant_id: assistant,
    graph_id: graph,
  } = configurable as Record<string, unknown>;
  const isServer = [user, assistant, graph, metadata?.assistant_id, metadata?.graph_id].some((value) => value != null);
  return isServer ? { user } : undefined;
}

/**
 * Who calls inside a server: whoever its authentication found (src/server/agent-auth.ts), and nobody else. Without
 * authentication a client can name any user in `configurable`; that one is not vouched for.
 */
function identityOfUser(user: unknown): Identity {
  const identity = vouchedIdentity(user);
  if (identity) return identity;
  if (!isVouchingRequired()) return DEVELOPMENT_IDENTITY;
  throw new HoldpointError("unauthenticated", "The server does not say who calls.", {
    hint: "HOLDPOINT_AUTH is required: let langgraph.json name auth.path, see docs/authentication.md.",
  });
}

/** Actions run on behalf of whoever asked, whoever resumes the thread. */
export function actorOf(run: Run): Identity {
  return { tenant: run.tenant, principal: run.requester };
}

export function stampOf(deps: NodeDeps, config: LangGraphRunnableConfig): Stamp {
  return { ...identityOf(config), at: deps.now() };
}

/** @throws HoldpointError `usage` when the graph was invoked without a thread */
export function threadOf(config: LangGraphRunnableConfig): string {
  const thread = config.configurable?.thread_id;
  if (typeof thread !== "string" || thread === "") {
    throw new HoldpointError("usage", "The graph needs a thread.", { hint: "Pass configurable.thread_id." });
  }
  return thread;
}

/** In the configuration of a call, put there by the graph: whether it carries an answer. */
export const ANSWERING = "__holdpoint_answering";

/** In the configuration of a call, put there by the graph: whether it carries a request of its own. */
export const ASKING = "__holdpoint_asking";

/** Whether this invocation is asked to stop: what is in flight ends, and nothing new starts. */
export const isDraining = (config: LangGraphRunnableConfig): boolean => config.control?.drainRequested === true;

/** The abort signal of the invocation, or one that never aborts. */
export const signalOf = (config: LangGraphRunnableConfig): AbortSignal => config.signal ?? new AbortController().signal;
