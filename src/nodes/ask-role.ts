/** Asks the model that plays a role, and counts the calls for the run. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { z } from "zod";
import { callModel } from "../execution/call-model.ts";
import { type AskOptions, askModel, type Prompt } from "../models/ask.ts";
import type { Reply } from "../models/call.ts";
import type { Role } from "../models/roles.ts";
import { identityOf, type NodeDeps, signalOf } from "./deps.ts";

const ATTEMPTS = 3;

/**
 * Asks nobody once the run has used up one of its budgets.
 * @returns the reply, or undefined when no model plays the role
 * @throws the abort reason when the invocation was aborted meanwhile
 */
export async function askRole<T>(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  question: {
    role: Role;
    runId: string;
    schema: z.ZodType<T>;
    prompt: Prompt;
    readText?: AskOptions<T>["readText"];
  },
): Promise<Reply<T> | undefined> {
  const { role, runId, ...asking } = question;
  const { callbacks } = config;
  const asker = { role, runId, identity: identityOf(config), signal: signalOf(config), callbacks };
  return await callModel(deps, asker, (asked) =>
    askModel({ ...asked, ...asking, attempts: Math.min(ATTEMPTS, asked.maxCalls) }),
  );
}
