/**
 * Staging: the writes that are ready become one proposal, with their real arguments and the changes that they would
 * make. Nothing runs here.
 */
import { z } from "zod";
import type { FailureStatus } from "../domain/answer.ts";
import { canonicalJson, type Json, type JsonObject } from "../domain/json.ts";
import { isByModel, type Plan, type Step } from "../domain/plan.ts";
import {
  type Change,
  ChangeSchema,
  type Effect,
  type Impact,
  ImpactLevelSchema,
  ImpactSchema,
  type ProposedAction,
} from "../domain/proposal.ts";
import type { Identity } from "../domain/run.ts";
import { ActionFailure, HoldpointError } from "../errors.ts";
import { editsOf } from "../execution/edits.ts";
import { timedCall } from "../execution/guarded-call.ts";
import { callOf, type RunRecord, stepOutputs } from "../execution/progress.ts";
import { StepBoard } from "../execution/step-board.ts";
import type { KeptStep } from "../ledger/kept-steps.ts";
import { untrustedArguments } from "../planning/provenance.ts";
import { assertRecordable, dependenciesOf, findReferences, resolveReferences } from "../planning/references.ts";
import { explainMasked } from "../telemetry/tell.ts";
import type { AnyWrite, PreviewContext } from "../tools/action.ts";
import { fingerprintOf } from "../tools/fingerprint.ts";
import type { Registry } from "../tools/registry.ts";
import { findDone, findSame } from "./done.ts";
import { readyWrites } from "./ready-writes.ts";

export interface StageFailure {
  step: string;
  status: FailureStatus;
  message: string;
}

/** `kept` ones are done already; of those `skipped`, which cannot be done, the plan says that it goes on without them. */
interface Aside {
  kept: KeptStep[];
  skipped: StageFailure[];
}

export type StageResult =
  | ({ kind: "staged"; actions: ProposedAction[]; impact: Impact } & Aside)
  /** No write is ready. */
  | ({ kind: "nothing" } & Aside)
  /** Nothing is proposed when one of the writes could not be done. */
  | { kind: "impossible"; failures: StageFailure[] };

export interface StageInput {
  identity: Identity;
  plan: Plan;
  record: RunRecord;
  signal: AbortSignal;
  now: string;
  allowedHosts: () => Promise<readonly string[]>;
}

/** What is being staged: the writes that are left, what is known of others' outputs, and what came of it so far. */
interface Stage {
  steps: Step[];
  readonly outputs: Map<string, Json>;
  readonly actions: ProposedAction[];
  readonly kept: KeptStep[];
  readonly skipped: StageFailure[];
  readonly failures: StageFailure[];
}

/**
 * Resolves, prepares and previews each ready write, with the arguments that people gave it where they did, each seeing
 * the changes of those before it. What is done already, under another name or in other words, is kept and not proposed.
 */
export async function stageWrites(registry: Registry, input: StageInput): Promise<StageResult> {
  const steps = readyWrites(new StepBoard(input.plan, input.record), { registry, now: input.now });
  const stage: Stage = { steps, outputs: stepOutputs(input.record), actions: [], kept: [], skipped: [], failures: [] };
  const without = new Set<string>();
  for (const step of steps) {
    const isBehind = dependenciesOf(step).some((id) => without.has(id));
    const failure = isBehind ? undefined : await stageOrFail(registry, step, stage, input);
    if (failure && step.onFailure === "skip") stage.skipped.push(failure);
    else if (failure) stage.failures.push(failure);
    if (!isBehind && !(failure && step.onFailure === "skip")) continue;
    without.add(step.id);
    leave(stage, step);
  }
  const { actions, kept, skipped, failures } = stage;
  if (failures.length > 0) return { kind: "impossible", failures };
  if (actions.length === 0) return { kind: "nothing", kept, skipped };
  return { kind: "staged", actions, impact: totalImpact(actions), kept, skipped };
}

const leave = (stage: Stage, step: Step): void => {
  stage.steps = stage.steps.filter((other) => other !== step);
};

/** @returns why it cannot be done, or undefined @throws HoldpointError when its preview broke */
async function stageOrFail(
  registry: Registry,
  step: Step,
  stage: Stage,
  input: StageInput,
): Promise<StageFailure | undefined> {
  try {
    await stageStep(registry, step, stage, input);
    return undefined;
  } catch (error) {
    if (!(error instanceof ActionFailure)) throw previewFailure(step, error);
    return { step: step.id, status: error.status, message: error.message };
  }
}

async function stageStep(registry: Registry, step: Step, stage: Stage, input: StageInput): Promise<void> {
  const { identity, signal, now, record } = input;
  const staged = stage.actions.flatMap(({ changes }) => changes);
  const { allowedHosts } = input;
  const context: PreviewContext = { ...identity, idempotencyKey: "", signal, now, allowedHosts, staged };
  const write = registry.getWrite(step.action);
  const action = await stageOne(write, step, stage, context);
  const edit = editsOf(input.plan, record.decisions).get(step.id);
  // What waits for another write is compared once that has run.
  const isKnown = findReferences(action.args).length === 0;
  const done = isKnown ? findDone(write, step, action.args, record) : undefined;
  if (done && !done.isWanted && !edit) {
    stage.outputs.set(step.id, outputOf(step, done.effect));
    stage.kept.push({ step: step.id, call: callOf(step), effectKey: done.effect.key });
    leave(stage, step);
    return;
  }
  const repeats = done?.effect.step ?? (isKnown ? findSame(write, action.args, stage.actions) : undefined);
  stage.actions.push({
    ...action,
    // The plan's title says what was planned; of what was edited since, it would say something else than runs.
    title: edit ? `${write.title} (edited)` : action.title,
    edited: edit ? { by: edit.by, before: edit.before } : null,
    ...(step.onFailure === "skip" ? { optional: true as const } : {}),
    ...(repeats === undefined ? {} : { repeats }),
    ...provenanceOf(registry, step, input),
  });
}

/**
 * How sure the plan is of a step, which a playbook is by its nature where the words of the request fit it, and a person's
 * edit is not; and where its arguments came from.
 */
function provenanceOf(
  registry: Registry,
  step: Step,
  { plan, record }: StageInput,
): Pick<ProposedAction, "confidence" | "untrusted"> {
  const planned = plan.steps.find(({ id }) => id === step.id) ?? step;
  const isEdited = editsOf(plan, record.decisions).has(step.id);
  const sure = plan.source.kind === "playbook" && !isByModel(plan.source) ? 1 : planned.confidence;
  const isUntrusted = (action: string) => registry.find(action)?.untrustedOutput === true;
  const untrusted = isEdited ? [] : untrustedArguments(plan, planned, isUntrusted);
  return {
    ...(sure === undefined || isEdited || plan.source.kind === "edited" ? {} : { confidence: sure }),
    ...(untrusted.length === 0 ? {} : { untrusted }),
  };
}

/** @throws ActionFailure when somebody tried to take it back, so that nobody should build on it */
function outputOf(step: Step, effect: Effect): Json {
  if (effect.status === "succeeded") return effect.output;
  const text = `Step "${step.id}" would repeat step "${effect.step}", which could not be undone: ${effect.note ?? ""}`;
  throw new ActionFailure("failed", text);
}

/** What a preview throws that is no answer of it: the run waits until it is mended. */
export function previewFailure(step: Pick<Step, "id" | "action">, error: unknown): unknown {
  if (error instanceof HoldpointError) return error;
  const text = `Step "${step.id}" (${step.action}) could not be previewed: ${explainMasked(error)}`;
  return new HoldpointError("action_failed", sentence(text), {
    hint: "Nothing was proposed; go on with the thread once that is mended.",
    cause: error,
  });
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

async function stageOne(
  action: AnyWrite,
  step: Step,
  stage: { steps: readonly Step[]; outputs: ReadonlyMap<string, Json> },
  context: PreviewContext,
): Promise<Omit<ProposedAction, "edited" | "repeats" | "confidence" | "untrusted">> {
  const { args, missing } = resolveReferences(step.args, stage.outputs);
  if (missing.length > 0) {
    const paths = [...new Set(missing)].join(", ");
    throw new ActionFailure("failed", `Step "${step.id}" refers to ${paths}, which does not exist.`);
  }
  assertRecordable(step.id, args);
  const dependsOn = dependenciesOf(step).filter((id) => stage.steps.some((other) => other.id === id));
  const { name, version, reversibility } = action;
  const bound = { action: name, version, reversibility, fingerprint: fingerprintOf(action) };
  const base = { step: step.id, title: step.title, ...bound, dependsOn };
  const waitsFor = findReferences(step.args).filter((path) => dependsOn.includes(path.split(".")[0] ?? ""));
  assertNoMore(step.id, findReferences(args), waitsFor.length);
  if (waitsFor.length > 0) {
    // It waits for a write of the same stage: what it changes is known, and checked, only at commit.
    return { ...base, args, changes: [], impact: assumedImpact(action, []) };
  }
  return { ...base, ...(await prepareWrite(action, { step: step.id, args }, context)) };
}

/**
 * A write as it would run: its arguments with what the action fills in, what it would change, and the impact of that.
 * @throws ActionFailure when it could not be done, or its arguments do not fit, or look like references
 */
export async function prepareWrite(
  action: AnyWrite,
  { step, args }: { readonly step: string; readonly args: JsonObject },
  context: PreviewContext,
): Promise<Pick<ProposedAction, "args" | "changes" | "impact">> {
  const parsed = parseArgs(action, step, args);
  const prepare = async (signal: AbortSignal) => await action.prepare?.(parsed, { ...context, signal });
  const prepared = action.prepare ? await timedCall(context, action, prepare) : parsed;
  const final = JSON.parse(canonicalJson(prepared)) as JsonObject;
  assertNoMore(step, findReferences(final), 0);
  return { args: final, ...(await foresee(action, prepared, context)) };
}

/**
 * Only the plan may refer: text that came from a step, or that an action filled in, must not choose what stands in an
 * argument when it runs.
 * @throws ActionFailure
 */
function assertNoMore(step: string, references: readonly string[], own: number): void {
  if (references.length <= own) return;
  throw new ActionFailure("invalid_request", `Step "${step}" got text that looks like a reference to a step.`);
}

/** What a write would change, and the impact of that. @throws whatever its preview throws */
export async function foresee(
  action: AnyWrite,
  args: unknown,
  context: PreviewContext,
): Promise<Pick<ProposedAction, "changes" | "impact">> {
  const changes = checkedChanges(action, await previewed(action, args, context));
  return { changes, impact: impactOf(action, args, changes) };
}

/** What its preview says, in time. @throws whatever its preview throws */
async function previewed(action: AnyWrite, args: unknown, context: PreviewContext): Promise<Change[]> {
  return await timedCall(context, action, (signal) => action.preview(args, { ...context, signal }));
}

/** @throws ActionFailure when what an action says that it would change cannot be shown */
function checkedChanges(action: AnyWrite, changes: Change[]): Change[] {
  const parsed = z.array(ChangeSchema).safeParse(changes);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ActionFailure(
    "failed",
    `The preview of "${action.name}" does not fit at "${issue?.path.join(".")}": ${issue?.message}.`,
  );
}

/** Validates arguments by the action's schema. @throws ActionFailure `invalid_request` that names what is wrong */
export function parseArgs(action: AnyWrite, step: string, args: JsonObject): unknown {
  const parsed = action.input.safeParse(args);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".") || "arguments"}: ${issue.message}`);
  throw new ActionFailure("invalid_request", `Step "${step}" (${action.name}): ${faults.join("; ")}.`);
}

/** @throws ActionFailure when what an action says of its impact does not fit */
function impactOf(action: AnyWrite, args: unknown, changes: readonly Change[]): Impact {
  if (!action.impact) return assumedImpact(action, changes);
  const parsed = ImpactSchema.safeParse(action.impact(args, changes));
  const reversible = action.reversibility === "reversible";
  if (parsed.success) return { ...parsed.data, reversible };
  const [issue] = parsed.error.issues;
  throw new ActionFailure(
    "failed",
    `The impact of "${action.name}" does not fit at "${issue?.path.join(".")}": ${issue?.message}.`,
  );
}

/** Silence is pessimistic: an action that says nothing of its impact has a high one when it cannot be undone. */
function assumedImpact(action: AnyWrite, changes: readonly Change[]): Impact {
  const resources = changes.map((change) => `${change.table}/${change.key}`);
  const level = action.reversibility === "irreversible" ? "high" : "medium";
  return { level, resources, reversible: action.reversibility === "reversible", durationMs: 1000 };
}

const LEVELS = ImpactLevelSchema.options;

/** The impact of several actions together. */
export function totalImpact(actions: readonly ProposedAction[]): Impact {
  const worst = Math.max(...actions.map((action) => LEVELS.indexOf(action.impact.level)));
  return {
    level: LEVELS[worst] ?? "critical",
    resources: [...new Set(actions.flatMap((action) => action.impact.resources))],
    reversible: actions.every((action) => action.impact.reversible),
    durationMs: actions.reduce((sum, action) => sum + action.impact.durationMs, 0),
  };
}
