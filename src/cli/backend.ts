/**
 * What commands ask for, whoever does it: the runtime of this process, or a server. What is answered has the same form,
 * and what goes wrong is thrown with the same codes.
 */
import type { ProposalAnswer } from "../domain/answer-formats.ts";
import type { ProgressEvent } from "../domain/progress.ts";
import type { Proposal } from "../domain/proposal.ts";
import type { Role } from "../domain/role.ts";
import type { Identity, RollbackReport, Run, RunStatus } from "../domain/run.ts";
import type { ApiKey, KeyInput } from "../ledger/api-keys.ts";
import type { Anchor, ChainCheck } from "../ledger/audit-chain.ts";
import type { Delegation } from "../ledger/delegations.ts";
import type { ForgetSubject, Forgotten } from "../ledger/forget.ts";
import type { Member } from "../ledger/members.ts";
import type { VersionedSettings } from "../ledger/settings.ts";
import type { Question } from "../nodes/question.ts";
import type { PlaybookResult } from "../planning/playbooks/match.ts";
import type { CaseResult } from "../policy/cases.ts";
import type { TenantSettings } from "../policy/settings.ts";
import type { StoreRuntime } from "../runtime.ts";
import type { Waiting, WaitingTool } from "../tools/mcp/index.ts";
import type { DescribedAction } from "../work/actions.ts";
import type { CancelInput } from "../work/cancel.ts";
import type { Explained, RunDetails } from "../work/look.ts";
import type { MaintenanceReport } from "../work/maintain.ts";
import type { ToldNotice } from "../work/notices.ts";
import type { ListedPlaybook } from "../work/playbooks.ts";
import type { CasesFile } from "../work/policy-test.ts";
import type { Recovered } from "../work/recover.ts";
import type { ShownThread } from "../work/shown.ts";
import type { Stats, StatsQuery } from "../work/stats.ts";

export interface RunsBackend {
  start(input: { readonly request: string; readonly threadId?: string }): Promise<ShownThread>;
  /** Lets a thread go on that a crash left or that is paused; one that waits is only looked at. */
  goOn(threadId: string): Promise<ShownThread>;
  view(threadId: string): Promise<ShownThread>;
  /** @throws HoldpointError `denied` to whoever may answer nothing */
  assertMayAnswer(): Promise<void>;
  answer(threadId: string, decide: (question: Question) => ProposalAnswer): Promise<ShownThread>;
  postpone(
    threadId: string,
    about: { readonly proposalId?: string; readonly note: string | null },
  ): Promise<ShownThread>;
  cancel(input: CancelInput): Promise<ShownThread>;
  rollBack(input: {
    readonly threadId: string;
    readonly reason: string | null;
    readonly anyway: boolean;
  }): Promise<RollbackReport>;
  show(threadId: string): Promise<{ view: ShownThread; details: RunDetails }>;
  /** What was proposed in the newest run of a thread, oldest first. */
  proposals(threadId: string): Promise<readonly Proposal[]>;
  list(options: { readonly status?: RunStatus }): Promise<readonly Run[]>;
  recover(): Promise<readonly Recovered[]>;
  /** Before anything new: what a crash left goes on. A server does so by itself. */
  recoverFirst(): Promise<readonly Recovered[]>;
  explain(id: string): Promise<Explained>;
}

export interface TenantBackend {
  whoAmI(): Promise<Pick<Identity, "tenant" | "principal">>;
  settings(): Promise<VersionedSettings>;
  /** @param named the settings in which names of actions are looked at */
  changeSettings(
    change: (now: TenantSettings) => Record<string, unknown>,
    named: readonly string[],
  ): Promise<VersionedSettings>;
  members(): Promise<readonly Member[]>;
  /** @returns who may do what after it, also to whoever took their own role */
  setMember(person: string, role: Role | null): Promise<readonly Member[]>;
  delegations(): Promise<readonly Delegation[]>;
  delegate(person: string, until: string): Promise<void>;
  endDelegation(person: string): Promise<void>;
  keys(): Promise<readonly ApiKey[]>;
  createKey(input: KeyInput): Promise<{ key: ApiKey; secret: string }>;
  rotateKey(id: string, options: { readonly now: boolean }): Promise<{ key: ApiKey; secret: string }>;
  revokeKey(id: string): Promise<ApiKey>;
  stats(query: StatsQuery): Promise<Stats>;
  notices(): Promise<readonly ToldNotice[]>;
  checkAudit(anchors: readonly Anchor[]): Promise<ChainCheck>;
  exportAudit(range: { from?: number | undefined; to?: number | undefined }): AsyncIterable<string>;
  takeAnchor(): Promise<Anchor>;
  forget(subject: ForgetSubject): Promise<Forgotten>;
}

export interface SystemBackend {
  actions(): Promise<readonly DescribedAction[]>;
  action(name: string): Promise<DescribedAction>;
  /** Null where no MCP servers are configured. */
  waitingTools(): Promise<Waiting | null>;
  acceptTools(name: string | undefined): Promise<{
    accepted: readonly WaitingTool[];
    unreachable: Waiting["unreachable"];
  }>;
  playbooks(): Promise<readonly ListedPlaybook[]>;
  matchRequest(request: string): Promise<PlaybookResult>;
  whatCanBeAsked(): Promise<readonly string[]>;
  testPolicy(file: CasesFile): Promise<readonly CaseResult[]>;
  maintainOnce(): Promise<MaintenanceReport>;
  metrics(): Promise<string>;
  /** @returns what is in the example store then */
  reseed(): Promise<ReturnType<StoreRuntime["store"]["snapshot"]>>;
}

export interface Backend extends RunsBackend, TenantBackend, SystemBackend {
  /** The time now, ISO 8601 UTC. */
  now(): string;
}

/** Is told of progress while a run is under way. */
export type OnProgress = (event: ProgressEvent) => void;
