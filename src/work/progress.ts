/** How far a run has come, from what the ledger holds: the same for whoever looks, whichever process is at it. */
import type { Plan, Step } from "../domain/plan.ts";
import { MAX_CURRENT, type Phase, type Progress, type StepProgress, Tally, weightOf } from "../domain/progress.ts";
import type { Effect, Proposal } from "../domain/proposal.ts";
import { type Run, workedMs } from "../domain/run.ts";
import { createForecast, stagedDurations } from "../execution/forecast.ts";
import { loadRecord, type RunRecord, type StepState, stepStates } from "../execution/progress.ts";
import { medianDurations } from "../ledger/durations.ts";
import { findLatestProposal } from "../ledger/proposals.ts";
import { findLatestRevision } from "../ledger/revisions.ts";
import { dependenciesOf } from "../planning/references.ts";
import { expiryOf, type Policy } from "../policy/policy.ts";
import type { Runtime } from "../runtime.ts";

/** What a run that is not under way waits for. */
export interface WaitsFor {
  /** A person to decide, or to say what happened; or what a paused run waits for. */
  readonly what: "decision" | "word" | "model" | "receiver" | "time";
  readonly reason: string;
  /** Until when it can be decided, or when it goes on by itself; ISO 8601 UTC, null when neither is known. */
  readonly until: string | null;
  readonly proposalId: string | null;
}

export interface RunProgress extends Progress {
  /** All of them, in the plan's order. A read that is under way counts as pending: the ledger hears of it when it ends. */
  readonly steps: readonly StepProgress[];
  readonly waitsFor: WaitsFor | null;
}

/** @param run as it stands in the ledger */
export async function loadProgress({ ledger, registry, policy, now }: Runtime, run: Run): Promise<RunProgress> {
  const { tenant, id } = run;
  const revision = await findLatestRevision(ledger, tenant, id);
  const record = await loadRecord(ledger, tenant, id);
  const latest = await findLatestProposal(ledger, tenant, id);
  const steps = revision ? stepsOf(revision.plan, record) : [];
  const tally = new Tally();
  for (const { weight, status } of steps) tally.add(weight, status);
  const isOver = run.status === "ended";
  const running = steps.filter(({ status }) => status === "running");
  const at = now();
  const expected = async ({ plan }: { plan: Plan }) => {
    const durations = await medianDurations(
      ledger,
      tenant,
      plan.steps.map(({ action }) => action),
    );
    const outlook = outlookOf({ steps, durations, proposal: latest, at });
    return createForecast(plan, (action) => registry.of(tenant).find(action)?.kind === "write")(
      outlook,
      Date.parse(at),
    );
  };
  return {
    runId: id,
    revision: revision?.number ?? 0,
    phase: phaseOf(run, steps, { latest, effects: record.effects }),
    percent: tally.percent(isOver),
    done: tally.done,
    total: tally.total,
    running: running.length,
    current: running.slice(0, MAX_CURRENT).map(({ id: step, title, since }) => ({ id: step, title, since })),
    elapsedMs: workedMs(run, at),
    expectedMs: isOver ? 0 : revision ? await expected(revision) : null,
    steps,
    waitsFor: waitsForOf(run, latest, policy),
  };
}

function stepsOf(plan: Plan, record: RunRecord): StepProgress[] {
  const states = stepStates(plan, record);
  return plan.steps.map((step) => ({
    id: step.id,
    title: step.title,
    status: states[step.id]?.status ?? "pending",
    dependsOn: dependenciesOf(step),
    weight: weightOf(step),
    ...timesOf(step, states[step.id], record),
  }));
}

/** When a step was begun and how long it took, as far as that is recorded. */
function timesOf(
  { id, action }: Step,
  state: StepState | undefined,
  { reads, effects, kept }: RunRecord,
): Pick<StepProgress, "since" | "durationMs"> {
  if (!state || ["pending", "skipped", "blocked"].includes(state.status)) return { since: null, durationMs: null };
  const read = reads.findLast((row) => row.step === id && row.action === action);
  if (read) return { since: null, durationMs: read.durationMs ?? null };
  const key = kept.find((row) => row.step === id)?.effectKey;
  const effect = effects.findLast((row) => (key === undefined ? row.step === id : row.key === key));
  return { since: effect?.createdAt ?? null, durationMs: effect?.durationMs ?? null };
}

interface Known {
  readonly steps: readonly StepProgress[];
  readonly durations: ReadonlyMap<string, number>;
  readonly proposal: Proposal | undefined;
  /** The time now, ISO 8601 UTC. */
  readonly at: string;
}

function outlookOf({ steps, durations, proposal, at }: Known) {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const staged = stagedDurations(proposal);
  return ({ id, action }: Step) => {
    const { status = "pending" as const, since = null } = byId.get(id) ?? {};
    const runningMs = status === "running" && since !== null ? Date.parse(at) - Date.parse(since) : 0;
    return { status, expectedMs: durations.get(action) ?? staged.get(id), runningMs: Math.max(0, runningMs) };
  };
}

/** Of an effect: it is being undone, or was. */
const UNDOING: readonly Effect["status"][] = ["undoing", "undone", "undo_failed"];

function phaseOf(
  run: Run,
  steps: readonly StepProgress[],
  { latest, effects }: { latest: Proposal | undefined; effects: readonly Effect[] },
): Phase {
  if (run.status !== "running") return run.status;
  if (latest?.status === "pending") return "reviewing";
  if (latest?.status === "approved") {
    const own = effects.filter(({ proposalId }) => proposalId === latest.id);
    return own.some(({ status }) => UNDOING.includes(status)) ? "undoing" : "committing";
  }
  if (steps.length === 0) return "planning";
  return steps.some(({ status }) => status === "pending") ? "reading" : "reflecting";
}

function waitsForOf({ status, pause }: Run, proposal: Proposal | undefined, policy: Policy): WaitsFor | null {
  if (pause) return { what: pause.why, reason: pause.reason, until: pause.until, proposalId: null };
  if (status !== "waiting" || proposal?.status !== "pending") return null;
  const reason = proposal.actions.map(({ title }) => title).join("; ");
  const what = proposal.kind === "reconciliation" ? "word" : "decision";
  return { what, reason, until: expiryOf(policy, proposal), proposalId: proposal.id };
}
