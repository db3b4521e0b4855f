/**
 * Runs the transaction that the ledger says is approved: exactly those actions, in order, and when one fails, undoes
 * those that ran, in reverse (invariants 1, 2, 6). What runs comes from the ledger, never from graph state.
 */
import { type Failure, FailureStatusSchema } from "../domain/answer.ts";
import type { Json, JsonObject } from "../domain/json.ts";
import type { Plan } from "../domain/plan.ts";
import {
  type Change,
  type Decision,
  type Effect,
  type Proposal,
  type ProposedAction,
  proposalDigest,
} from "../domain/proposal.ts";
import type { Identity, Run } from "../domain/run.ts";
import { ActionFailure, HoldpointError } from "../errors.ts";
import { loadRecord, stepOutputs } from "../execution/progress.ts";
import { listApprovals } from "../ledger/approvals.ts";
import { lockAudit } from "../ledger/audit.ts";
import { type Ledger, type LedgerTransaction, writeBehind } from "../ledger/database.ts";
import { findDecision } from "../ledger/decisions.ts";
import { listEffects } from "../ledger/effects.ts";
import { gateFactsLoader, loadGateFacts, withoutHolds } from "../ledger/gate-facts.ts";
import { withLease } from "../ledger/leases.ts";
import { withRoles } from "../ledger/members.ts";
import { listProposals, moveProposal } from "../ledger/proposals.ts";
import { getRun } from "../ledger/runs.ts";
import { getSettings } from "../ledger/settings.ts";
import { deleteUsesIn, releaseAmountsIn, setAmountsIn } from "../ledger/uses.ts";
import { assertRecordable, findReferences, resolveReferences } from "../planning/references.ts";
import { insufficiency, objectionToKnown, type Policy, toldOfHold } from "../policy/policy.ts";
import { requirementOf, tooFew } from "../policy/requirement.ts";
import { explainMasked } from "../telemetry/tell.ts";
import type { Action, AnyWrite, PreviewContext } from "../tools/action.ts";
import { fingerprintOf } from "../tools/fingerprint.ts";
import type { Registries, Registry } from "../tools/registry.ts";
import { findDone } from "./done.ts";
import { leftOut } from "./left-out.ts";
import { applyReconciliation, askForReconciliation, findAnswered } from "./reconcile.ts";
import {
  actionContext,
  type CommitContext,
  type EffectListener,
  type EffectPlan,
  failEffect,
  resolveEffect,
  runEffect,
  stampOf,
  undoEffect,
} from "./run-effect.ts";
import { foresee, parseArgs, totalImpact } from "./stage.ts";

export interface CommitDeps {
  readonly ledger: Ledger;
  readonly registry: Registries;
  readonly policy: Policy;
  now(): string;
}

export type CommitResult =
  /** Nobody decided yet. Nothing ran. */
  | { kind: "undecided" }
  /** There is nothing to commit: no proposal, or one that was not approved. */
  | { kind: "nothing" }
  /** The approval is no longer for what would run: it has to be proposed again. Nothing ran. */
  | { kind: "stale"; failure: Failure }
  | { kind: "committed" }
  /** It was asked to stop between two actions; called again, it goes on. */
  | { kind: "drained" }
  /** One part failed; those before it were undone, or tried to be. */
  | { kind: "rolled_back"; failure: Failure }
  /** Nobody knows whether one part happened; a person is asked, and nothing more was done. */
  | { kind: "uncertain"; failure: Failure };

/**
 * Commits a run's approved transaction.
 * @throws HoldpointError `busy` when another process is at it
 */
export async function commitApproved(
  deps: CommitDeps,
  input: { identity: Identity; run: Run; signal: AbortSignal; stopped?: () => boolean; onEffect?: EffectListener },
): Promise<CommitResult> {
  const { identity, run, signal, stopped = () => false, onEffect = () => undefined } = input;
  const { tenant } = identity;
  const { ledger } = deps;
  const proposals = await listProposals(ledger, tenant, run.id);
  const isToDo = (await findApproved(ledger, tenant, proposals)) ?? (await findAnswered(ledger, tenant, proposals));
  if (!isToDo) return recorded(proposals);
  return await withLease(ledger, { tenant, runId: run.id }, async (lease) => {
    const context: CommitContext = { ...deps, lease, identity, requester: run.requester, signal, stopped, onEffect };
    const found = await listProposals(ledger, tenant, run.id); // another process may have gone on before the lease
    const answered = await findAnswered(ledger, tenant, found);
    if (answered) await applyReconciliation(context, deps.registry.of(tenant), answered);
    const now = answered ? await listProposals(ledger, tenant, run.id) : found;
    const approved = await findApproved(ledger, tenant, now);
    if (!approved) return recorded(now);
    return await new Transaction(deps, context, run, approved).commit();
  });
}

interface Approved {
  readonly proposal: Proposal;
  readonly decision: Decision;
}

/** The newest transaction of a run's proposals. */
const transactionOf = (proposals: readonly Proposal[]): Proposal | undefined =>
  proposals.findLast(({ kind }) => kind === "transaction");

/** The run's transaction, when the ledger holds an approving decision on it. */
async function findApproved(
  ledger: Ledger,
  tenant: string,
  proposals: readonly Proposal[],
): Promise<Approved | undefined> {
  const proposal = transactionOf(proposals);
  if (proposal?.status !== "approved") return undefined;
  const decision = await findDecision(ledger, tenant, proposal.id);
  return decision && { proposal, decision };
}

/** What the ledger already says of the run's transaction, when it is not one to be committed now. */
function recorded(proposals: readonly Proposal[]): CommitResult {
  if (proposals.at(-1)?.status === "pending") return { kind: "undecided" };
  const proposal = transactionOf(proposals);
  const failure = proposal?.failure ?? { status: "failed", message: "It did not succeed." };
  switch (proposal?.status) {
    case "committed":
      return { kind: "committed" };
    case "stale":
    case "rolled_back":
    case "uncertain":
      return { kind: proposal.status, failure };
    default:
      return { kind: "nothing" };
  }
}

const DRAINED = Symbol("drained");
/** Of an effect: it was asked to stop before that had come to its end. */
const OPEN: readonly Effect["status"][] = ["intended", "executing"];
/** Of an effect: a rollback has begun. */
const UNDOING: readonly Effect["status"][] = ["undoing", "undone", "undo_failed"];

interface Known {
  /** What steps that completed put out: this run's reads and effects. */
  readonly outputs: Map<string, Json>;
  /** The plan that the proposal was made for. */
  readonly plan: Plan | undefined;
}

interface KnownEffects extends Known {
  /** Of the transaction, before it was taken up this time. */
  readonly earlier: readonly Effect[];
}

class Transaction {
  readonly #deps: CommitDeps;
  readonly #context: CommitContext;
  readonly #run: Run;
  readonly #proposal: Proposal;
  readonly #decision: Decision;
  /** Actions as they would run, by step: with what is known of them by now. */
  readonly #foreseen = new Map<string, ProposedAction>();
  /** Those that the others go on without, and that cannot be done any more. */
  readonly #impossible = new Map<string, Failure>();

  constructor(deps: CommitDeps, context: CommitContext, run: Run, approved: Approved) {
    this.#deps = deps;
    this.#context = context;
    this.#run = run;
    this.#proposal = approved.proposal;
    this.#decision = approved.decision;
  }

  async commit(): Promise<CommitResult> {
    const effects = await this.#effects();
    // Nothing is left to run that could be stale: what was approved has happened, and was only not closed.
    if (this.#isDone(effects)) return await this.#close({ kind: "committed" });
    const staleness = await this.#staleness(effects);
    const stale = staleness === undefined ? undefined : { status: "failed" as const, message: staleness };
    if (effects.length === 0) {
      if (stale) return await this.#close({ kind: "stale", failure: stale });
      const failure = await this.#foreseeAll();
      if (failure) return await this.#close({ kind: "rolled_back", failure });
      const objection = await this.#objectionTo([...this.#foreseen.keys()]);
      if (objection) {
        const message = `what it would do is no longer what was shown. ${objection}`;
        return await this.#close({ kind: "stale", failure: { status: "failed", message } });
      }
    }
    const failure = stale ?? begunRollback(this.#proposal, effects) ?? (await this.#runAll(effects));
    if (failure === DRAINED) return { kind: "drained" };
    if (!failure) return await this.#close({ kind: "committed" });
    await this.#resolveInFlight();
    const after = await this.#effects();
    if (after.some((effect) => effect.status === "uncertain")) return await this.#ask(after, failure);
    if (!(await this.#rollBack())) return { kind: "drained" };
    return await this.#close({ kind: "rolled_back", failure });
  }

  get #registry(): Registry {
    return this.#deps.registry.of(this.#run.tenant);
  }

  get #approvedActions() {
    const approved = new Set(
      this.#decision.actions.filter((action) => action.verdict === "approved").map((action) => action.step),
    );
    return this.#proposal.actions.filter((action) => approved.has(action.step));
  }

  async #effects(): Promise<Effect[]> {
    const effects = await listEffects(this.#deps.ledger, this.#context.identity.tenant, this.#run.id);
    return effects.filter((effect) => effect.proposalId === this.#proposal.id);
  }

  #isDone(effects: readonly Effect[]): boolean {
    const done = new Set(effects.filter(({ status }) => status === "succeeded").map(({ step }) => step));
    const without = leftOut(this.#proposal, effects);
    const approved = this.#approvedActions;
    return approved.length > 0 && approved.every(({ step }) => done.has(step) || without.has(step));
  }

  /** Why the decision is no longer for what would run, or undefined. */
  async #staleness(begun: readonly Effect[]): Promise<string | undefined> {
    const { policy, ledger } = this.#deps;
    const digest = proposalDigest(this.#run.tenant, this.#run.id, this.#proposal.actions);
    if (digest !== this.#proposal.digest || digest !== this.#decision.digest)
      return "What was approved is not what would run.";
    for (const proposed of this.#proposal.actions) {
      const change = changeOf(this.#registry.find(proposed.action), proposed);
      if (change !== undefined) return change;
    }
    const known = await loadGateFacts(ledger, this.#run.tenant, this.#proposal, this.#deps.now());
    // What was begun comes to its end, whatever receivers are left alone since: that is a matter of each call.
    const facts = begun.length === 0 ? known : withoutHolds(known);
    const subject = { run: this.#run, proposal: this.#proposal, decision: this.#decision, facts };
    return insufficiency(policy, subject) ?? (await this.#tooFewApprovals(ledger, this.#proposal));
  }

  /** Whether those who approved it are enough by the settings of this moment. */
  async #tooFewApprovals(ledger: Ledger, proposal: Proposal): Promise<string | undefined> {
    if (this.#decision.decider !== "person") return undefined;
    const { settings } = await getSettings(ledger, this.#run.tenant);
    const approvals = await listApprovals(ledger, this.#run.tenant, this.#proposal.id);
    const { principal, onBehalfOf = null, role } = this.#decision;
    const voters = await withRoles(ledger, this.#run.tenant, [{ principal, onBehalfOf, role }, ...approvals]);
    return tooFew(requirementOf(settings, proposal), { voters, requester: this.#run.requester });
  }

  /**
   * Looks once more at what the approved actions would do, before any of them runs. Returns why one can no longer be
   * done, or undefined.
   */
  async #foreseeAll(): Promise<Failure | undefined> {
    const staged: Change[] = [];
    for (const proposed of this.#approvedActions) {
      if (findReferences(proposed.args).length > 0) continue;
      const action = this.#registry.getWrite(proposed.action);
      const context: PreviewContext = { ...actionContext(this.#context, ""), staged };
      try {
        const seen = await foresee(action, parseArgs(action, proposed.step, proposed.args), context);
        staged.push(...seen.changes);
        this.#foreseen.set(proposed.step, { ...proposed, ...seen });
      } catch (error) {
        const isKnown = error instanceof ActionFailure;
        if (error instanceof HoldpointError && !isKnown) throw error;
        const message = `"${proposed.action}" could not be previewed once more: ${explainMasked(error)}`;
        const failure = isKnown ? error : { status: "failed" as const, message };
        if (!proposed.optional) return failure;
        this.#impossible.set(proposed.step, failure);
      }
    }
    return undefined;
  }

  /** Runs the approved actions in order. Returns why it stopped, or undefined when all succeeded. */
  async #runAll(earlier: readonly Effect[]): Promise<Failure | typeof DRAINED | undefined> {
    const known = { ...(await this.#known()), earlier };
    const failed = earlier.filter(({ status }) => status === "failed");
    for (const [position, proposed] of this.#approvedActions.entries()) {
      if (leftOut(this.#proposal, failed).has(proposed.step)) continue;
      const halt = await this.#halt();
      if (halt) return halt;
      const effect = await this.#runOrFail(proposed, position, known);
      if (effect instanceof ActionFailure) return effect;
      if (OPEN.includes(effect.status)) return DRAINED;
      if (effect.status === "succeeded") known.outputs.set(proposed.step, effect.output);
      else if (effect.status === "failed" && proposed.optional) failed.push(effect);
      else return failureOf(effect);
    }
    return undefined;
  }

  /** That it is to stop here; or that somebody cancelled the run meanwhile: it is then undone like one that failed. */
  async #halt(): Promise<Failure | typeof DRAINED | undefined> {
    if (this.#context.stopped()) return DRAINED;
    const { cancellation } = await getRun(this.#deps.ledger, this.#run.tenant, this.#run.id);
    return cancellation ? { status: "failed", message: `${cancellation.by} cancelled it.` } : undefined;
  }

  /** @returns what it came to; or why it was not begun, where the others do not go on without it */
  async #runOrFail(proposed: ProposedAction, position: number, known: KnownEffects): Promise<Effect | ActionFailure> {
    const came = await this.#runOne(proposed, position, known).catch(asFailure);
    const isBegun = known.earlier.some(({ step }) => step === proposed.step);
    if (!(came instanceof ActionFailure) || !proposed.optional || isBegun) return came;
    const { args } = proposed;
    const effect = await failEffect(this.#context, this.#effectPlan(proposed, position, { args, ...known }), came);
    this.#context.onEffect(proposed.step, effect.status);
    return effect;
  }

  async #runOne(proposed: ProposedAction, position: number, { outputs, plan, earlier }: KnownEffects): Promise<Effect> {
    const impossible = this.#impossible.get(proposed.step);
    if (impossible) throw new ActionFailure(impossible.status, impossible.message);
    const { args, missing } = resolveReferences(proposed.args, outputs);
    const unresolved = [...new Set([...missing, ...findReferences(args)])];
    if (unresolved.length > 0) {
      throw new ActionFailure(
        "failed",
        `Step "${proposed.step}" refers to ${unresolved.join(", ")}, which does not exist.`,
      );
    }
    assertRecordable(proposed.step, args);
    const action = this.#registry.getWrite(proposed.action);
    const isBegun = earlier.some(({ step }) => step === proposed.step);
    if (findReferences(proposed.args).length > 0) {
      if (!isBegun) await this.#assertAllowed(await this.#foresee(action, proposed, args));
      await this.#assertNew(action, proposed, args);
    }
    this.#context.onEffect(proposed.step, "executing");
    const effect = await runEffect(this.#context, this.#effectPlan(proposed, position, { args, plan }));
    this.#context.onEffect(proposed.step, effect.status);
    return effect;
  }

  #effectPlan(
    proposed: ProposedAction,
    position: number,
    { args, plan }: { args: JsonObject; plan: Plan | undefined },
  ): EffectPlan {
    const action = this.#registry.getWrite(proposed.action);
    const byHand = this.#decision.decider === "person" && toldOfHold(this.#proposal, proposed.step);
    const step = plan?.steps.find(({ id }) => id === proposed.step);
    const ids = { proposalId: this.#proposal.id, runId: this.#run.id };
    return { action, proposed, args, position, byHand, step, ...ids };
  }

  /** What it would change was not known while it referred to writes that had not run. */
  async #foresee(action: AnyWrite, proposed: ProposedAction, args: JsonObject): Promise<ProposedAction> {
    const context: PreviewContext = { ...actionContext(this.#context, ""), staged: [] };
    try {
      return { ...proposed, args, ...(await foresee(action, parseArgs(action, proposed.step, args), context)) };
    } catch (error) {
      if (error instanceof HoldpointError) throw error;
      throw new ActionFailure("failed", `"${proposed.action}" could not be previewed: ${explainMasked(error)}`);
    }
  }

  /** What it does was known only now: it must not be what another step has done, unless that is wanted. */
  async #assertNew(action: AnyWrite, proposed: ProposedAction, args: JsonObject): Promise<void> {
    const record = await loadRecord(this.#deps.ledger, this.#run.tenant, this.#run.id);
    const step = record.plans.get(this.#proposal.id)?.steps.find(({ id }) => id === proposed.step);
    const found = step && findDone(action, step, args, record);
    if (!found || found.isWanted) return;
    throw new ActionFailure(
      "failed",
      `Step "${proposed.step}" would repeat what step "${found.effect.step}" has done.`,
    );
  }

  /** Policy saw the references; what came in their place it sees here. */
  async #assertAllowed(action: ProposedAction): Promise<void> {
    this.#foreseen.set(action.step, action);
    const objection = await this.#objectionTo([action.step]);
    if (objection !== undefined) throw new ActionFailure("failed", `What it refers to is known now. ${objection}`);
  }

  /**
   * What speaks against actions by what is known of them now: policy, or that too few people approved so much. When
   * nothing does, what they move is counted, in the same transaction, so that budgets are exact.
   */
  async #objectionTo(steps: readonly string[]): Promise<string | undefined> {
    const { ledger, policy } = this.#deps;
    const { tenant } = this.#run;
    const known = this.#proposal.actions.map((action) => this.#foreseen.get(action.step) ?? action);
    const proposal = { ...this.#proposal, actions: known, impact: totalImpact(known) };
    const subject = { run: this.#run, proposal: this.#proposal, known };
    // The effect that follows writes it through.
    return await writeBehind(ledger, async (trx) => {
      await lockAudit(trx, tenant);
      const load = await gateFactsLoader(trx, tenant, proposal, this.#deps.now());
      const facts = { shown: withoutHolds(load(this.#proposal)), known: withoutHolds(load(proposal)) };
      for (const step of steps) {
        const objection = objectionToKnown(policy, { ...subject, step, facts });
        if (objection !== undefined) return objection;
      }
      const few = await this.#tooFewApprovals(trx, proposal);
      if (few === undefined) await setAmountsIn(trx, tenant, proposal);
      return few;
    });
  }

  async #known(): Promise<Known> {
    const record = await loadRecord(this.#deps.ledger, this.#run.tenant, this.#run.id);
    return { outputs: stepOutputs(record), plan: record.plans.get(this.#proposal.id) };
  }

  /** Before a rollback, no effect may be left of which nobody knows: those cut off earlier are looked up. */
  async #resolveInFlight(): Promise<void> {
    const inFlight = (await this.#effects()).filter(({ status }) => status === "intended" || status === "executing");
    for (const effect of inFlight) {
      const action = this.#registry.find(effect.action);
      await resolveEffect(this.#context, action?.kind === "write" ? action : undefined, effect);
    }
  }

  /**
   * Undoes what succeeded, in reverse order, and goes on past a failed undo.
   * @returns false when it was asked to stop between two attempts
   */
  async #rollBack(): Promise<boolean> {
    const done = (await this.#effects()).filter(({ status }) => status === "succeeded" || status === "undoing");
    for (const effect of done.toSorted((a, b) => b.position - a.position)) {
      const action = this.#registry.find(effect.action);
      this.#context.onEffect(effect.step, "undoing");
      const { status } = await undoEffect(this.#context, action?.kind === "write" ? action : undefined, effect);
      if (status === "undoing") return false;
      this.#context.onEffect(effect.step, status);
    }
    return true;
  }

  async #ask(effects: readonly Effect[], failure: Failure): Promise<CommitResult> {
    const asked = await askForReconciliation(this.#context, this.#proposal, effects);
    if (!asked) throw this.#movedByOther();
    return { kind: "uncertain", failure };
  }

  /** What did not run does not count for limits and budgets. */
  async #release(trx: LedgerTransaction, kind: CommitResult["kind"]): Promise<void> {
    const { tenant } = this.#run;
    const proposalId = this.#proposal.id;
    if (kind === "stale") return await deleteUsesIn(trx, tenant, proposalId);
    const begun = (await listEffects(trx, tenant, this.#run.id)).filter((effect) => effect.proposalId === proposalId);
    const steps = this.#proposal.actions.map(({ step }) => step);
    await releaseAmountsIn(trx, tenant, {
      proposalId,
      steps: steps.filter((step) => !begun.some((effect) => effect.step === step)),
    });
  }

  #movedByOther(): HoldpointError {
    return new HoldpointError("busy", `Proposal "${this.#proposal.id}" was moved by another process.`);
  }

  async #close(
    result: Exclude<CommitResult, { kind: "undecided" | "nothing" | "uncertain" | "drained" }>,
  ): Promise<CommitResult> {
    const failure = "failure" in result ? { status: result.failure.status, message: result.failure.message } : null;
    // Lost, it is found out again from the effects.
    const moved = await writeBehind(this.#deps.ledger, async (trx) => {
      await this.#release(trx, result.kind);
      return await moveProposal(trx, stampOf(this.#context), this.#proposal, result.kind, failure);
    });
    if (!moved) throw this.#movedByOther();
    return result;
  }
}

/** How an action is no longer what was proposed, or undefined. */
function changeOf(action: Action | undefined, proposed: ProposedAction): string | undefined {
  if (action?.kind !== "write") return `There is no write action "${proposed.action}" any more.`;
  if (action.version !== proposed.version) return `Action "${proposed.action}" changed since it was approved.`;
  const { fingerprint } = proposed;
  if (fingerprint === undefined || fingerprint === fingerprintOf(action)) return undefined;
  return `Action "${proposed.action}" changed since it was approved: what it takes, or whether it can be undone or repeated.`;
}

function asFailure(error: unknown): ActionFailure {
  if (error instanceof ActionFailure) return error;
  throw error;
}

/** Why an earlier attempt had begun to roll back, or undefined when none had. */
function begunRollback(proposal: Proposal, effects: readonly Effect[]): Failure | undefined {
  if (!effects.some(({ status }) => UNDOING.includes(status))) return undefined;
  const optional = leftOut(proposal, effects);
  const cause = effects.find(({ status, step }) => status === "failed" && !optional.has(step));
  return cause ? failureOf(cause) : { status: "failed", message: "An earlier attempt had begun to roll back." };
}

/** The failure that a settled effect stands for; its output holds the status. */
function failureOf(effect: Effect): Failure {
  const status = FailureStatusSchema.safeParse(effect.output);
  return { status: status.success ? status.data : "failed", message: effect.note ?? `"${effect.action}" failed.` };
}
