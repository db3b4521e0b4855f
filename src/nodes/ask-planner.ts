/** Asks the model for a plan: the first one, another one after it, or what a step of one is expanded into. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { z } from "zod";
import { jsonSchemaOf } from "../domain/json-schema.ts";
import { type Plan, PlanSchema } from "../domain/plan.ts";
import type { Pause, Run } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import type { Reply } from "../models/call.ts";
import { PLAYBOOK_RULES, type PlaybookReply, replySchemaWithPlaybooks } from "../models/prompts/offered-playbooks.ts";
import {
  type ActionCard,
  type PlannerReply,
  PlannerReplySchema,
  PROGRAM_RULE,
  ProgramOrStepsSchema,
  plannerPrompt,
  plannerReplySchema,
} from "../models/prompts/planner.ts";
import type { OwnPlaybooks } from "../planning/own-playbooks/index.ts";
import { createPseudonyms } from "../telemetry/pseudonyms.ts";
import { argsJsonSchema } from "../tools/args.ts";
import type { Registry } from "../tools/registry.ts";
import { askRole } from "./ask-role.ts";
import type { NodeDeps } from "./deps.ts";
import type { Expansion } from "./expand.ts";
import { choiceFaults, chosenPlan, offeredPlaybooks } from "./offered-playbooks.ts";
import { readPlan } from "./read-plan.ts";
import { type Earlier, mergeWith, type NoPlan } from "./replan.ts";

export interface PlanContext {
  /** What was wrong with the plan before. */
  readonly feedback: readonly string[];
  /** What came of an earlier plan, when another one is wanted after it. */
  readonly earlier: Earlier | undefined;
  /** The step that is to be planned, when one was reached. */
  readonly expansion: Expansion | undefined;
}

/** The planner leaves the work to a program, and says why. */
export interface ByProgram {
  readonly byProgram: string;
}

/** The model's plan, or why there is none; undefined without a model. While there is no use in asking it, the run pauses. */
export async function askPlanner(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  { feedback, earlier, expansion }: PlanContext,
): Promise<Plan | NoPlan | Pause | ByProgram | undefined> {
  const pseudonyms = createPseudonyms();
  const work = { earlier, expansion: expansion?.work };
  const registry = deps.registry.of(run.tenant);
  const actions = actionCards(registry);
  const cards = expansion ? [] : offeredPlaybooks(deps.playbooks, run.request);
  const mayProgram = deps.planningMode === "auto" && !expansion;
  const rules = [...(cards.length > 0 ? [PLAYBOOK_RULES] : []), ...(mayProgram ? [PROGRAM_RULE] : [])];
  const asked = { request: run.request, now: deps.now(), actions, feedback, rules, playbooks: cards, ...work };
  const prompt = plannerPrompt(asked, pseudonyms);
  const planOf = (said: PlannerReply) => toPlan(run, restored(said, pseudonyms.restore));
  const schema: z.ZodType<PlannerReply | PlaybookReply> = expansion
    ? expansionSchema((said) => expansion.into(planOf(said)))
    : schemaFor(deps.playbooks, { isOffered: cards.length > 0, mayProgram });
  const readText = (text: string) => readPlan(text, registry.actions);
  const reply = await askRole(deps, config, { role: "planner", runId: run.id, schema, prompt, readText });
  if (!reply) return undefined;
  if (reply.kind === "failed") return unanswered(reply);
  const said = restored(reply.value, pseudonyms.restore);
  const other = otherThanPlan(said);
  if (other) return other;
  const plan = said.outcome === "playbook" ? playbookIn(deps.playbooks, said, run) : stepsIn(run, said);
  if (!plan) return { status: "success", message: said.message, details: [] };
  if (!expansion) return earlier ? mergeWith(earlier, plan, isKeptIn(registry)) : plan;
  const expanded = expansion.into(plan);
  return typeof expanded === "string" ? { status: "failed", message: expanded, details: [] } : expanded;
}

/** What follows where the model made no plan: the run ends, or waits until the model can be asked. */
export function unanswered({ why, message: said }: Extract<Reply<unknown>, { kind: "failed" }>): NoPlan | Pause {
  const message = `No plan was made. ${said}`;
  const isFinal = why === "malformed" || why === "budget";
  return isFinal ? { status: "failed", message, details: [] } : { why: "model", reason: message, until: null };
}

function otherThanPlan({ outcome, message }: PlannerReply | PlaybookReply): NoPlan | ByProgram | undefined {
  if (outcome === "question") return { status: "invalid_request", message, details: [] };
  if (outcome === "unsupported") return { status: "unsupported_intent", message, details: [] };
  return outcome === "program" ? { byProgram: message } : undefined;
}

const stepsIn = (run: Run, said: Omit<PlannerReply, "outcome">): Plan | undefined =>
  said.steps.length === 0 ? undefined : toPlan(run, said);

const schemaFor = (
  playbooks: OwnPlaybooks,
  { isOffered, mayProgram }: { readonly isOffered: boolean; readonly mayProgram: boolean },
) => {
  if (!isOffered) return mayProgram ? ProgramOrStepsSchema : PlannerReplySchema;
  return replySchemaWithPlaybooks((name, parameters) => choiceFaults(playbooks, name, parameters), mayProgram);
};

/** The plan of the playbook that the model took, with what it says besides. */
function playbookIn(playbooks: OwnPlaybooks, { playbook, assumptions, risks }: PlaybookReply, run: Run): Plan {
  if (!playbook) throw new HoldpointError("internal", "A playbook was taken, and none is named.");
  const plan = chosenPlan(playbooks, playbook, run.request);
  const assumed = [...(plan.assumptions ?? []), ...(assumptions?.filter(isSaid) ?? [])];
  const more = said({ assumptions: assumed.length > 0 ? assumed : undefined, risks: risks?.filter(isSaid) });
  return { ...plan, ...more };
}

/** What a step is expanded into may be nothing, and must lead on. */
const expansionSchema = (into: (reply: PlannerReply) => Plan | string) =>
  plannerReplySchema((reply) => {
    const made = reply.steps.length === 0 ? undefined : into(reply);
    return typeof made === "string" ? made : undefined;
  });

/** A text that a model wrote costs as much as an effect, and is as good as it was. */
function isKeptIn(registry: Registry): (name: string) => boolean {
  return (name) => {
    const action = registry.find(name);
    return action?.kind === "write" || action?.authored === true;
  };
}

/** The reply with what stands behind its marks. */
function restored<Reply>(reply: Reply, restore: (text: string) => string): Reply {
  return JSON.parse(JSON.stringify(reply), (_key, value) => (typeof value === "string" ? restore(value) : value));
}

function toPlan(run: Run, { goal, steps, assumptions, risks }: Omit<PlannerReply, "outcome">): Plan {
  return PlanSchema.parse({
    goal: goal || run.request.slice(0, 500).toWellFormed(),
    source: { kind: "model" },
    ...said({ assumptions: assumptions?.filter(isSaid), risks: risks?.filter(isSaid) }),
    steps: steps.map(({ repeat, notBefore, when, check, criteria, onFailure, ...step }) => ({
      ...step,
      ...said({ repeat, notBefore, when, onFailure, success: said({ check, criteria }) }),
    })),
  });
}

const isSaid = (text: string): boolean => text.trim() !== "";

/** The fields that say something: models fill in what they were told to leave out. */
function said(fields: Record<string, unknown>): Record<string, unknown> {
  const isEmpty = (value: unknown) =>
    value === undefined || value === false || value === "" || (typeof value === "object" && isEmptyObject(value));
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)));
}

const isEmptyObject = (value: object | null): boolean => value === null || Object.keys(value).length === 0;

/** The actions as a planner sees them: names, purposes and schemas, nothing else. */
function actionCards(registry: Registry): ActionCard[] {
  return registry.actions.map((action) => ({
    name: action.name,
    kind: action.kind,
    purpose: action.description,
    args: argsJsonSchema(action),
    output: jsonSchemaOf(action.output, "output"),
  }));
}
