/** Asks the model that plays a role, and counts the calls for the run. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { z } from "zod";
import { recordModelCalls } from "../ledger/model-calls.ts";
import { askModel, type Prompt, type Reply } from "../models/ask.ts";
import type { Role } from "../models/roles.ts";
import { type NodeDeps, signalOf, stampOf } from "./deps.ts";

const ATTEMPTS = 3;

/**
 * @returns the reply, or undefined when no model plays the role
 * @throws the abort reason when the invocation was aborted meanwhile
 */
export async function askRole<T>(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  question: { role: Role; runId: string; schema: z.ZodType<T>; prompt: Prompt },
): Promise<Reply<T> | undefined> {
  const model = deps.models[question.role];
  if (!model) return undefined;
  const { role, runId, schema, prompt } = question;
  const signal = signalOf(config);
  const { callbacks } = config;
  const limits = { signal, timeoutMs: deps.modelTimeoutMs, attempts: ATTEMPTS };
  const reply = await askModel({ model, schema, prompt, callbacks, ...limits });
  const calls = reply.calls.map((call) => ({ ...call, role }));
  await recordModelCalls(deps.ledger, stampOf(deps, config), runId, calls);
  signal.throwIfAborted();
  return reply;
}
