/**
 * Forgetting: takes the personal data out of runs that have ended. What is left says what was done and when. The audit
 * log keeps its chain, and so can be verified: what its entries on these runs held goes, and an entry says so.
 */
import { canonicalJson, storedJson } from "../domain/json.ts";
import type { Decision, Proposal } from "../domain/proposal.ts";
import type { Run, Stamp } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { deleteAnswers } from "./answered-requests.ts";
import { forgetKeys } from "./api-keys.ts";
import { forgetApprovals, listApprovals } from "./approvals.ts";
import { appendAudit, forgetAudit, forgetAuditOf, pseudonymOf } from "./audit.ts";
import type { Ledger, LedgerTransaction } from "./database.ts";
import { listDecisions } from "./decisions.ts";
import { forgetDelegations } from "./delegations.ts";
import { forgetMember } from "./members.ts";
import { forgetPrograms } from "./programs.ts";
import { listProposals } from "./proposals.ts";
import { listReflections } from "./reflections.ts";
import { listRevisions } from "./revisions.ts";
import { getRun } from "./runs.ts";
import { destroyKey, sealed } from "./sealed-columns.ts";
import { renameInSettings } from "./settings.ts";
import {
  FORGOTTEN,
  forgottenAction,
  forgottenAnswer,
  forgottenCancellation,
  forgottenDecision,
  forgottenFinding,
  forgottenPlan,
} from "./tombstones.ts";

/** Whose data: that of one thread, of a person (their requests, and that they decided), or all of the tenant. */
export type ForgetSubject = { readonly thread: string } | { readonly person: string } | { readonly all: true };

export interface Forgotten {
  /** Runs whose data was taken out. */
  readonly runs: number;
  /** Decisions of the person on requests of others, which stay, under a pseudonym. */
  readonly decisions: number;
  /** Whose checkpoints are to be deleted. */
  readonly threads: readonly string[];
}

/** What was taken out besides runs: decisions, and the numbers of audit entries of no run. */
interface Elsewhere {
  readonly decisions: number;
  readonly entries: readonly number[];
}

const NOTHING_ELSE: Elsewhere = { decisions: 0, entries: [] };

/** Takes a person out of what is not theirs: others' runs that they decided on, delegations, keys, settings, the audit log. */
async function forgetElsewhere(
  trx: LedgerTransaction,
  stamp: Stamp,
  person: string,
  others: readonly string[],
): Promise<Elsewhere> {
  const { tenant } = stamp;
  let decisions = 0;
  for (const runId of others) decisions += await forgetPerson(trx, tenant, runId, person);
  await forgetDelegations(trx, tenant, person);
  await forgetKeys(trx, stamp, person);
  await renameInSettings(trx, tenant, { person, to: pseudonymOf(tenant, person) });
  return { decisions, entries: await forgetAuditOf(trx, tenant, person) };
}

/**
 * Takes personal data out, in one transaction; repeated, it finds what is left.
 * @throws HoldpointError `not_paused` that names a thread which has not ended (nothing was changed then),
 * `unknown_thread` when there is no such thread, `usage` when the person is the last admin
 */
export async function forget(db: Ledger, stamp: Stamp, subject: ForgetSubject): Promise<Forgotten> {
  return await db.transaction().execute(async (trx) => {
    if ("person" in subject) await forgetMember(trx, stamp.tenant, subject.person);
    const asked = await runsOf(trx, stamp.tenant, subject);
    const decided = "person" in subject ? await decidedBy(trx, stamp.tenant, subject.person) : [];
    const others = decided.filter((runId) => !asked.includes(runId));
    const threads = await assertEnded(trx, stamp.tenant, [...asked, ...others]);
    for (const runId of asked) await forgetRun(trx, stamp, await getRun(trx, stamp.tenant, runId));
    const { decisions, entries } =
      "person" in subject ? await forgetElsewhere(trx, stamp, subject.person, others) : NOTHING_ELSE;
    const whose = "person" in subject ? { person: pseudonymOf(stamp.tenant, subject.person) } : subject;
    // Tombstones are not encrypted: what else this key opened, here or in a copy, is gone with it.
    if ("all" in subject) await destroyKey(trx, stamp.tenant);
    await deleteAnswers(trx, stamp.tenant); // they hold what was asked, and whose it is they do not say
    const data = { ...whose, runs: asked, decisions, ...(entries.length > 0 ? { entries: [...entries] } : {}) };
    await appendAudit(trx, { ...stamp, event: "data.forgotten", data });
    return { runs: asked.length, decisions, threads };
  });
}

async function runsOf(trx: LedgerTransaction, tenant: string, subject: ForgetSubject): Promise<string[]> {
  let query = trx.selectFrom("runs").select("id").where("tenant", "=", tenant).orderBy("createdAt").orderBy("id");
  if ("thread" in subject) query = query.where("threadId", "=", subject.thread);
  if ("person" in subject) query = query.where("requester", "in", namesOf(tenant, subject.person));
  const ids = (await query.execute()).map(({ id }) => id);
  if ("thread" in subject && ids.length === 0) {
    throw new HoldpointError("unknown_thread", `There is no thread "${subject.thread}".`, {
      hint: "See `list` for those there are.",
    });
  }
  return ids;
}

/** What a person is called in the ledger: what an earlier attempt forgot is found again, for what comes after it. */
const namesOf = (tenant: string, person: string): string[] => [person, pseudonymOf(tenant, person)];

/** Runs in which a person decided or approved something, or somebody did in their stead. */
async function decidedBy(trx: LedgerTransaction, tenant: string, person: string): Promise<string[]> {
  const names = namesOf(tenant, person);
  const found = new Set<string>();
  for (const table of ["decisions", "approvals"] as const) {
    const rows = await trx
      .selectFrom(table)
      .innerJoin("proposals", (join) =>
        join.onRef("proposals.tenant", "=", `${table}.tenant`).onRef("proposals.id", "=", `${table}.proposalId`),
      )
      .select("proposals.runId")
      .distinct()
      .where(`${table}.tenant`, "=", tenant)
      .where((eb) => eb.or([eb(`${table}.principal`, "in", names), eb(`${table}.onBehalfOf`, "in", names)]))
      .execute();
    for (const { runId } of rows) found.add(runId);
  }
  return [...found];
}

/** @returns the threads of these runs @throws HoldpointError `not_paused` when anything on them has not ended */
async function assertEnded(trx: LedgerTransaction, tenant: string, runIds: readonly string[]): Promise<string[]> {
  const wanted = new Set(runIds);
  const rows = await trx
    .selectFrom("runs")
    .select(["id", "threadId", "status", "rollback"])
    .where("tenant", "=", tenant)
    .execute();
  const threads = new Set(rows.filter(({ id }) => wanted.has(id)).map(({ threadId }) => threadId));
  const open = rows.filter((row) => threads.has(row.threadId) && (row.status !== "ended" || row.rollback !== null));
  if (open.length > 0) {
    const names = [...new Set(open.map(({ threadId }) => `"${threadId}"`))].slice(0, 5).join(", ");
    throw new HoldpointError("not_paused", `Nothing was forgotten: what is asked on thread ${names} has not ended.`, {
      hint: "Let it end with `resume`, or `cancel` it, then try again.",
    });
  }
  return [...threads];
}

async function forgetRun(trx: LedgerTransaction, { tenant, at }: Stamp, run: Run): Promise<void> {
  // In a run that was forgotten before, every name is a pseudonym.
  const name = (principal: string) => (run.forgottenAt === undefined ? pseudonymOf(tenant, principal) : principal);
  const { answer, cancellation } = run;
  await trx
    .updateTable("runs")
    .set({
      request: FORGOTTEN,
      requester: name(run.requester),
      answer: answer && canonicalJson(forgottenAnswer(answer)),
      cancellation: cancellation && canonicalJson(forgottenCancellation(cancellation, name)),
      forgottenAt: run.forgottenAt ?? at,
    })
    .where("tenant", "=", tenant)
    .where("id", "=", run.id)
    .execute();
  await forgetAudit(trx, tenant, run.id);
  await forgetPlans(trx, tenant, run.id);
  await forgetPrograms(trx, tenant, run.id);
  for (const proposal of await listProposals(trx, tenant, run.id)) {
    await forgetProposal(trx, tenant, proposal);
    await forgetApprovals(trx, tenant, proposal.id, name);
  }
  for (const decision of await listDecisions(trx, tenant, run.id)) await forgetDecision(trx, tenant, decision, name);
  const reads = { args: "{}", output: "null", summary: FORGOTTEN };
  await trx.updateTable("reads").set(reads).where("tenant", "=", tenant).where("runId", "=", run.id).execute();
  const effects = { args: "{}", output: "null", undoData: "null", changes: "[]", note: null };
  await trx.updateTable("effects").set(effects).where("tenant", "=", tenant).where("runId", "=", run.id).execute();
}

async function forgetPlans(trx: LedgerTransaction, tenant: string, runId: string): Promise<void> {
  for (const { number, plan, verdict, findings } of await listRevisions(trx, tenant, runId)) {
    await trx
      .updateTable("planRevisions")
      .set({
        plan: canonicalJson(forgottenPlan(plan)),
        findings: verdict && canonicalJson(findings.map(forgottenFinding)),
      })
      .where("tenant", "=", tenant)
      .where("runId", "=", runId)
      .where("number", "=", number)
      .execute();
  }
  for (const { revision, answer } of await listReflections(trx, tenant, runId)) {
    await trx
      .updateTable("reflections")
      .set({ wentWell: null, missing: null, feedback: "[]", answer: canonicalJson(forgottenAnswer(answer)) })
      .where("tenant", "=", tenant)
      .where("runId", "=", runId)
      .where("revision", "=", revision)
      .execute();
  }
}

async function forgetProposal(trx: LedgerTransaction, tenant: string, proposal: Proposal): Promise<void> {
  const { failure } = proposal;
  await trx
    .updateTable("proposals")
    .set({
      actions: storedJson(proposal.actions.map(forgottenAction)),
      impact: canonicalJson({ ...proposal.impact, resources: [] }),
      findings: canonicalJson(proposal.findings.map(forgottenFinding)),
      review: null,
      failure: failure && canonicalJson({ ...failure, message: FORGOTTEN }),
    })
    .where("tenant", "=", tenant)
    .where("id", "=", proposal.id)
    .execute();
}

async function forgetDecision(
  trx: LedgerTransaction,
  tenant: string,
  { proposalId, decider, principal, onBehalfOf, actions }: Decision,
  name: (principal: string) => string,
): Promise<void> {
  await trx
    .updateTable("decisions")
    .set({
      principal: decider === "person" ? name(principal) : principal,
      onBehalfOf: onBehalfOf ? name(onBehalfOf) : null,
      reason: null,
      actions: canonicalJson(actions.map(forgottenDecision)),
    })
    .where("tenant", "=", tenant)
    .where("proposalId", "=", proposalId)
    .execute();
}

/** A person's decisions on another's request, and that they edited it. @returns how many decisions there were */
async function forgetPerson(trx: LedgerTransaction, tenant: string, runId: string, person: string): Promise<number> {
  const pseudonym = pseudonymOf(tenant, person);
  for (const { id, actions } of await listProposals(trx, tenant, runId)) {
    if (!actions.some(({ edited }) => edited?.by.includes(person))) continue;
    const named = actions.map((action) => {
      const by = action.edited?.by.map((name) => (name === person ? pseudonym : name)) ?? [];
      return action.edited ? { ...action, edited: { ...action.edited, by } } : action;
    });
    const update = trx
      .updateTable("proposals")
      .set(await sealed(trx, "proposals", tenant, { actions: storedJson(named) }));
    await update.where("tenant", "=", tenant).where("id", "=", id).execute();
  }
  const { cancellation } = await getRun(trx, tenant, runId);
  if (cancellation?.by === person) {
    const update = trx.updateTable("runs").set(
      await sealed(trx, "runs", tenant, {
        cancellation: canonicalJson({ ...cancellation, by: pseudonym, reason: null }),
      }),
    );
    await update.where("tenant", "=", tenant).where("id", "=", runId).execute();
  }
  const name = (principal: string) => (principal === person ? pseudonym : principal);
  const isTheirs = (one: { principal: string; onBehalfOf?: string | null | undefined }) =>
    one.principal === person || one.onBehalfOf === person;
  for (const { id } of await listProposals(trx, tenant, runId)) {
    if ((await listApprovals(trx, tenant, id)).some(isTheirs)) await forgetApprovals(trx, tenant, id, name);
  }
  const own = (await listDecisions(trx, tenant, runId)).filter(isTheirs);
  for (const decision of own) await forgetDecision(trx, tenant, decision, name);
  return own.length;
}
