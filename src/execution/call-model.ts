/**
 * The one way to a model, for nodes and for the steps that think: whoever plays the role is asked, and what it cost is
 * recorded for the run before anything is made of the answer.
 */
import type { Callbacks } from "@langchain/core/callbacks/manager";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { explainBudget } from "../domain/budget.ts";
import type { Identity } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { findModelBudget } from "../ledger/budgets.ts";
import type { Ledger } from "../ledger/database.ts";
import { recordModelCalls } from "../ledger/model-calls.ts";
import type { Reply } from "../models/call.ts";
import type { Models, Role } from "../models/roles.ts";
import { type Traced, traced } from "../telemetry/trace.ts";

export interface ModelDeps {
  readonly ledger: Ledger;
  readonly models: Models;
  /** For one question to a model, its repeats included, in milliseconds. */
  readonly modelTimeoutMs: number;
  /** The time now, ISO 8601 UTC. */
  now(): string;
}

/** A model cannot be asked for now: nothing came of the step, and it is done when the run goes on. */
export class ModelAway extends HoldpointError {
  constructor(message: string) {
    super("stopped", message);
    this.name = "ModelAway";
  }
}

/** Who asks, for which run. */
export interface Asker {
  readonly role: Role;
  readonly runId: string;
  readonly identity: Identity;
  readonly signal: AbortSignal;
  /** Those of the invocation, for tracing. */
  readonly callbacks?: Callbacks | undefined;
}

/** What asking takes. */
export interface Asked {
  readonly model: BaseChatModel;
  readonly signal: AbortSignal;
  readonly callbacks: Callbacks | undefined;
  readonly timeoutMs: number;
  /** How often the model may be asked at the most, and for how many tokens; Infinity without a limit. */
  readonly maxCalls: number;
  readonly maxTokens: number;
}

/**
 * @param ask puts the question; must not throw
 * @returns the reply, or undefined when no model plays the role
 * @throws the abort reason when the caller's signal aborted meanwhile
 */
export async function callModel<T>(
  deps: ModelDeps,
  asker: Asker,
  ask: (asked: Asked) => Promise<Reply<T>>,
): Promise<Reply<T> | undefined> {
  const { role, runId, identity, signal, callbacks } = asker;
  const model = deps.models[role];
  if (!model) return undefined;
  const {
    spent,
    calls: maxCalls,
    tokens: maxTokens,
  } = await findModelBudget(deps.ledger, identity.tenant, runId, deps.now());
  if (spent) return { kind: "failed", why: "budget", message: explainBudget(spent), calls: [] };
  const asked = { model, signal, callbacks, timeoutMs: deps.modelTimeoutMs, maxCalls, maxTokens };
  const reply = await traced(
    () => tracedQuestion(model, asker),
    async (say) => {
      const given = await ask(asked);
      say(saidOf(given));
      return given;
    },
  );
  const calls = reply.calls.map((call) => ({ ...call, role }));
  await recordModelCalls(deps.ledger, { ...identity, at: deps.now() }, runId, calls);
  signal.throwIfAborted();
  return reply;
}

/** A question as the conventions for generative AI have it (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans). */
function tracedQuestion(model: BaseChatModel, { role, runId }: Asker): Traced {
  const { ls_provider: provider, ls_model_name: name } = model.getLsParams?.({} as never) ?? {};
  return {
    name: name === undefined ? "chat" : `chat ${name}`,
    isClient: true,
    attributes: {
      ...{ "gen_ai.operation.name": "chat", "gen_ai.provider.name": provider, "gen_ai.request.model": name },
      ...{ "holdpoint.role": role, "holdpoint.run.id": runId },
    },
  };
}

/** Its repeats are part of a question. */
function saidOf(reply: Reply<unknown>) {
  const sum = (of: "promptTokens" | "completionTokens") => reply.calls.reduce((all, call) => all + call[of], 0);
  return {
    ...{ "gen_ai.usage.input_tokens": sum("promptTokens"), "gen_ai.usage.output_tokens": sum("completionTokens") },
    "holdpoint.model.calls": reply.calls.length,
    ...(reply.kind === "failed" ? { "error.type": reply.why } : {}),
  };
}
