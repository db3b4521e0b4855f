/** What the actions that think work with: models asked on behalf of a step, and reads called on its behalf. */
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Json, JsonObject } from "../domain/json.ts";
import { ActionFailure, HoldpointError } from "../errors.ts";
import { appendAudit } from "../ledger/audit.ts";
import { askModel } from "../models/ask.ts";
import type { Reply } from "../models/call.ts";
import { composePrompt, composeReplySchema } from "../models/prompts/compose.ts";
import { investigatePrompt, resultBlock } from "../models/prompts/investigate.ts";
import { askTurn } from "../models/turn.ts";
import type { ActionContext, AnyRead, Reading } from "../tools/action.ts";
import type { Looked, Thinker, Written } from "../tools/thinking/index.ts";
import { type Asked, callModel, ModelAway, type ModelDeps } from "./call-model.ts";
import { CallHeld } from "./guarded-call.ts";
import { runRead } from "./run-read.ts";

/** @param deps `models.worker` is asked */
export function createThinker(deps: ModelDeps): Thinker {
  return {
    write: async (draft, pseudonyms, context) => {
      const prompt = composePrompt(draft, pseudonyms);
      const { attempts } = draft;
      const schema = composeReplySchema(draft.schema);
      const check = ({ made }: { made: Json }) => draft.check(made);
      const reply = await ask(deps, context, (asked) => {
        // Each attempt makes the whole anew, and may take as long as any question.
        const timeoutMs = attempts * asked.timeoutMs;
        return askModel({ ...asked, timeoutMs, schema, check, prompt, attempts: Math.min(attempts, asked.maxCalls) });
      });
      return writtenFrom(reply);
    },
    turn: async ({ question, maxSteps, history, tools }, pseudonyms, context) => {
      const prompt = investigatePrompt({ question, now: context.now, maxSteps }, pseudonyms);
      const reply = await ask(deps, context, (asked) => askTurn({ ...asked, prompt, history, tools }));
      if (reply.kind === "failed") throw failureOf(reply);
      return reply.value;
    },
    show: resultBlock,
    look: (read, args, context) => look(deps, { read, args }, context),
  };
}

type Failed = Reply<never> & { kind: "failed" };

function writtenFrom(reply: Reply<NonNullable<Written["passed"]>>): Written {
  const attempts = reply.calls.length;
  if (reply.kind === "answer") return { passed: reply.value, attempts, problem: "" };
  if (reply.why !== "malformed") throw failureOf(reply);
  return { passed: null, attempts, problem: reply.message };
}

/** Where the same question may be answered another time, the run waits; elsewhere the step has failed. */
const PASSING: readonly Failed["why"][] = ["unauthorized", "rate_limited", "unreachable", "refused"];

function failureOf({ why, message }: Failed): HoldpointError {
  return PASSING.includes(why) ? new ModelAway(message) : new ActionFailure("failed", message);
}

/** @throws HoldpointError `stopped` when nothing new is to be begun, the signal's reason when that aborted */
async function ask<T>(
  deps: ModelDeps,
  context: ActionContext,
  question: (asked: Asked) => Promise<Reply<T>>,
): Promise<Reply<T>> {
  const { runId } = readingOf(context);
  assertGoing(context);
  const { tenant, principal, signal } = context;
  // Steps run inside a node of the graph, whose listeners trace what its models are asked.
  const callbacks = AsyncLocalStorageProviderSingleton.getRunnableConfig()?.callbacks;
  const asker = { role: "worker" as const, runId, identity: { tenant, principal }, signal, callbacks };
  const reply = await callModel(deps, asker, question);
  if (!reply) throw new HoldpointError("internal", "No model plays the worker.");
  return reply;
}

function readingOf({ reading }: ActionContext): Reading {
  if (!reading) throw new HoldpointError("internal", "A step that thinks was called outside of a run.");
  return reading;
}

function assertGoing(context: ActionContext): void {
  context.signal.throwIfAborted();
  if (readingOf(context).stopped()) throw stopped();
}

const stopped = () => new HoldpointError("stopped", "A step that thinks was asked to stop.");

/** Calls a read as the executor would, on behalf of a step, and enters into the audit that it was looked at. */
async function look(
  deps: ModelDeps,
  { read, args }: { read: AnyRead; args: JsonObject },
  context: ActionContext,
): Promise<Looked> {
  assertGoing(context);
  const { runId, step, stopped: isStopping } = readingOf(context);
  const { tenant, principal, signal } = context;
  const guard = { ledger: deps.ledger, identity: { tenant, principal }, signal, stopped: isStopping, now: deps.now };
  const outcome = await runRead(guard, read, { runId, step, args });
  signal.throwIfAborted();
  if (outcome === undefined) throw stopped();
  const looked = lookedFrom(outcome);
  const data = { step, action: read.name, args, status: looked.status, summary: looked.summary };
  await deps.ledger.transaction().execute(async (trx) => {
    const entry = { tenant, principal, at: deps.now(), runId, event: "investigation.looked_up", data };
    await appendAudit(trx, entry);
  });
  return looked;
}

function lookedFrom(outcome: Exclude<Awaited<ReturnType<typeof runRead>>, undefined>): Looked {
  if (outcome instanceof CallHeld) return { status: "refused", output: null, summary: outcome.message };
  if (outcome instanceof ModelAway) throw outcome;
  const { status, output, summary } = outcome;
  return { status, output: status === "succeeded" ? output : null, summary };
}
