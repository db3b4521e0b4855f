/** What people look at: threads with all that is recorded of them, and who may do what in the tenant. */
import type { Measures } from "../domain/measures.ts";
import type { Program } from "../domain/program.ts";
import type { Decision, Finding, Proposal } from "../domain/proposal.ts";
import type { Identity, Run, RunStatus } from "../domain/run.ts";
import { type ApiKey, listKeys } from "../ledger/api-keys.ts";
import { type AuditEntry, listAudit } from "../ledger/audit.ts";
import { findDecision, listDecisions } from "../ledger/decisions.ts";
import { type Delegation, listDelegations } from "../ledger/delegations.ts";
import { assertMay, listMembers, type Member } from "../ledger/members.ts";
import { listModelCalls, type ModelCallRecord } from "../ledger/model-calls.ts";
import { listPrograms } from "../ledger/programs.ts";
import { findLatestProposal, getProposal, listProposals } from "../ledger/proposals.ts";
import { listReads, type ReadOutcome } from "../ledger/reads.ts";
import { listReflections, type Reflection } from "../ledger/reflections.ts";
import { listRevisions, type Revision } from "../ledger/revisions.ts";
import { listRuns } from "../ledger/runs.ts";
import { getSettings, type VersionedSettings } from "../ledger/settings.ts";
import type { Runtime } from "../runtime.ts";
import { measureRun } from "./measures.ts";
import { loadProgress, type RunProgress } from "./progress.ts";
import { getThreadRun, type ThreadView, viewThread } from "./threads.ts";

/** What the ledger holds of a run. */
export interface RunDetails {
  revisions: Revision[];
  /** What was made of the outcomes of plans, oldest first. */
  reflections: Reflection[];
  /** What was written as plans, oldest first, with what came of it. */
  programs: Program[];
  reads: ReadOutcome[];
  proposals: Proposal[];
  decisions: Decision[];
  modelCalls: ModelCallRecord[];
  progress: RunProgress;
  measures: Measures;
  audit: AuditEntry[];
  /** Earlier runs of the same thread, newest first. */
  earlier: Run[];
}

/** Everything that is recorded of a thread's newest run. @throws HoldpointError `denied`, `unknown_thread` */
export async function showThread(
  runtime: Runtime,
  identity: Identity,
  threadId: string,
): Promise<{ view: ThreadView; details: RunDetails }> {
  const view = await viewThread(runtime, identity, threadId);
  const { ledger } = runtime;
  const { tenant } = identity;
  const { id } = view.run;
  const details: RunDetails = {
    revisions: await listRevisions(ledger, tenant, id),
    reflections: await listReflections(ledger, tenant, id),
    programs: await listPrograms(ledger, tenant, id),
    reads: await listReads(ledger, tenant, id),
    proposals: await listProposals(ledger, tenant, id),
    decisions: await listDecisions(ledger, tenant, id),
    modelCalls: await listModelCalls(ledger, tenant, id),
    progress: await loadProgress(runtime, view.run),
    measures: await measureRun(ledger, tenant, id),
    audit: await listAudit(ledger, tenant, id),
    earlier: (await listRuns(ledger, tenant, { threadId })).filter((other) => other.id !== id),
  };
  return { view, details };
}

/** A tenant's newest runs. @throws HoldpointError `denied` */
export async function listThreads(
  { ledger }: Runtime,
  identity: Identity,
  options: { status?: RunStatus } = {},
): Promise<Run[]> {
  await assertMay(ledger, identity, "list");
  return await listRuns(ledger, identity.tenant, options);
}

/** A proposal with what was decided of it, or a run that came to none, with what was found of its last plan. */
export type Explained =
  | { readonly proposal: Proposal; readonly decision: Decision | null }
  | { readonly proposal: null; readonly run: Run; readonly findings: readonly Finding[] };

/**
 * A proposal, or the newest one of a thread, with what was decided of it; of a thread without one its newest run.
 * @throws HoldpointError `denied`, `unknown_thread`
 */
export async function explainProposal(runtime: Runtime, identity: Identity, id: string): Promise<Explained> {
  const { ledger } = runtime;
  const { tenant } = identity;
  await assertMay(ledger, identity, "explain");
  const decided = async (proposal: Proposal) => {
    return { proposal, decision: (await findDecision(ledger, tenant, proposal.id)) ?? null };
  };
  if (id.startsWith("prop_")) return await decided(await getProposal(ledger, tenant, id));
  const run = await getThreadRun(runtime, identity, id);
  const proposal = await findLatestProposal(ledger, tenant, run.id);
  if (proposal) return await decided(proposal);
  const plan = (await listRevisions(ledger, tenant, run.id)).at(-1);
  return { proposal: null, run, findings: plan?.findings ?? [] };
}

/** The settings that hold now. @throws HoldpointError `denied` */
export async function viewSettings({ ledger }: Runtime, identity: Identity): Promise<VersionedSettings> {
  await assertMay(ledger, identity, "viewSettings");
  return await getSettings(ledger, identity.tenant);
}

/** Who may do what. @throws HoldpointError `denied` */
export async function viewMembers({ ledger }: Runtime, identity: Identity): Promise<Member[]> {
  await assertMay(ledger, identity, "viewMembers");
  return await listMembers(ledger, identity.tenant);
}

/** The keys there are, without their secrets. @throws HoldpointError `denied` */
export async function viewKeys({ ledger }: Runtime, identity: Identity): Promise<ApiKey[]> {
  await assertMay(ledger, identity, "viewKeys");
  return await listKeys(ledger, identity.tenant);
}

/** Who may approve for whom. @throws HoldpointError `denied` */
export async function viewDelegations({ ledger, now }: Runtime, identity: Identity): Promise<Delegation[]> {
  await assertMay(ledger, identity, "viewDelegations");
  return await listDelegations(ledger, identity.tenant, now());
}
