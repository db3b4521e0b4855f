/**
 * The ledger's rows, as Kysely sees them (camelCase here, snake_case in the tables). They never leave this folder.
 * Values read back the same on SQLite and Postgres: times are ISO 8601 text, JSON is canonical text, no booleans.
 */
import type { Generated } from "kysely";

export interface RunsTable {
  tenant: string;
  id: string;
  threadId: string;
  requester: string;
  request: string;
  status: string;
  answer: string | null;
  createdAt: string;
  updatedAt: string;
  leaseOwner: string | null;
  /** Fencing token: grows with every lease taken. */
  leaseToken: Generated<number>;
  leaseUntil: string | null;
  /** A process was seen at it: it is not left by a crash before this time. */
  aliveUntil: string | null;
  cancellation: string | null;
  /** Why it is paused, and until when, if that is known. */
  pause: string | null;
  pausedUntil: string | null;
  /** A rollback that was asked for and has not ended. */
  rollback: string | null;
  /** When its personal data was taken out, if it was. */
  forgottenAt: string | null;
  /** When retention deleted the checkpoints that its thread had by then, if it did. */
  checkpointsDeletedAt: string | null;
  /** Why it was refused at once, as one of too many; it does not count as a request then. */
  refusal: string | null;
  /** How it ended, which `answer` says too, but that may be encrypted. Null before, and where nobody recorded it. */
  answerStatus: string | null;
  /** How long it has waited for people or been paused; a wait that has not ended began at `idleSince`. Both in milliseconds. */
  idleMs: Generated<number>;
  idleSince: number | null;
}

export interface PlanRevisionsTable {
  tenant: string;
  runId: string;
  number: number;
  digest: string;
  plan: string;
  verdict: string | null;
  findings: string | null;
  createdAt: string;
}

interface TenantSettingsTable {
  tenant: string;
  version: number;
  settings: string;
  principal: string;
  createdAt: string;
}

interface MembersTable {
  tenant: string;
  principal: string;
  role: string;
  createdAt: string;
}

interface ActionUsesTable {
  tenant: string;
  proposalId: string;
  step: string;
  runId: string;
  action: string;
  /** 1 when nobody was asked. */
  automatic: number;
  amount: number;
  at: string;
}

interface ApprovalsTable {
  tenant: string;
  proposalId: string;
  principal: string;
  onBehalfOf: string | null;
  /** What whoever authenticated the person said; null where the members count. */
  role: string | null;
  actions: string;
  at: string;
}

interface DelegationsTable {
  tenant: string;
  /** Whose right it is. */
  delegator: string;
  delegate: string;
  until: string;
  createdAt: string;
}

export interface ReflectionsTable {
  tenant: string;
  runId: string;
  /** The revision that was looked at. */
  revision: number;
  verdict: string;
  wentWell: string | null;
  missing: string | null;
  feedback: string;
  answer: string;
  createdAt: string;
}

export interface ProgramsTable {
  tenant: string;
  runId: string;
  number: number;
  /** Of the plan that it is to become. */
  revision: number;
  goal: string;
  why: string;
  code: string;
  /** What came of trying it, as JSON; null until then. */
  outcome: string | null;
  startedAt: string;
}

interface KeptStepsTable {
  tenant: string;
  runId: string;
  step: string;
  call: string;
  effectKey: string;
  createdAt: string;
}

export interface ReadsTable {
  tenant: string;
  runId: string;
  key: string;
  step: string;
  action: string;
  version: number;
  args: string;
  status: string;
  output: string;
  summary: string;
  finishedAt: string;
  /** How long it took, in milliseconds, its repeats and the pauses between them included; null where nobody measured it. */
  durationMs: number | null;
}

export interface ProposalsTable {
  tenant: string;
  id: string;
  runId: string;
  number: number;
  /** The plan revision that it was made for; 0 in rows that are older than this column. */
  revision: Generated<number>;
  kind: string;
  status: string;
  digest: string;
  actions: string;
  impact: string;
  findings: string;
  review: string | null;
  failure: string | null;
  /** Of a proposal that waits: until when it can be decided. */
  expiresAt: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface DecisionsTable {
  tenant: string;
  proposalId: string;
  digest: string;
  decider: string;
  principal: string;
  verdict: string;
  actions: string;
  reason: string | null;
  onBehalfOf: string | null;
  settingsVersion: number | null;
  role: string | null;
  decidedAt: string;
}

export interface EffectsTable {
  tenant: string;
  key: string;
  runId: string;
  proposalId: string;
  position: number;
  step: string;
  action: string;
  version: number;
  args: string;
  status: string;
  attempts: number;
  undoData: string;
  output: string;
  changes: string;
  note: string | null;
  createdAt: string;
  updatedAt: string;
  /** How long its last call took, in milliseconds; null where nobody measured it. */
  durationMs: number | null;
}

export interface AuditLogTable {
  tenant: string;
  seq: number;
  at: string;
  principal: string;
  event: string;
  runId: string | null;
  /** Holds the digest of `detail`; in rows that are older than that column, the data itself. */
  data: string;
  /** The masked data; null once it was forgotten. The hash does not cover it, so that the chain stays whole. */
  detail: string | null;
  /** Keeps what was forgotten from being guessed by its digest. */
  salt: string | null;
  prevHash: string;
  hash: string;
}

interface AuditHeadsTable {
  tenant: string;
  seq: number;
  hash: string;
}

interface TenantKeysTable {
  tenant: string;
  /** The tenant's data key, encrypted with the key of the environment. */
  wrapped: string;
  createdAt: string;
}

export interface NoticesTable {
  tenant: string;
  id: string;
  kind: string;
  /** Null where it is about no run. */
  runId: string | null;
  proposalId: string | null;
  text: string;
  /** JSON: what programs read of it; nothing personal. Of notices from before there was any: `{}`. */
  data: string;
  createdAt: string;
  deliveredAt: string | null;
  attempts: number;
  /** While somebody delivers it: when that counts as failed. */
  nextAttemptAt: string;
}

/** A notice on its way to one endpoint. */
export interface DeliveriesTable {
  tenant: string;
  noticeId: string;
  /** Its name in the file that HOLDPOINT_EVENTS names. */
  endpoint: string;
  createdAt: string;
  deliveredAt: string | null;
  attempts: number;
  /** While somebody delivers it: when that counts as failed. */
  nextAttemptAt: string;
}

export interface BreakersTable {
  tenant: string;
  action: string;
  /** In a row, the last of all its calls. */
  failures: number;
  /** Null while it is closed. */
  openUntil: string | null;
  /** While a call tries whether it can be closed: after this, that call is over, whatever became of it. */
  trialUntil: string | null;
}

export interface ApiKeysTable {
  tenant: string;
  id: string;
  name: string;
  principal: string;
  role: string;
  /** A JSON list of operations; null for all of the role. */
  scopes: string | null;
  /** SHA-256 of the secret, in hexadecimal digits. */
  hash: string;
  /** The one before, while it is still taken. */
  previousHash: string | null;
  previousUntil: string | null;
  createdAt: string;
  expiresAt: string | null;
  /** Written rarely: it may lag behind. */
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export interface ModelCallsTable {
  tenant: string;
  id: string;
  runId: string;
  at: string;
  role: string;
  prompt: string;
  promptTokens: number;
  completionTokens: number;
  durationMs: number;
  outcome: string;
}

interface AnsweredRequestsTable {
  tenant: string;
  principal: string;
  key: string;
  fingerprint: string;
  createdAt: string;
  /** While somebody answers it: when they are taken for dead. */
  until: string;
  /** As JSON; null while it is being answered. */
  answer: string | null;
}

/** What one process does for all. */
interface ProcessLeasesTable {
  name: string;
  owner: string;
  until: string;
}

export interface LedgerSchema {
  processLeases: ProcessLeasesTable;
  runs: RunsTable;
  planRevisions: PlanRevisionsTable;
  tenantSettings: TenantSettingsTable;
  members: MembersTable;
  actionUses: ActionUsesTable;
  approvals: ApprovalsTable;
  delegations: DelegationsTable;
  reflections: ReflectionsTable;
  programs: ProgramsTable;
  keptSteps: KeptStepsTable;
  reads: ReadsTable;
  proposals: ProposalsTable;
  decisions: DecisionsTable;
  effects: EffectsTable;
  modelCalls: ModelCallsTable;
  auditLog: AuditLogTable;
  auditHeads: AuditHeadsTable;
  tenantKeys: TenantKeysTable;
  notices: NoticesTable;
  deliveries: DeliveriesTable;
  breakers: BreakersTable;
  answeredRequests: AnsweredRequestsTable;
  apiKeys: ApiKeysTable;
}
