/**
 * Finding something out by reading, step by step: the model says what to look up next, and answers when what it saw
 * shows the answer. It reaches reads alone, and is bounded in turns, calls and what it is shown.
 */

import type { z } from "zod";
import type { Exchange, ToolCall, Turn } from "../../domain/conversation.ts";
import { shortened } from "../../domain/text.ts";
import { ActionFailure } from "../../errors.ts";
import { createPseudonyms, type Pseudonyms } from "../../telemetry/pseudonyms.ts";
import { type ActionContext, type AnyRead, defineAction, type ReadAction } from "../action.ts";
import {
  answerTool,
  type FoundOut,
  FoundOutSchema,
  type InvestigateArgs,
  investigateArgs,
  parseSaid,
  type Said,
} from "./investigate-schema.ts";
import { schemaCheck } from "./json-schema.ts";
import { createLookUps, type LookUps, toolsOf } from "./look-ups.ts";
import type { Thinker } from "./thinker.ts";

const ANSWER = "answer";
/** Turns in a row that bring nothing new, after which it has to answer. */
const MAX_IDLE = 3;
/** How often it is asked for an answer at the end. */
const ANSWER_ATTEMPTS = 2;

export interface InvestigateDeps {
  readonly thinker: Thinker;
  /** What it may call, at least one. */
  readonly reads: readonly AnyRead[];
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number;
}

export function createInvestigate(deps: InvestigateDeps): ReadAction<InvestigateArgs, FoundOut> {
  const names = deps.reads.map(({ name }) => name);
  return defineAction<InvestigateArgs, FoundOut>({
    kind: "read",
    name: "investigate",
    version: 1,
    title: "Find something out",
    description:
      "A model finds the answer to a question by calling reads, each after what the one before brought. Only where it " +
      "cannot be said beforehand what to look up; where it can, plan the reads themselves, which are exact and quick.",
    input: investigateArgs(names) as z.ZodType<InvestigateArgs>,
    output: FoundOutSchema,
    authored: true,
    untrustedOutput: true,
    timeoutMs: deps.timeoutMs,
    // The client of the model repeats by itself, and a model that is away pauses the run.
    retry: { attempts: 1 },
    breaker: false,
    run: (args, context) => investigate(deps, args, context),
    summarize: (_args, { found, answer }) => (found ? answer : `It was not found out. ${answer}`),
  });
}

/** Where an investigation stands. */
interface Progress {
  readonly history: Exchange[];
  /** Turns so far. */
  steps: number;
  /** Turns since anything new was looked at. */
  idle: number;
  /** How often an answer was asked for at the end. */
  asked: number;
  /** What was wrong with the last turn. */
  fault: string;
}

async function investigate(deps: InvestigateDeps, args: InvestigateArgs, context: ActionContext): Promise<FoundOut> {
  const { thinker } = deps;
  const { question, maxSteps, schema } = args;
  const pseudonyms = createPseudonyms();
  const allowed = deps.reads.filter(({ name }) => args.actions === undefined || args.actions.includes(name));
  const { tools, byName } = toolsOf(allowed, ANSWER);
  const answer = answerTool(ANSWER, schema);
  const lookUps = createLookUps(thinker, byName, { pseudonyms, context });
  const progress: Progress = { history: [], steps: 0, idle: 0, asked: 0, fault: "" };
  while (progress.asked < ANSWER_ATTEMPTS) {
    const isLast = progress.steps >= maxSteps || progress.idle >= MAX_IDLE;
    if (isLast) progress.asked++;
    const offered = isLast ? [answer] : [...tools, answer];
    const { history } = progress;
    const turn = await thinker.turn({ question, maxSteps, history, tools: offered }, pseudonyms, context);
    progress.steps++;
    const said = turn.calls.find(({ name }) => name === ANSWER);
    const judged = said && !turn.isCutOff ? judge(said, args, { pseudonyms, lookUps }) : undefined;
    if (typeof judged === "object") return conclude(judged, args, { progress, lookUps });
    await goOn(turn, progress, { lookUps, isLast, fault: judged });
  }
  throw new ActionFailure(
    "failed",
    `There is no answer after ${progress.steps} steps: ${progress.fault} ${lookedAt(lookUps)}`,
  );
}

/** Makes the calls of a turn, and says what the next one is to do. */
async function goOn(
  { text, calls, isCutOff }: Turn,
  progress: Progress,
  { lookUps, isLast, fault }: { lookUps: LookUps; isLast: boolean; fault: string | undefined },
): Promise<void> {
  const wanted = isLast || isCutOff ? [] : calls.filter(({ name }) => name !== ANSWER);
  const answered = await lookUps.answer(wanted);
  progress.idle = answered.isNew ? 0 : progress.idle + 1;
  progress.fault = faultOf({ fault, isCutOff, calls, isIdle: !answered.isNew });
  const notes = [
    ...(answered.note === "" ? [] : [answered.note]),
    ...(fault === undefined ? [] : [`The answer was not taken: ${fault}`]),
    ...(isCutOff ? ["What you said was cut off before its end: say less at a time."] : []),
    ...(calls.length === 0 && !isCutOff
      ? [`Words alone do nothing here. Call a tool; the answer goes by ${ANSWER}.`]
      : []),
    ...(isLast ? [`Nothing more is looked up. Answer now, with ${ANSWER} and nothing else.`] : []),
  ];
  const answer = calls.find(({ name }) => name === ANSWER);
  const said = text || (answer ? JSON.stringify(answer.args) : "");
  progress.history.push({ said: shortened(said, 4000), calls: answered.calls, note: notes.join("\n") });
}

function faultOf(turn: {
  fault: string | undefined;
  isCutOff: boolean;
  calls: readonly ToolCall[];
  isIdle: boolean;
}): string {
  if (turn.fault !== undefined) return `the answer that was given could not be taken (${shortened(turn.fault, 300)}).`;
  if (turn.isCutOff) return "what the model said was cut off before its end.";
  if (turn.calls.length === 0) return "the model gave words, and neither looked anything up nor answered.";
  return turn.isIdle
    ? "the model looked at nothing new, and did not answer."
    : "the model went on looking, and did not answer.";
}

/** @returns the answer with what stands behind its marks, or what is wrong with it */
function judge(
  { args: raw }: ToolCall,
  { schema }: InvestigateArgs,
  { pseudonyms, lookUps }: { pseudonyms: Pseudonyms; lookUps: LookUps },
): Said | string {
  const said = parseSaid(raw && pseudonyms.restoreJson(raw));
  if (typeof said === "string" || !said.found) return said;
  const unmade = said.evidence.filter((call) => !lookUps.succeeded(call));
  if (unmade.length > 0) return `evidence: ${unmade.join(", ")} is not the number of a call that brought something.`;
  if (said.evidence.length === 0) return "evidence: name the calls that show it, or say that it was not found.";
  const faults = schema ? schemaCheck(schema)(said.value ?? null) : [];
  return faults.length > 0 ? `value: ${pseudonyms.mask(faults.join("; "))}` : said;
}

/** @throws ActionFailure `no_match` when it was not found, unless that was to be accepted */
function conclude(
  { found, answer, evidence, confidence, value }: Said,
  { schema, acceptNotFound }: InvestigateArgs,
  { progress, lookUps }: { progress: Progress; lookUps: LookUps },
): FoundOut {
  if (!found && !acceptNotFound) {
    throw new ActionFailure("no_match", `It was not found out. ${shortened(answer, 1000)} ${lookedAt(lookUps)}`);
  }
  return {
    ...{ found, answer, confidence, evidence: found ? [...new Set(evidence)] : [] },
    ...(found && schema && value !== undefined ? { value } : {}),
    ...{ steps: progress.steps, repeated: lookUps.repeated, trace: [...lookUps.trace] },
  };
}

/** What was looked at, for whoever reads why there is no answer. */
function lookedAt({ trace }: LookUps): string {
  if (trace.length === 0) return "Nothing was looked at.";
  const shown = trace
    .slice(-10)
    .map(({ action, args, status }) => `${action} ${shortened(JSON.stringify(args), 100)} (${status})`);
  const more = trace.length - shown.length;
  return `Looked at: ${shown.join(", ")}${more > 0 ? `, and ${more} before` : ""}.`;
}
