/**
 * Follows a run while it is under way and tells of it, in LangGraph's `custom` stream: at each change of phase, and
 * otherwise at most ten times a second, whatever came in between as one. A step that changes takes the same time however
 * many there are.
 */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Plan, Step, StepStatus } from "../domain/plan.ts";
import { MAX_CURRENT, type Phase, type ProgressEvent, type StepProgress, Tally, weightOf } from "../domain/progress.ts";
import { type Run, workedMs } from "../domain/run.ts";
import { createForecast, stagedDurations } from "../execution/forecast.ts";
import { loadRecord, stepStates } from "../execution/progress.ts";
import { medianDurations } from "../ledger/durations.ts";
import { getRun } from "../ledger/runs.ts";
import { dependenciesOf } from "../planning/references.ts";
import type { State } from "../state.ts";
import { maskText } from "../telemetry/mask.ts";
import type { NodeDeps } from "./deps.ts";

/** The shortest time between two events of the same phase, in milliseconds. */
const PAUSE_MS = 100;

type Deps = Pick<NodeDeps, "ledger" | "registry" | "now">;
type Writer = LangGraphRunnableConfig["writer"];

/** A step as it is followed. */
interface Followed {
  readonly step: Step;
  readonly dependsOn: string[];
  status: StepStatus;
  since: string | null;
  durationMs: number | null;
}

/** What is known of a revision of the plan. */
interface Followable {
  readonly number: number;
  readonly steps: Map<string, Followed>;
  readonly tally: Tally;
  readonly forecast: ReturnType<typeof createForecast>;
  /** By action, in milliseconds. */
  readonly durations: Map<string, number>;
  /** The highest percentage that was told. */
  percent: number;
}

export class Tracker {
  readonly #deps: Deps;
  #writer: Writer;
  #run: Run | undefined;
  #phase: Phase = "planning";
  #plan: Followable | undefined;
  /** What staged writes say of how long they take, by step, in milliseconds. */
  #staged: ReadonlyMap<string, number> = new Map();
  readonly #running = new Set<Followed>();
  readonly #changed = new Set<Followed>();
  #sentAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Takes in with what a node begins. @throws whatever the ledger throws */
  async prepare(tenant: string, state: State, writer: Writer): Promise<void> {
    this.#writer = writer;
    if (!state.run) return;
    // Within a call it is at work all the time: what was counted as idle before stays as it is.
    if (this.#run?.id !== state.run.id) this.#run = await getRun(this.#deps.ledger, tenant, state.run.id);
    this.#staged = stagedDurations(state.proposal);
    if (state.plan && state.plan.number !== this.#plan?.number) await this.#follow(this.#run, state.plan);
  }

  /** Looks into the ledger where every step stands. */
  async refresh({ plan }: Pick<State, "plan">): Promise<void> {
    if (this.#run && plan) this.settle(await this.#statesOf(this.#run, plan));
  }

  async #statesOf({ tenant, id }: Run, plan: Plan) {
    return stepStates(plan, await loadRecord(this.#deps.ledger, tenant, id));
  }

  async #follow(run: Run, plan: NonNullable<State["plan"]>): Promise<void> {
    const states = await this.#statesOf(run, plan);
    const actions = plan.steps.map(({ action }) => action);
    const tally = new Tally();
    const steps = plan.steps.map((step): [string, Followed] => {
      const status = states[step.id]?.status ?? "pending";
      tally.add(weightOf(step), status);
      return [step.id, { step, dependsOn: dependenciesOf(step), status, since: null, durationMs: null }];
    });
    this.#plan = {
      number: plan.number,
      steps: new Map(steps),
      tally,
      forecast: createForecast(plan, (action) => this.#deps.registry.of(run.tenant).find(action)?.kind === "write"),
      durations: await medianDurations(this.#deps.ledger, run.tenant, actions),
      percent: 0,
    };
    this.#running.clear();
    this.#changed.clear();
    for (const [, followed] of steps) this.#changed.add(followed);
  }

  phase(phase: Phase): void {
    if (this.#run === undefined || (phase === this.#phase && this.#sentAt > 0)) return;
    this.#phase = phase;
    this.#send();
  }

  step(id: string, status: StepStatus, phase: Phase): void {
    const followed = this.#plan?.steps.get(id);
    if (followed) this.#move(followed, status);
    if (phase !== this.#phase) this.phase(phase);
    else if (this.#changed.size > 0) this.#sendSoon();
  }

  /** Takes in where steps stand, by what is recorded of them. */
  settle(states: Readonly<Record<string, { status: StepStatus }>>): void {
    for (const [id, { status }] of Object.entries(states)) {
      const followed = this.#plan?.steps.get(id);
      if (followed) this.#move(followed, status);
    }
  }

  /** Tells of what was not told yet. */
  flush(): void {
    if (this.#changed.size > 0 && this.#sentAt > 0) this.#send();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #move(followed: Followed, status: StepStatus): void {
    if (followed.status === status) return;
    this.#plan?.tally.move(weightOf(followed.step), followed.status, status);
    followed.status = status;
    this.#changed.add(followed);
    if (status === "running") {
      followed.since = this.#deps.now();
      followed.durationMs = null;
      this.#running.add(followed);
    } else if (this.#running.delete(followed)) {
      followed.durationMs = this.#runningMs(followed);
      // Of an action that was never measured, the first call says how long the others take.
      const { durations } = this.#plan ?? {};
      if (status === "completed" && !durations?.has(followed.step.action)) {
        durations?.set(followed.step.action, followed.durationMs);
      }
    }
  }

  #runningMs({ since }: Followed, now = this.#deps.now()): number {
    return since === null ? 0 : Math.max(0, Date.parse(now) - Date.parse(since));
  }

  #sendSoon(): void {
    const left = this.#sentAt + PAUSE_MS - performance.now();
    if (left <= 0) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), left).unref();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const event = this.#event();
    this.#changed.clear();
    this.#sentAt = performance.now();
    try {
      if (event) this.#writer?.(event);
    } catch {
      // Whoever listened has gone.
    }
  }

  #event(): ProgressEvent | undefined {
    const run = this.#run;
    if (!run) return undefined;
    const now = this.#deps.now();
    const plan = this.#plan;
    return {
      type: "progress",
      runId: run.id,
      revision: plan?.number ?? 0,
      phase: this.#phase,
      percent: this.#percent(),
      done: plan?.tally.done ?? 0,
      total: plan?.tally.total ?? 0,
      running: this.#running.size,
      current: [...this.#running].slice(0, MAX_CURRENT).map(toCurrent),
      elapsedMs: workedMs(run, now),
      expectedMs: this.#expectedMs(now),
      steps: [...this.#changed].map(toProgress),
    };
  }

  #percent(): number {
    const isOver = this.#phase === "ended";
    if (!this.#plan) return isOver ? 100 : 0;
    this.#plan.percent = Math.max(this.#plan.percent, this.#plan.tally.percent(isOver));
    return this.#plan.percent;
  }

  #expectedMs(now: string): number | null {
    const plan = this.#plan;
    if (this.#phase === "ended") return 0;
    if (!plan) return null;
    const outlook = (step: Step) => {
      const followed = plan.steps.get(step.id);
      const expectedMs = plan.durations.get(step.action) ?? this.#staged.get(step.id);
      if (!followed) return { status: "pending" as const, expectedMs, runningMs: 0 };
      const { status } = followed;
      return { status, expectedMs, runningMs: status === "running" ? this.#runningMs(followed, now) : 0 };
    };
    return plan.forecast(outlook, Date.parse(now));
  }
}

const toCurrent = ({ step, since }: Followed): ProgressEvent["current"][number] => ({
  id: step.id,
  title: maskText(step.title),
  since,
});

function toProgress({ step, dependsOn, status, since, durationMs }: Followed): StepProgress {
  return { id: step.id, title: maskText(step.title), status, dependsOn, weight: weightOf(step), since, durationMs };
}
