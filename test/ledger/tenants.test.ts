/**
 * No tenant reads or changes another's: every exported function of the ledger is called with another tenant's ids, and so
 * is every command and every operation of a program. A function that is not listed here fails the test.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "@langchain/langgraph";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Plan } from "../../src/domain/plan.ts";
import type { Effect, Proposal } from "../../src/domain/proposal.ts";
import type { Stamp } from "../../src/domain/run.ts";
import { createHoldpoint, HoldpointError } from "../../src/index.ts";
import * as answeredRequests from "../../src/ledger/answered-requests.ts";
import * as apiKeys from "../../src/ledger/api-keys.ts";
import * as approvals from "../../src/ledger/approvals.ts";
import * as audit from "../../src/ledger/audit.ts";
import * as auditCheck from "../../src/ledger/audit-check.ts";
import * as auditExport from "../../src/ledger/audit-export.ts";
import * as auditRetention from "../../src/ledger/audit-retention.ts";
import * as breakers from "../../src/ledger/breakers.ts";
import * as budgets from "../../src/ledger/budgets.ts";
import * as checkpointRetention from "../../src/ledger/checkpoint-retention.ts";
import { type Ledger, type LedgerTransaction, openSqliteLedger } from "../../src/ledger/database.ts";
import * as decisions from "../../src/ledger/decisions.ts";
import * as delegations from "../../src/ledger/delegations.ts";
import * as deliveries from "../../src/ledger/deliveries.ts";
import * as durations from "../../src/ledger/durations.ts";
import * as effects from "../../src/ledger/effects.ts";
import * as expiry from "../../src/ledger/expiry.ts";
import * as forget from "../../src/ledger/forget.ts";
import * as gateFacts from "../../src/ledger/gate-facts.ts";
import * as keptSteps from "../../src/ledger/kept-steps.ts";
import * as leases from "../../src/ledger/leases.ts";
import * as liveness from "../../src/ledger/liveness.ts";
import * as measures from "../../src/ledger/measures.ts";
import * as members from "../../src/ledger/members.ts";
import * as modelCalls from "../../src/ledger/model-calls.ts";
import * as notices from "../../src/ledger/notices.ts";
import * as outbox from "../../src/ledger/outbox.ts";
import * as pages from "../../src/ledger/pages.ts";
import * as postponements from "../../src/ledger/postponements.ts";
import * as programs from "../../src/ledger/programs.ts";
import * as proposals from "../../src/ledger/proposals.ts";
import * as reads from "../../src/ledger/reads.ts";
import * as reflections from "../../src/ledger/reflections.ts";
import * as requestRate from "../../src/ledger/request-rate.ts";
import * as revisions from "../../src/ledger/revisions.ts";
import * as runs from "../../src/ledger/runs.ts";
import * as sealedColumns from "../../src/ledger/sealed-columns.ts";
import * as settings from "../../src/ledger/settings.ts";
import * as startRun from "../../src/ledger/start-run.ts";
import * as uses from "../../src/ledger/uses.ts";
import { DEFAULT_SETTINGS } from "../../src/policy/settings.ts";
import { holdpoint } from "../support/child.ts";
import { dumpOf } from "../support/dump.ts";
import { smallImpact } from "../support/ledger.ts";
import { createNotebook } from "../support/notebook.ts";
import { tempDir } from "../support/temp.ts";

/** In everything that is acme's, so that it is noticed wherever it comes out. */
const MARK = "quetzal";
const AT = new Date().toISOString();
const LATER = new Date(Date.now() + 3_600_000).toISOString();
const DUE = { why: "time", reason: MARK, until: AT } as const;
/** A run of acme's that is paused. */
const PAUSED = "run_paused";
const acme: Stamp = { tenant: "acme", principal: `${MARK}-alice`, at: AT };
const PLAN: Plan = {
  goal: "g",
  source: { kind: "edited" },
  steps: [{ id: "s", title: "t", action: "note", args: {}, dependsOn: [] }],
};
const answer = { status: "success", text: MARK, details: [] } as const;

/** What of acme's another tenant knows: all its ids. */
interface Known {
  readonly home: string;
  readonly done: { thread: string; run: string; proposal: Proposal; effect: Effect /** Its digest. */; plan: string };
  readonly waiting: { thread: string; run: string; proposal: Proposal; interrupt: string };
  /** Is to be delivered. */
  readonly notice: notices.StoredNotice;
  readonly key: { readonly id: string; readonly secret: string };
}

const deliveryOf = ({ id, data: _data, ...notice }: notices.StoredNotice, tenant: string): deliveries.Delivery => ({
  ...{ ...notice, noticeId: id, endpoint: "ops", attempts: 0, data: {}, tenant },
});

let known: Known;

beforeAll(async () => {
  known = await seed();
});
afterAll(() => rmSync(known.home, { recursive: true, force: true }));

async function seed(): Promise<Known> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-tenants-"));
  const plan = (request: string) => {
    const count = { id: "n", title: "Count", action: "count_notes", args: {} };
    return { goal: MARK, steps: [{ id: "a", title: `Note ${MARK}`, action: "note", args: { text: request } }, count] };
  };
  const notebook = createNotebook(home);
  const program = await createHoldpoint({ home, actions: notebook.actions, playbooks: plan, exampleStore: true });
  const context = { tenant: acme.tenant, principal: acme.principal };
  const ask = async (thread: string) => {
    const call = { configurable: { thread_id: thread }, context };
    const asked = (await program.invoke({ request: `${MARK} ${thread}` }, call)) as never as {
      __interrupt__: { id: string }[];
      run: { id: string };
    };
    return { call, interrupt: asked.__interrupt__[0]?.id ?? "", run: asked.run.id };
  };
  const done = await ask("t-done");
  const yes = new Command({ resume: { [done.interrupt]: { decisions: [{ type: "approve" }] } } });
  await program.invoke(yes, done.call);
  const waiting = await ask("t-waiting");
  await program.close();
  const ledger = await openSqliteLedger(join(home, "ledger.db"));
  await record(ledger, done.run, waiting.run);
  const [proposal] = await proposals.listProposals(ledger, acme.tenant, done.run);
  const [effect] = await effects.listEffects(ledger, acme.tenant, done.run);
  const [open] = await proposals.listProposals(ledger, acme.tenant, waiting.run);
  const planned = await revisions.findLatestRevision(ledger, acme.tenant, done.run);
  if (!proposal || !effect || !open || !planned) throw new Error("Nothing was done.");
  await approvals.addApproval(ledger, acme, open, { actions: [], onBehalfOf: null });
  // As it is before anybody has looked at them.
  await ledger.updateTable("proposals").set({ review: null }).where("id", "=", open.id).execute();
  await ledger.updateTable("planRevisions").set({ verdict: null }).where("runId", "=", waiting.run).execute();
  const soon = new Date(Date.now() + 60_000).toISOString();
  await ledger.updateTable("runs").set({ aliveUntil: soon }).where("id", "=", waiting.run).execute();
  const notice = await noticeOf(ledger, proposal);
  const input = { name: `${MARK}-key`, principal: `${MARK}-bob`, role: "operator" } as const;
  const { key, secret } = await apiKeys.createKey(ledger, acme, input);
  await ledger.destroy();
  return {
    ...{ home, notice, key: { id: key.id, secret } },
    done: { thread: "t-done", run: done.run, proposal, effect, plan: planned.digest },
    waiting: { thread: "t-waiting", run: waiting.run, proposal: open, interrupt: waiting.interrupt },
  };
}

/** They are told of everything. */
const EVERYBODY: outbox.Audience = {
  destinations: [{ name: "ops", kinds: new Set(outbox.NOTICE_KINDS) }],
  written: () => undefined,
  happened: () => undefined,
};

async function noticeOf(ledger: Ledger, proposal: Proposal): Promise<notices.StoredNotice> {
  outbox.setAudience(ledger, EVERYBODY);
  const write = ledger.transaction();
  await write.execute((trx) => notices.writeNoticeIn(trx, acme, "automatic_action", { proposal, say: () => MARK }));
  const [notice] = await notices.listNotices(ledger, acme.tenant);
  if (!notice) throw new Error("No notice was written.");
  return notice;
}

/** What a run with a model, members and so on leaves. */
async function record(ledger: Ledger, done: string, waiting: string): Promise<void> {
  await members.setMember(ledger, acme, acme.principal, "admin");
  await members.setMember(ledger, acme, `${MARK}-bob`, "operator");
  await delegations.setDelegation(ledger, acme, `${MARK}-bob`, new Date(Date.now() + 3_600_000).toISOString());
  await settings.changeSettings(ledger, acme, {
    preApprovedActions: [MARK],
    maxReplans: 1,
    maxMinutes: 7,
    allowedHosts: ["api.example.com"],
  });
  await reflections.recordReflection(ledger, acme, waiting, {
    ...{ revision: 1, verdict: "replan", wentWell: MARK, missing: [MARK], feedback: [MARK] },
    answer: { ...answer, details: [] },
  });
  const program = { revision: 1, goal: MARK, why: MARK, code: MARK };
  for (const number of [1, 2]) await programs.recordProgram(ledger, acme, waiting, { number, ...program });
  const [written] = await programs.listPrograms(ledger, acme.tenant, waiting);
  if (written) await programs.recordProgramOutcome(ledger, acme, waiting, { program: written, outcome: OUTCOME });
  await keptSteps.keepSteps(ledger, acme, waiting, [{ step: MARK, call: "c", effectKey: "k" }]);
  const paused = { id: PAUSED, threadId: "t-paused", request: MARK };
  await ledger.transaction().execute((trx) => runs.insertRun(trx, acme, paused));
  await runs.pauseRun(ledger, acme, PAUSED, DUE);
  await ledger.updateTable("actionUses").set({ amount: 3 }).execute();
  const keyed = { ...REPEATED, tenant: acme.tenant };
  await answeredRequests.beginAnswer(ledger, keyed, { now: AT, until: LATER });
  await answeredRequests.keepAnswer(ledger, keyed, { status: 200, headers: {}, body: MARK });
  await answeredRequests.beginAnswer(ledger, { ...keyed, key: "unanswered" }, { now: AT, until: LATER });
  await breakers.recordFailure(ledger, acme, { action: "note", trial: null, failures: 1, openMs: 60_000 });
  await ledger.updateTable("breakers").set({ trialUntil: LATER }).execute();
  const counts = { promptTokens: 1, completionTokens: 1, durationMs: 1, outcome: "answer" };
  await modelCalls.recordModelCalls(ledger, acme, done, [{ role: "planner", prompt: MARK, ...counts }]);
}

const OUTCOME = {
  ...{ faults: [MARK], untrusted: false, failure: null, result: null, log: [MARK], writes: [], calls: 0, workedMs: 1 },
};
const PROGRAM = { number: 2, revision: 1, goal: "g", why: "w", code: "c" };

const ALWAYS = { periods: [{ since: null, until: null }] };

interface Called extends Known {
  readonly db: Ledger;
  readonly trx: LedgerTransaction;
  readonly by: Stamp;
}
type Call = (called: Called) => unknown;

const all = async (pages: AsyncIterable<unknown>) => {
  const found: unknown[] = [];
  for await (const page of pages) found.push(page);
  return found;
};
const decision = ({ id, digest, actions }: Proposal) => ({
  ...{ proposalId: id, digest, decider: "person" as const, verdict: "approved" as const, reason: null },
  actions: actions.map(({ step }) => ({ step, verdict: "approved" as const, reason: null })),
  separateApprover: false,
});
const proposal = ({ actions }: Proposal, runId: string) => ({
  ...{ runId, revision: 1, actions, impact: { ...smallImpact, resources: [] } },
});
/** A lease that names acme's run, as whoever got at its token would make it. */
const stolen = (called: Called): leases.Lease => ({ tenant: called.by.tenant, runId: called.done.run, token: 1 });
const asked = (called: Called) => ({ id: called.waiting.run, threadId: "t-evil", request: "mine" });

/** The proposal, as if it moved money. */
const dear = (proposal: Proposal): Proposal => ({
  ...proposal,
  actions: proposal.actions.map((action) => ({ ...action, impact: { ...action.impact, amount: 5 } })),
});

/** A request of acme's that may be sent again. */
const REPEATED = { principal: acme.principal, key: "k", fingerprint: "f" };
const PAGE = { limit: 10 };

/** Every exported function that takes a tenant; those of `inTransaction` have to be called in one. */
const CALLS: Record<string, Call> = {
  "api-keys.listKeys": ({ db, by }) => apiKeys.listKeys(db, by.tenant),
  "api-keys.createKey": async ({ db, by }) =>
    (await apiKeys.createKey(db, by, { name: "mine", role: "viewer" })).key.principal,
  "api-keys.rotateKey": async ({ db, by, key }) => (await apiKeys.rotateKey(db, by, key.id)).key.principal,
  "api-keys.revokeKey": ({ db, by, key }) => apiKeys.revokeKey(db, by, key.id),
  "api-keys.forgetKeys": ({ trx, by }) => apiKeys.forgetKeys(trx, by, `${MARK}-bob`),
  "answered-requests.beginAnswer": ({ db, by }) =>
    answeredRequests.beginAnswer(db, { ...REPEATED, tenant: by.tenant }, { now: AT, until: LATER }),
  "answered-requests.keepAnswer": ({ db, by }) =>
    answeredRequests.keepAnswer(db, { ...REPEATED, tenant: by.tenant }, { status: 200, headers: {}, body: "other" }),
  "answered-requests.giveUpAnswer": ({ db, by }) =>
    answeredRequests.giveUpAnswer(db, { ...REPEATED, key: "unanswered", tenant: by.tenant }),
  "answered-requests.deleteAnswers": ({ db, by }) => answeredRequests.deleteAnswers(db, by.tenant),
  "pages.pageOfRuns": ({ db, by, done }) => pages.pageOfRuns(db, by.tenant, { ...PAGE, threadId: done.thread }),
  "pages.pageOfPending": ({ db, by }) => pages.pageOfPending(db, by.tenant, PAGE),
  "pages.pageOfCarried": ({ db, by, done }) => pages.pageOfCarried(db, by.tenant, { ...PAGE, runId: done.run }),
  "pages.findCarried": ({ db, by, done }) => pages.findCarried(db, by.tenant, done.proposal.id),
  "audit.pageOfAudit": ({ db, by, done }) => audit.pageOfAudit(db, by.tenant, { ...PAGE, runId: done.run }),
  "audit.listAuditAfter": ({ db, by, done }) => audit.listAuditAfter(db, by.tenant, [done.run], 0),
  "approvals.listApprovals": ({ db, by, waiting }) => approvals.listApprovals(db, by.tenant, waiting.proposal.id),
  "approvals.addApproval": ({ db, by, waiting }) =>
    approvals.addApproval(db, by, waiting.proposal, { actions: [], onBehalfOf: null }),
  "approvals.forgetApprovals": ({ trx, by, waiting }) =>
    approvals.forgetApprovals(trx, by.tenant, waiting.proposal.id, () => "nobody"),
  "audit.pseudonymOf": ({ by }) => audit.pseudonymOf(by.tenant, "somebody"),
  "audit.lockAudit": ({ trx, by }) => audit.lockAudit(trx, by.tenant),
  "audit.writeThrough": ({ db, by }) => audit.writeThrough(db, by.tenant),
  "audit.appendAudit": ({ trx, by, done }) => audit.appendAudit(trx, { ...by, event: "x.y", runId: done.run }),
  "audit.appendAudits": ({ trx, by, done }) => audit.appendAudits(trx, by, [{ event: "x.y", runId: done.run }]),
  "audit.listAudit": ({ db, by, done }) => audit.listAudit(db, by.tenant, done.run),
  "audit.forgetAudit": ({ trx, by, done }) => audit.forgetAudit(trx, by.tenant, done.run),
  "audit.forgetAuditOf": ({ trx, by }) => audit.forgetAuditOf(trx, by.tenant, `${MARK}-bob`),
  "audit-check.readHead": ({ db, by }) => auditCheck.readHead(db, by.tenant),
  "audit-check.readEntries": ({ db, by }) => all(auditCheck.readEntries(db, by.tenant, { from: 1, to: 1000 })),
  "audit-check.checkAudit": ({ db, by }) => auditCheck.checkAudit(db, by.tenant),
  "audit-check.findPruned": ({ db, by }) => auditCheck.findPruned(db, by.tenant, 1000),
  "budgets.findModelBudget": ({ db, by, done }) => budgets.findModelBudget(db, by.tenant, done.run, LATER),
  "budgets.findSpentTime": ({ db, by, done }) => budgets.findSpentTime(db, by.tenant, done.run, LATER),
  "budgets.findDeadline": ({ db, by }) => budgets.findDeadline(db, { tenant: by.tenant, createdAt: AT, idleMs: 0 }),
  "budgets.findSpentReplans": ({ db, by, waiting }) => budgets.findSpentReplans(db, by.tenant, waiting.run),
  "breakers.findHold": ({ db, by }) => breakers.findHold(db, by.tenant, "note", AT),
  "breakers.askBreaker": ({ db, by }) => breakers.askBreaker(db, by, { action: "note", trialMs: 1, byHand: true }),
  "breakers.recordAnswer": ({ db, by }) => breakers.recordAnswer(db, by, { action: "note", trial: LATER }),
  "breakers.recordFailure": ({ db, by }) =>
    breakers.recordFailure(db, by, { action: "note", trial: null, failures: 1, openMs: 1 }),
  "breakers.createBreakerLookUp": ({ db, by }) => breakers.createBreakerLookUp(db).find(by.tenant, "note"),
  "breakers.giveTrialBack": ({ db, by }) => breakers.giveTrialBack(db, by.tenant, { action: "note", trial: LATER }),
  "audit-retention.firstEntryAt": ({ db, by }) => auditRetention.firstEntryAt(db, by.tenant),
  "audit-retention.pruneAudit": ({ db, by }) => auditRetention.pruneAudit(db, by, { before: LATER, keepDays: 1 }),
  "checkpoint-retention.listIdleThreads": ({ db, by }) => checkpointRetention.listIdleThreads(db, by.tenant, LATER),
  "checkpoint-retention.retireCheckpoints": ({ db, by, done }) => {
    const idle = { threadId: done.thread, before: LATER };
    return checkpointRetention.retireCheckpoints(db, by, idle, async () => undefined);
  },
  "audit-check.verifyAudit": ({ db, by }) => auditCheck.verifyAudit(db, by.tenant),
  "audit-export.exportAudit": ({ db, by }) => all(auditExport.exportAudit(db, by.tenant)),
  "decisions.findDecision": ({ db, by, done }) => decisions.findDecision(db, by.tenant, done.proposal.id),
  "decisions.listDecisions": ({ db, by, done }) => decisions.listDecisions(db, by.tenant, done.run),
  "decisions.takeDecision": ({ db, by, waiting }) => decisions.takeDecision(db, by, decision(waiting.proposal)),
  "decisions.takeDecisionIn": ({ trx, by, waiting }) => decisions.takeDecisionIn(trx, by, decision(waiting.proposal)),
  "decisions.replaceProposal": ({ db, by, waiting }) => {
    const edited = { ...decision(waiting.proposal), verdict: "edited" as const };
    return decisions.replaceProposal(db, by, { decision: edited, ...proposal(waiting.proposal, waiting.run) });
  },
  "decisions.replacePlan": ({ db, by, waiting }) => {
    const edited = { ...decision(waiting.proposal), verdict: "edited" as const };
    const [action] = proposal(waiting.proposal, waiting.run).actions;
    if (!action) throw new Error("There is no action.");
    return decisions.replacePlan(db, by, edited, { runId: waiting.run, number: 8, plan: PLAN, action });
  },
  "delegations.listDelegations": ({ db, by }) => delegations.listDelegations(db, by.tenant, by.at),
  "delegations.listDelegators": ({ db, by }) => delegations.listDelegators(db, { ...by, principal: `${MARK}-bob` }),
  "delegations.assertMayAnswer": ({ db, by }) => delegations.assertMayAnswer(db, { ...by, principal: "nobody" }),
  "delegations.setDelegation": ({ db, by }) =>
    delegations.setDelegation(
      db,
      { ...by, principal: acme.principal },
      `${MARK}-bob`,
      new Date(Date.now() + 9e6).toISOString(),
    ),
  "delegations.endDelegation": ({ db, by }) =>
    delegations.endDelegation(db, { ...by, principal: acme.principal }, `${MARK}-bob`),
  "delegations.forgetDelegations": ({ trx, by }) => delegations.forgetDelegations(trx, by.tenant, acme.principal),
  "effects.listEffects": ({ db, by, done }) => effects.listEffects(db, by.tenant, done.run),
  "effects.beginEffect": (called) => effects.beginEffect(called.db, called.by, stolen(called), called.done.effect),
  "effects.settleEffect": (called) =>
    effects.settleEffect(called.db, called.by, stolen(called), { effect: called.done.effect, to: "undoing" }),
  "forget.forget": ({ db, by, done }) => forget.forget(db, by, { thread: done.thread }),
  "gate-facts.loadGateFacts": async ({ db, by, waiting }) => {
    const [facts] = [...(await gateFacts.loadGateFacts(db, by.tenant, waiting.proposal, by.at)).values()];
    return { firstUse: facts?.firstUse, spent: facts?.spentToday, preApproved: facts?.settings.preApprovedActions };
  },
  "gate-facts.gateFactsLoader": async ({ db, by, waiting }) => {
    const load = await gateFacts.gateFactsLoader(db, by.tenant, waiting.proposal, by.at);
    const [facts] = [...load(waiting.proposal).values()];
    return { firstUse: facts?.firstUse, spent: facts?.spentToday, preApproved: facts?.settings.preApprovedActions };
  },
  "gate-facts.canaryOf": ({ by, done }) => gateFacts.canaryOf(by.tenant, done.run),
  "kept-steps.listKeptSteps": ({ db, by, waiting }) => keptSteps.listKeptSteps(db, by.tenant, waiting.run),
  "kept-steps.keepSteps": ({ db, by, waiting }) =>
    keptSteps.keepSteps(db, by, waiting.run, [{ step: "s", call: "c", effectKey: "k2" }]),
  "leases.isLeased": ({ db, by, done }) => leases.isLeased(db, by.tenant, done.run),
  "leases.withLease": ({ db, by, done }) =>
    leases.withLease(db, { tenant: by.tenant, runId: done.run }, async () => "held"),
  "leases.assertLease": (called) => leases.assertLease(called.trx, stolen(called)),
  "liveness.isAlive": ({ db, by, waiting }) => liveness.isAlive(db, by.tenant, waiting.run),
  "liveness.believedUntil": ({ db, by, waiting }) => liveness.believedUntil(db, by.tenant, waiting.run),
  "liveness.createSigns": async ({ db, by, waiting }) => {
    await liveness.createSigns(db).give(by.tenant, waiting.run);
    return await liveness.believedUntil(db, acme.tenant, waiting.run);
  },
  "durations.medianDurations": async ({ db, by }) => [
    ...(await durations.medianDurations(db, by.tenant, ["note", "count_notes"])),
  ],
  "measures.countRuns": ({ db, by, done }) => measures.countRuns(db, by.tenant, { ...ALWAYS, threadId: done.thread }),
  "measures.timeCompletion": ({ db, by }) => measures.timeCompletion(db, by.tenant, ALWAYS),
  "measures.countPlans": ({ db, by, done }) => measures.countPlans(db, by.tenant, { ...ALWAYS, runId: done.run }),
  "measures.countSteps": ({ db, by }) => measures.countSteps(db, by.tenant, ALWAYS),
  "measures.countReplans": ({ db, by }) => measures.countReplans(db, by.tenant, ALWAYS),
  "measures.sumModelCalls": ({ db, by }) => measures.sumModelCalls(db, by.tenant, ALWAYS),
  "measures.timeDecisions": ({ db, by }) => measures.timeDecisions(db, by.tenant, ALWAYS),
  "measures.countDecisions": ({ db, by }) => measures.countDecisions(db, by.tenant, ALWAYS),
  "measures.countRollbacks": ({ db, by }) => measures.countRollbacks(db, by.tenant, ALWAYS),
  "measures.findFirstStart": ({ db, by, done }) => measures.findFirstStart(db, by.tenant, { threadId: done.thread }),
  "members.listMembers": ({ db, by }) => members.listMembers(db, by.tenant),
  "members.findRole": ({ db, by }) => members.findRole(db, by.tenant, `${MARK}-bob`),
  "members.roleOf": ({ db, by }) => members.roleOf(db, { ...by, principal: `${MARK}-bob` }),
  "members.withRoles": async ({ db, by }) =>
    (await members.withRoles(db, by.tenant, [{ principal: `${MARK}-bob`, onBehalfOf: null }])).map(({ role }) => role),
  "members.assertMay": ({ db, by }) => members.assertMay(db, { ...by, principal: "nobody" }, "audit"),
  "members.forgetMember": ({ trx, by }) => members.forgetMember(trx, by.tenant, acme.principal),
  "members.setMember": ({ db, by }) => members.setMember(db, by, acme.principal, "admin"),
  "model-calls.recordModelCalls": ({ db, by, done }) => {
    const counts = { promptTokens: 1, completionTokens: 1, durationMs: 1, outcome: "answer" };
    return modelCalls.recordModelCalls(db, by, done.run, [{ role: "planner", prompt: "p", ...counts }]);
  },
  "model-calls.listModelCalls": ({ db, by, done }) => modelCalls.listModelCalls(db, by.tenant, done.run),
  "postponements.recordNotNow": ({ db, by, waiting }) =>
    postponements.recordNotNow(db, by, waiting.proposal.id, { until: null, note: null }),
  "proposals.listProposals": ({ db, by, done }) => proposals.listProposals(db, by.tenant, done.run),
  "proposals.findTransaction": ({ db, by, done }) => proposals.findTransaction(db, by.tenant, done.run),
  "proposals.findLatestProposal": ({ db, by, done }) => proposals.findLatestProposal(db, by.tenant, done.run),
  "proposals.getProposal": ({ db, by, done }) => proposals.getProposal(db, by.tenant, done.proposal.id),
  "proposals.openProposal": ({ db, by, waiting }) =>
    proposals.openProposal(db, by, proposal(waiting.proposal, waiting.run)),
  "proposals.openProposalIn": ({ trx, by, waiting }) =>
    proposals.openProposalIn(trx, by, proposal(waiting.proposal, waiting.run)),
  "proposals.moveProposal": ({ trx, by, waiting }) => proposals.moveProposal(trx, by, waiting.proposal, "denied"),
  "proposals.recordFindingsIn": ({ trx, by, waiting }) =>
    proposals.recordFindingsIn(trx, by, { proposal: waiting.proposal, findings: [], waits: true }),
  "proposals.recordReview": ({ db, by, waiting }) =>
    proposals.recordReview(db, by, waiting.proposal, { verdict: "deny", reasons: [], saferWay: null, actions: [] }),
  "programs.listPrograms": ({ db, by, waiting }) => programs.listPrograms(db, by.tenant, waiting.run),
  "programs.recordProgram": async ({ db, by, waiting }) =>
    (await programs.recordProgram(db, by, waiting.run, { ...PROGRAM, number: 3 })).number,
  "programs.recordProgramOutcome": async ({ db, by, waiting }) => {
    const program = { ...PROGRAM, startedAt: AT, outcome: null };
    const outcome = { ...OUTCOME, faults: ["mine"], log: [] };
    return (await programs.recordProgramOutcome(db, by, waiting.run, { program, outcome })).number;
  },
  "programs.forgetPrograms": ({ trx, by, waiting }) => programs.forgetPrograms(trx, by.tenant, waiting.run),
  "reads.recordReads": ({ db, by, done }) => {
    const call = { step: "s", action: "count_notes", version: 1, args: {} };
    const key = reads.readKey(done.run, call);
    return reads.recordReads(db, by, done.run, [{ ...call, key, status: "succeeded", output: 1, summary: "s" }]);
  },
  "reads.listReads": ({ db, by, done }) => reads.listReads(db, by.tenant, done.run),
  "reflections.listReflections": ({ db, by, waiting }) => reflections.listReflections(db, by.tenant, waiting.run),
  "reflections.recordReflection": ({ db, by, waiting }) =>
    reflections.recordReflection(db, by, waiting.run, {
      ...{ revision: 1, verdict: "stop", wentWell: "", missing: [], feedback: [] },
      answer: { ...answer, text: "mine", details: [] },
    }),
  "request-rate.tooManyRequests": ({ trx, by }) => requestRate.tooManyRequests(trx, by),
  "revisions.listRevisions": ({ db, by, done }) => revisions.listRevisions(db, by.tenant, done.run),
  "revisions.isLatestAllowed": async ({ db, by, done }) =>
    await revisions.isLatestAllowed(db, by.tenant, done.run, done.plan),
  "revisions.findLatestRevision": ({ db, by, done }) => revisions.findLatestRevision(db, by.tenant, done.run),
  "revisions.recordRevision": async ({ db, by, done }) =>
    (await revisions.recordRevision(db, by, { runId: done.run, number: 9, plan: PLAN })).number,
  "revisions.recordRevisionIn": async ({ trx, by, done }) =>
    (await revisions.recordRevisionIn(trx, by, { runId: done.run, number: 9, plan: PLAN })).number,
  "revisions.decideRevisionIn": ({ trx, by, waiting }) => {
    const decided = { verdict: "approved" as const, reason: null, principal: by.principal };
    return revisions.decideRevisionIn(trx, by, { runId: waiting.run, revision: 1 }, decided);
  },
  "revisions.judgeRevision": ({ db, by, waiting }) =>
    revisions.judgeRevision(db, by, { runId: waiting.run, number: 1, verdict: "deny", findings: [] }),
  "runs.findRun": ({ db, by, done }) => runs.findRun(db, by.tenant, done.run),
  "runs.getRun": ({ db, by, done }) => runs.getRun(db, by.tenant, done.run),
  "runs.findThreadRun": ({ db, by, done }) => runs.findThreadRun(db, by.tenant, done.thread),
  "runs.isRunOver": ({ db, by, waiting }) => runs.isRunOver(db, by.tenant, waiting.run),
  "runs.isForeignThread": ({ db, by, done }) => runs.isForeignThread(db, by.tenant, done.thread),
  "runs.listOpenRuns": ({ db, by, waiting }) => runs.listOpenRuns(db, by.tenant, waiting.thread),
  "runs.listRuns": ({ db, by }) => runs.listRuns(db, by.tenant),
  "runs.listRolledBack": ({ db, by }) => runs.listRolledBack(db, by.tenant),
  "runs.insertRun": async (called) => (await runs.insertRun(called.trx, called.by, asked(called))).created,
  "runs.setRunStatus": ({ trx, by, waiting }) => runs.setRunStatus(trx, by, waiting.run, "running"),
  "runs.cancelRunIn": ({ trx, by, waiting }) =>
    runs.cancelRunIn(trx, by, waiting.run, { reason: null, rollback: true }),
  "runs.setCancellation": ({ db, by, waiting }) =>
    runs.setCancellation(db, by, waiting.run, { by: "me", reason: null, rollback: false, report: null }),
  "runs.setRollback": ({ db, by, done }) =>
    runs.setRollback(db, by, done.run, { by: "me", reason: null, anyway: true }),
  "runs.endRun": async ({ db, by, waiting }) =>
    (await runs.endRun(db, by, waiting.run, { status: "failed", text: "mine", details: [] })).status,
  "runs.endRunIn": async ({ trx, by, waiting }) =>
    (await runs.endRunIn(trx, by, waiting.run, { status: "failed", text: "mine", details: [] })).status,
  "runs.endRunAsRead": async ({ db, by, waiting }) => {
    const said = { answer: { status: "failed" as const, text: "mine", details: [] }, findings: [] };
    const run = await runs.getRun(db, acme.tenant, waiting.run);
    return (await runs.endRunAsRead(db, by, { ...run, tenant: by.tenant }, said))?.status;
  },
  "runs.pauseRun": ({ db, by, waiting }) => runs.pauseRun(db, by, waiting.run, DUE),
  "runs.endPause": ({ db, by }) => runs.endPause(db, by, PAUSED),
  "runs.listDue": ({ db, by }) => runs.listDue(db, by.tenant, LATER),
  "sealed-columns.destroyKey": ({ db, by }) => sealedColumns.destroyKey(db, by.tenant),
  "settings.allowedHostsOf": ({ db, by }) => settings.allowedHostsOf(db, by.tenant)(),
  "settings.getSettings": ({ db, by }) => settings.getSettings(db, by.tenant),
  "settings.renameInSettings": ({ trx, by }) =>
    settings.renameInSettings(trx, by.tenant, { person: acme.principal, to: "nobody" }),
  "settings.changeSettings": ({ db, by }) => settings.changeSettings(db, by, { automation: true }),
  "start-run.startRun": async (called) => (await startRun.startRun(called.db, called.by, asked(called))).kind,
  "start-run.isUnderWay": ({ db, by, done }) => startRun.isUnderWay(db, by.tenant, done.run),
  "expiry.listDeadlines": ({ db, by }) => expiry.listDeadlines(db, by.tenant, { approvalExpiresMs: 1 }, LATER),
  "expiry.expireProposal": ({ db, by, waiting }) => expiry.expireProposal(db, by, waiting.proposal, AT),
  "expiry.remindOf": async ({ db, by, waiting }) => {
    const ids = { proposalId: waiting.proposal.id, runId: waiting.run, threadId: waiting.thread };
    return await expiry.remindOf(db, by, { ...ids, createdAt: AT, expiresAt: LATER }, DEFAULT_SETTINGS);
  },
  "liveness.claimRun": ({ db, by, waiting }) => liveness.claimRun(db, by.tenant, waiting.run),
  "notices.writeNoticeIn": ({ trx, by, waiting }) =>
    notices.writeNoticeIn(trx, by, "approval_expired", { proposal: waiting.proposal, say: (what) => what }),
  "notices.tellOfNeedIn": ({ trx, by, waiting }) => notices.tellOfNeedIn(trx, by, waiting.proposal),
  "notices.tellOfDecisionIn": ({ trx, by, waiting }) =>
    notices.tellOfDecisionIn(trx, by, waiting.proposal, { decider: "system", verdict: "expired" }),
  "outbox.noticeIdOf": ({ by }) => outbox.noticeIdOf(by.tenant, "decided", {}),
  "outbox.putNoticeIn": ({ trx, by, done }) => {
    const about = { about: {}, runId: done.run, proposalId: done.proposal.id, text: "", data: {} };
    return outbox.putNoticeIn(trx, { tenant: by.tenant, at: AT, kind: "decided", ...about });
  },
  "outbox.tellOfEndIn": ({ trx, by, done }) =>
    outbox.tellOfEndIn(trx, by, { runId: done.run, threadId: done.thread, status: "success" }),
  "outbox.tellOfBreakerIn": ({ trx, by }) =>
    outbox.tellOfBreakerIn(trx, by, { action: "note", failures: 1, until: LATER }),
  "deliveries.listDueDeliveries": ({ db, by }) =>
    deliveries.listDueDeliveries(db, by.tenant, "ops", { now: LATER, since: "" }),
  "deliveries.claimDelivery": ({ db, by, notice }) =>
    deliveries.claimDelivery(db, deliveryOf(notice, by.tenant), LATER),
  "deliveries.endDelivery": ({ db, by, notice }) =>
    deliveries.endDelivery(db, deliveryOf(notice, by.tenant), 0, { deliveredAt: AT }),
  "deliveries.listDeliveries": ({ db, by, notice }) => deliveries.listDeliveries(db, by.tenant, [notice.id]),
  "notices.listTold": async ({ db, by, done }) => [
    ...(await notices.listTold(db, by.tenant, "automatic_action", [done.proposal.id])),
  ],
  "notices.listNotices": ({ db, by }) => notices.listNotices(db, by.tenant),
  "notices.listDueNotices": ({ db, by }) => notices.listDueNotices(db, by.tenant, { now: LATER, since: "" }),
  "notices.claimNotice": ({ db, by, notice }) => notices.claimNotice(db, { ...notice, tenant: by.tenant }, LATER),
  "notices.endAttempt": ({ db, by, notice }) =>
    notices.endAttempt(db, { ...notice, tenant: by.tenant }, 0, { deliveredAt: AT }),
  "notices.deleteNotices": ({ db, by }) => notices.deleteNotices(db, by.tenant, LATER),
  "uses.recordUsesIn": ({ trx, by, waiting }) =>
    uses.recordUsesIn(trx, by, waiting.proposal, { steps: ["a"], automatic: true }),
  "uses.setAmountsIn": ({ trx, by, done }) => uses.setAmountsIn(trx, by.tenant, dear(done.proposal)),
  "uses.deleteUsesIn": ({ trx, by, done }) => uses.deleteUsesIn(trx, by.tenant, done.proposal.id),
  "uses.releaseAmountsIn": ({ trx, by, done }) =>
    uses.releaseAmountsIn(trx, by.tenant, { proposalId: done.proposal.id, steps: ["a"] }),
  "uses.findUseTime": ({ db, by, done }) => uses.findUseTime(db, by.tenant, done.proposal.id),
  "uses.countAutomatic": ({ db, by }) => uses.countAutomatic(db, by.tenant, { action: "note", since: "", besides: "" }),
  "uses.sumSpent": ({ db, by, done }) => uses.sumSpent(db, by.tenant, { runId: done.run, besides: "" }),
};

/** These have no tenant: they open the database, calculate, or look after all tenants for whoever runs the system. */
const WITHOUT_TENANT = [
  ...["approvals.combine", "audit-chain.detailDigest", "audit-chain.promisedDetail", "audit-chain.ChainFollower"],
  ...["decisions.toDecision", "effects.toEffect", "proposals.toProposal", "runs.toRun"],
  ...["audit-export.anchorLine", "audit-export.checkExport", "audit-export.parseAnchor", "effects.effectKey"],
  // The tenant is what they say, or calculate with.
  ...["api-keys.findKey", "api-keys.identityOfKey", "members.assertInScope"],
  // For whoever runs the system: names and counts, no data.
  "api-keys.hasKeys",
  ...["metrics.countExecutions", "metrics.countModelCalls", "metrics.countPending", "metrics.countRunsByEnd"],
  ...["metrics.listOpenBreakers", "maintenance-lease.takeMaintenance", "maintenance-lease.endMaintenance"],
  ...["database.createLedger", "database.openLedger", "database.openSqliteLedger", "database.openLedgerIn"],
  ...[
    "database.migrateLedger",
    "liveness.aliveUntil",
    "model-calls.sumUsage",
    "reads.readKey",
    "revisions.isSentBack",
    "runs.listTenants",
  ],
  ...["outbox.isWanted", "outbox.setAudience"],
  ...["audit-chain.prunedBy", "gate-facts.withoutHolds", "tenants.listAllTenants"],
  ...["database.writeBehind", "kept-query.keptInsert", "kept-query.keptQuery"],
  ...["sealed-columns.LedgerKey", "sealed-columns.assertKey", "tombstones.forgottenAction"],
  ...["tombstones.forgottenAnswer", "tombstones.forgottenCancellation", "tombstones.forgottenDecision"],
  ...["tombstones.forgottenFinding", "tombstones.forgottenPlan"],
  // They encrypt what they are given, with the key of a tenant; test/ledger/sealed-columns.test.ts.
  ...["sealed-columns.sealed", "sealed-columns.sealedAll", "sealed-columns.opened", "sealed-columns.openedOne"],
];

/** Those that get a transaction, by what they use. */
const inTransaction = (call: Call): boolean => /\btrx\b/.test(String(call));

async function call(made: Call, home: string, by: Stamp): Promise<unknown> {
  const db = await openSqliteLedger(join(home, "ledger.db"));
  outbox.setAudience(db, EVERYBODY);
  try {
    if (!inTransaction(made)) return await made({ ...known, db, trx: undefined as never, by });
    return await db.transaction().execute(async (trx) => await made({ ...known, db, trx, by }));
  } catch (error) {
    if (error instanceof HoldpointError) return `refused: ${error.code}`;
    throw error;
  } finally {
    await db.destroy();
  }
}

const copied = (): string => {
  const home = tempDir();
  cpSync(known.home, home, { recursive: true });
  return home;
};
const dumpOfAcme = (home: string) => dumpOf(home, { files: ["ledger.db"], keep: ({ tenant }) => tenant === "acme" });

describe("the ledger", () => {
  it("has no function that is not tried", async () => {
    const exported: string[] = [];
    for (const file of readdirSync("src/ledger")) {
      const module: Record<string, unknown> = await import(`../../src/ledger/${file}`);
      const functions = Object.keys(module).filter((name) => typeof module[name] === "function");
      exported.push(...functions.map((name) => `${file.replace(".ts", "")}.${name}`));
    }
    expect(exported.length).toBeGreaterThan(80);
    expect(exported.toSorted()).toEqual([...Object.keys(CALLS), ...WITHOUT_TENANT].toSorted());
  });

  it.each(Object.keys(CALLS))("%s gives nothing of another tenant, and changes nothing", async (name) => {
    const made = CALLS[name] as Call;
    const home = copied();
    const before = dumpOfAcme(home);
    const result = await call(made, home, { tenant: "evil", principal: "mallory", at: AT });
    expect(JSON.stringify(result) ?? "").not.toContain(MARK);
    expect(dumpOfAcme(home)).toEqual(before);
  });

  it("is what the calls reach: as the tenant itself they find or change something", async () => {
    const same: string[] = [];
    for (const [name, made] of Object.entries(CALLS)) {
      const [own, foreign] = [copied(), copied()];
      const before = dumpOfAcme(own);
      const found = JSON.stringify(await call(made, own, acme));
      const changed = JSON.stringify(dumpOfAcme(own)) !== JSON.stringify(before);
      const evil = JSON.stringify(await call(made, foreign, { ...acme, tenant: "evil" }));
      if (found === evil && !changed) same.push(name);
    }
    // Nothing was pruned, somebody is at the run that is claimed, no lease, no rollback, no request too many, no plan before a person and no key is there, and nothing happened by itself.
    expect(same.toSorted()).toEqual([
      ...["audit-check.findPruned", "audit.lockAudit", "audit.writeThrough", "leases.isLeased", "liveness.claimRun"],
      ...["request-rate.tooManyRequests", "revisions.decideRevisionIn", "runs.listRolledBack"],
      ...["sealed-columns.destroyKey", "uses.countAutomatic"],
    ]);
  });
});

/** A dump of all that is acme's, and of what its actions wrote. */
const everything = (home: string) => ({
  ledger: dumpOfAcme(home),
  store: dumpOf(home, { files: ["store.db"] }),
  notes: createNotebook(home).lines(),
});

type Typed = (place: Known & { file(text: string): string }) => string[];
/** Every command, with acme's ids where it takes some. The command line is another tenant's. */
const COMMANDS: Record<string, Typed> = {
  run: ({ waiting }) => ["Return 1 Classic", "--thread", waiting.thread],
  resume: ({ waiting }) => ["resume", waiting.thread],
  "resume --approve": ({ waiting }) => ["resume", waiting.thread, "--approve", "--proposal", waiting.proposal.id],
  "resume --reject": ({ waiting }) => ["resume", waiting.thread, "--reject", "no"],
  "resume --not-now": ({ waiting }) => ["resume", waiting.thread, "--not-now"],
  "resume --decisions": ({ waiting, file }) => {
    const answers = { proposalId: waiting.proposal.id, decisions: [{ type: "approve", step: "a" }] };
    return ["resume", waiting.thread, "--decisions", file(JSON.stringify(answers))];
  },
  show: ({ done }) => ["show", done.thread],
  list: () => ["list"],
  cancel: ({ waiting }) => ["cancel", waiting.thread, "--rollback"],
  rollback: ({ done }) => ["rollback", done.thread, "--anyway"],
  recover: () => ["recover"],
  explain: ({ done }) => ["explain", done.thread],
  "explain, a proposal": ({ done }) => ["explain", done.proposal.id],
  members: () => ["members"],
  "members, a change": () => ["members", "mallory", "admin"],
  delegate: () => ["delegate"],
  "delegate --end": () => ["delegate", "--end", `${MARK}-bob`, "--as", acme.principal],
  settings: () => ["settings"],
  "settings, a change": () => ["settings", "automation=true"],
  "policy test": ({ file }) => ["policy", "test", file("cases: []")],
  playbooks: () => ["playbooks"],
  "playbooks check": ({ file }) => ["playbooks", "check", file("playbooks: []")],
  "playbooks match": () => ["playbooks", "match", "Return 1 Classic"],
  actions: () => ["actions"],
  "actions show": () => ["actions", "show", "sell"],
  "actions test": () => ["actions", "test", "sell"],
  "audit verify": () => ["audit", "verify"],
  "audit export": () => ["audit", "export"],
  "audit anchor": ({ file }) => ["audit", "anchor", "--to", file("")],
  keys: () => ["keys"],
  "keys create": () => ["keys", "create", "mine", "--role", "admin"],
  "keys rotate": ({ key }) => ["keys", "rotate", key.id],
  "keys revoke": ({ key }) => ["keys", "revoke", key.id],
  notices: () => ["notices"],
  stats: () => ["stats", "--by", "week"],
  "stats, of a thread": ({ done }) => ["stats", "--thread", done.thread],
  forget: ({ done }) => ["forget", done.thread, "--yes"],
  "forget --person": () => ["forget", "--person", acme.principal, "--yes"],
  "forget --all": () => ["forget", "--all", "--yes"],
};

describe("the command line", () => {
  it("has no command that is not tried, but those that are of no tenant, or of every one", async () => {
    const { stdout } = await holdpoint(tempDir(), "--help");
    const [list = ""] = (stdout.split("Commands:\n")[1] ?? "").split("\n\n");
    const commands = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? "");
    const tried = Object.keys(COMMANDS).map((name) => name.split(/[ ,]/)[0]);
    expect(commands.filter((name) => !tried.includes(name))).toEqual([
      "reseed",
      "maintain",
      "serve",
      "metrics",
      "help",
    ]);
  });

  it.each(Object.keys(COMMANDS))("%s gives nothing of another tenant, and changes nothing", async (name) => {
    const home = copied();
    const file = (text: string) => {
      writeFileSync(join(home, "file"), text);
      return join(home, "file");
    };
    const words = COMMANDS[name]?.({ ...known, file }) ?? [];
    const before = everything(home);
    const { stdout, stderr, status } = await holdpoint(home, ...words);
    const own = words.filter((word) => word.startsWith(MARK));
    const said = own.reduce((text, word) => text.replaceAll(word, ""), `${stdout}${stderr}`);
    expect(said).not.toContain(MARK);
    expect(status, said).not.toBe(1);
    expect(everything(home)).toEqual(before);
  });
});

describe("a program", () => {
  const mallory = { tenant: "evil", principal: "mallory" };
  const on = (thread: string) => ({ configurable: { thread_id: thread }, context: mallory });
  type Program = Awaited<ReturnType<typeof createHoldpoint>>;
  const yes = ({ waiting }: Known) =>
    new Command({
      resume: { [waiting.interrupt]: { proposalId: waiting.proposal.id, decisions: [{ type: "approve" }] } },
    });
  const CALLED: Record<string, (program: Program, known: Known) => Promise<unknown>> = {
    "invoke, a request": (program, { waiting }) => program.invoke({ request: "mine" }, on(waiting.thread)),
    "invoke, an answer": (program, place) => program.invoke(yes(place), on(place.waiting.thread)),
    "invoke, to go on": (program, { waiting }) => program.invoke(null, on(waiting.thread)),
    stream: async (program, place) => await all(await program.stream(yes(place) as never, on(place.waiting.thread))),
    "graph.invoke, an answer": (program, place) => program.graph.invoke(yes(place) as never, on(place.waiting.thread)),
    cancel: (program, { waiting }) => program.cancel({ threadId: waiting.thread, rollback: true }, mallory),
    rollback: (program, { done }) => program.rollback({ threadId: done.thread, anyway: true }, mallory),
    recover: (program) => program.recover(mallory),
    stats: (program) => program.stats({ by: "day" }, mallory),
    "stats, of a thread": (program, { done }) => program.stats({ threadId: done.thread }, mallory),
  };

  it("has no operation that is not tried", async () => {
    const program = await createHoldpoint({ home: tempDir(), exampleStore: true });
    onTestFinished(() => program.close());
    const tried = Object.keys(CALLED).map((name) => name.split(/[.,]/)[0]);
    const untried = Object.keys(program).filter((name) => !tried.includes(name));
    // These are of every tenant, for whoever runs the system.
    expect(untried.toSorted()).toEqual(["close", "maintain", "recovered"]);
  });

  it.each(Object.keys(CALLED))("%s gives nothing of another tenant, and changes nothing", async (name) => {
    const home = copied();
    const notebook = createNotebook(home);
    const playbook = () => ({ steps: [{ id: "e", title: "Evil", action: "note", args: { text: "evil" } }] });
    const program = await createHoldpoint({
      home,
      actions: notebook.actions,
      playbooks: playbook,
      recoverOnStart: false,
    });
    onTestFinished(() => program.close());
    const before = everything(home);
    const result = await CALLED[name]?.(program, known).catch((error: unknown) => String(error));
    expect(JSON.stringify(result) ?? "").not.toContain(MARK);
    expect(everything(home)).toEqual(before);
  });
});
