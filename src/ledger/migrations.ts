/** The one migration history, for SQLite and Postgres. A migration that has shipped is never edited. */
import { type Kysely, sql } from "kysely";
import type { Migration, MigrationProvider } from "kysely/migration";
import { measures } from "./migration-measures.ts";

const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("runs")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("id", "text", (c) => c.notNull())
      .addColumn("thread_id", "text", (c) => c.notNull())
      .addColumn("requester", "text", (c) => c.notNull())
      .addColumn("request", "text", (c) => c.notNull())
      .addColumn("status", "text", (c) => c.notNull())
      .addColumn("answer", "text")
      .addColumn("created_at", "text", (c) => c.notNull())
      .addColumn("updated_at", "text", (c) => c.notNull())
      .addColumn("lease_owner", "text")
      .addColumn("lease_token", "integer", (c) => c.notNull().defaultTo(0))
      .addColumn("lease_until", "text")
      .addPrimaryKeyConstraint("runs_pk", ["tenant", "id"])
      .execute();
    await db.schema.createIndex("runs_by_thread").on("runs").columns(["thread_id", "tenant", "created_at"]).execute();
    await createPlanTables(db);
    await createConsentTables(db);
    await createEffectsTable(db);
    await createAuditTables(db);
  },
};

async function createPlanTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("plan_revisions")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("run_id", "text", (c) => c.notNull())
    .addColumn("number", "integer", (c) => c.notNull())
    .addColumn("digest", "text", (c) => c.notNull())
    .addColumn("plan", "text", (c) => c.notNull())
    .addColumn("verdict", "text")
    .addColumn("findings", "text")
    .addColumn("created_at", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("plan_revisions_pk", ["tenant", "run_id", "number"])
    .execute();
  await db.schema
    .createTable("reads")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("run_id", "text", (c) => c.notNull())
    .addColumn("key", "text", (c) => c.notNull())
    .addColumn("step", "text", (c) => c.notNull())
    .addColumn("action", "text", (c) => c.notNull())
    .addColumn("version", "integer", (c) => c.notNull())
    .addColumn("args", "text", (c) => c.notNull())
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("output", "text", (c) => c.notNull())
    .addColumn("summary", "text", (c) => c.notNull())
    .addColumn("finished_at", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("reads_pk", ["tenant", "run_id", "key"])
    .execute();
}

async function createConsentTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("proposals")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("id", "text", (c) => c.notNull())
    .addColumn("run_id", "text", (c) => c.notNull())
    .addColumn("number", "integer", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("digest", "text", (c) => c.notNull())
    .addColumn("actions", "text", (c) => c.notNull())
    .addColumn("impact", "text", (c) => c.notNull())
    .addColumn("findings", "text", (c) => c.notNull())
    .addColumn("review", "text")
    .addColumn("failure", "text")
    .addColumn("created_at", "text", (c) => c.notNull())
    .addColumn("updated_at", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("proposals_pk", ["tenant", "id"])
    .addUniqueConstraint("proposals_number", ["tenant", "run_id", "number"])
    .execute();
  await db.schema
    .createTable("decisions")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("proposal_id", "text", (c) => c.notNull())
    .addColumn("digest", "text", (c) => c.notNull())
    .addColumn("decider", "text", (c) => c.notNull())
    .addColumn("principal", "text", (c) => c.notNull())
    .addColumn("verdict", "text", (c) => c.notNull())
    .addColumn("actions", "text", (c) => c.notNull())
    .addColumn("reason", "text")
    .addColumn("decided_at", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("decisions_pk", ["tenant", "proposal_id"])
    .execute();
}

async function createEffectsTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("effects")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("key", "text", (c) => c.notNull())
    .addColumn("run_id", "text", (c) => c.notNull())
    .addColumn("proposal_id", "text", (c) => c.notNull())
    .addColumn("position", "integer", (c) => c.notNull())
    .addColumn("step", "text", (c) => c.notNull())
    .addColumn("action", "text", (c) => c.notNull())
    .addColumn("version", "integer", (c) => c.notNull())
    .addColumn("args", "text", (c) => c.notNull())
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("attempts", "integer", (c) => c.notNull())
    .addColumn("undo_data", "text", (c) => c.notNull())
    .addColumn("output", "text", (c) => c.notNull())
    .addColumn("changes", "text", (c) => c.notNull())
    .addColumn("note", "text")
    .addColumn("created_at", "text", (c) => c.notNull())
    .addColumn("updated_at", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("effects_pk", ["tenant", "key"])
    .execute();
  await db.schema.createIndex("effects_by_run").on("effects").columns(["tenant", "run_id"]).execute();
}

async function createAuditTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("audit_log")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("seq", "integer", (c) => c.notNull())
    .addColumn("at", "text", (c) => c.notNull())
    .addColumn("principal", "text", (c) => c.notNull())
    .addColumn("event", "text", (c) => c.notNull())
    .addColumn("run_id", "text")
    .addColumn("data", "text", (c) => c.notNull())
    .addColumn("prev_hash", "text", (c) => c.notNull())
    .addColumn("hash", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("audit_log_pk", ["tenant", "seq"])
    .execute();
  await db.schema
    .createTable("audit_heads")
    .addColumn("tenant", "text", (c) => c.notNull().primaryKey())
    .addColumn("seq", "integer", (c) => c.notNull())
    .addColumn("hash", "text", (c) => c.notNull())
    .execute();
}

const modelCalls: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("model_calls")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("id", "text", (c) => c.notNull())
      .addColumn("run_id", "text", (c) => c.notNull())
      .addColumn("at", "text", (c) => c.notNull())
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("prompt", "text", (c) => c.notNull())
      .addColumn("prompt_tokens", "integer", (c) => c.notNull())
      .addColumn("completion_tokens", "integer", (c) => c.notNull())
      .addColumn("duration_ms", "integer", (c) => c.notNull())
      .addColumn("outcome", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("model_calls_pk", ["tenant", "id"])
      .execute();
    await db.schema.createIndex("model_calls_by_run").on("model_calls").columns(["tenant", "run_id"]).execute();
  },
};

const goingOn: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("reflections")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("run_id", "text", (c) => c.notNull())
      .addColumn("revision", "integer", (c) => c.notNull())
      .addColumn("verdict", "text", (c) => c.notNull())
      .addColumn("feedback", "text", (c) => c.notNull())
      .addColumn("answer", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("reflections_pk", ["tenant", "run_id", "revision"])
      .execute();
    await db.schema
      .createTable("kept_steps")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("run_id", "text", (c) => c.notNull())
      .addColumn("step", "text", (c) => c.notNull())
      .addColumn("call", "text", (c) => c.notNull())
      .addColumn("effect_key", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("kept_steps_pk", ["tenant", "run_id", "step", "call"])
      .execute();
    await db.schema
      .alterTable("proposals")
      .addColumn("revision", "integer", (c) => c.notNull().defaultTo(0))
      .execute();
    // One column each: SQLite takes no more in a statement.
    for (const column of ["alive_until", "cancellation", "rollback"]) {
      await db.schema.alterTable("runs").addColumn(column, "text").execute();
    }
    await db.schema.createIndex("runs_by_status").on("runs").columns(["status", "tenant"]).execute();
  },
};

const privacy: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable("runs").addColumn("forgotten_at", "text").execute();
    for (const column of ["detail", "salt"]) {
      await db.schema.alterTable("audit_log").addColumn(column, "text").execute();
    }
    await db.schema
      .createTable("tenant_keys")
      .addColumn("tenant", "text", (c) => c.notNull().primaryKey())
      .addColumn("wrapped", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .execute();
  },
};

const gate: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("tenant_settings")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("settings", "text", (c) => c.notNull())
      .addColumn("principal", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("tenant_settings_pk", ["tenant", "version"])
      .execute();
    await db.schema
      .createTable("members")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("principal", "text", (c) => c.notNull())
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("members_pk", ["tenant", "principal"])
      .execute();
    await db.schema
      .createTable("action_uses")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("proposal_id", "text", (c) => c.notNull())
      .addColumn("step", "text", (c) => c.notNull())
      .addColumn("run_id", "text", (c) => c.notNull())
      .addColumn("action", "text", (c) => c.notNull())
      .addColumn("automatic", "integer", (c) => c.notNull())
      .addColumn("amount", "bigint", (c) => c.notNull())
      .addColumn("at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("action_uses_pk", ["tenant", "proposal_id", "step"])
      .execute();
    await db.schema.createIndex("action_uses_by_time").on("action_uses").columns(["tenant", "action", "at"]).execute();
    await db.schema
      .createTable("approvals")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("proposal_id", "text", (c) => c.notNull())
      .addColumn("principal", "text", (c) => c.notNull())
      .addColumn("actions", "text", (c) => c.notNull())
      .addColumn("at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("approvals_pk", ["tenant", "proposal_id", "principal"])
      .execute();
    await db.schema.alterTable("proposals").addColumn("expires_at", "text").execute();
  },
};

const pauses: Migration = {
  async up(db: Kysely<unknown>) {
    for (const column of ["pause", "paused_until"]) {
      await db.schema.alterTable("runs").addColumn(column, "text").execute();
    }
    await db.schema.createIndex("runs_by_pause").on("runs").columns(["tenant", "paused_until"]).execute();
  },
};

const notices: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("notices")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("id", "text", (c) => c.notNull())
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("run_id", "text", (c) => c.notNull())
      .addColumn("proposal_id", "text", (c) => c.notNull())
      .addColumn("text", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addColumn("delivered_at", "text")
      .addColumn("attempts", "integer", (c) => c.notNull())
      .addColumn("next_attempt_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("notices_pk", ["tenant", "id"])
      .execute();
    const index = (name: string, table: string, columns: string[]) =>
      db.schema.createIndex(name).on(table).columns(columns).execute();
    await index("notices_due", "notices", ["tenant", "delivered_at", "created_at"]);
    await index("notices_by_time", "notices", ["tenant", "created_at"]);
    await index("proposals_by_expiry", "proposals", ["tenant", "status", "expires_at"]);
    await index("proposals_by_age", "proposals", ["tenant", "status", "created_at"]);
    await db.schema.alterTable("runs").addColumn("checkpoints_deleted_at", "text").execute();
    await index("runs_by_checkpoints", "runs", ["tenant", "checkpoints_deleted_at", "updated_at"]);
  },
};

const people: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("delegations")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("delegator", "text", (c) => c.notNull())
      .addColumn("delegate", "text", (c) => c.notNull())
      .addColumn("until", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("delegations_pk", ["tenant", "delegator", "delegate"])
      .execute();
    await db.schema.alterTable("approvals").addColumn("on_behalf_of", "text").execute();
    await db.schema.alterTable("decisions").addColumn("on_behalf_of", "text").execute();
    await db.schema.alterTable("decisions").addColumn("settings_version", "integer").execute();
    await db.schema.alterTable("runs").addColumn("refusal", "text").execute();
    await db.schema.createIndex("runs_by_time").on("runs").columns(["tenant", "created_at"]).execute();
  },
};

const breakers: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("breakers")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("action", "text", (c) => c.notNull())
      .addColumn("failures", "integer", (c) => c.notNull())
      .addColumn("open_until", "text")
      .addColumn("trial_until", "text")
      .addPrimaryKeyConstraint("breakers_pk", ["tenant", "action"])
      .execute();
  },
};

const budgets: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable("runs")
      .addColumn("idle_ms", "bigint", (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable("runs").addColumn("idle_since", "bigint").execute();
    const { rows } = await sql<{ tenant: string; id: string; since: string }>`
      select tenant, id, updated_at as since from runs where status in ('waiting', 'paused')`.execute(db);
    for (const { tenant, id, since } of rows) {
      await sql`update runs set idle_since = ${Date.parse(since)} where tenant = ${tenant} and id = ${id}`.execute(db);
    }
    for (const column of ["went_well", "missing"]) {
      await db.schema.alterTable("reflections").addColumn(column, "text").execute();
    }
  },
};

const programs: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("programs")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("run_id", "text", (c) => c.notNull())
      .addColumn("number", "integer", (c) => c.notNull())
      .addColumn("revision", "integer", (c) => c.notNull())
      .addColumn("goal", "text", (c) => c.notNull())
      .addColumn("why", "text", (c) => c.notNull())
      .addColumn("code", "text", (c) => c.notNull())
      .addColumn("outcome", "text")
      .addColumn("started_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("programs_pk", ["tenant", "run_id", "number"])
      .execute();
  },
};

const apiKeys: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("api_keys")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("id", "text", (c) => c.notNull().primaryKey())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("principal", "text", (c) => c.notNull())
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("scopes", "text")
      .addColumn("hash", "text", (c) => c.notNull())
      .addColumn("previous_hash", "text")
      .addColumn("previous_until", "text")
      .addColumn("created_at", "text", (c) => c.notNull())
      .addColumn("expires_at", "text")
      .addColumn("last_used_at", "text")
      .addColumn("revoked_at", "text")
      .execute();
    await db.schema.createIndex("api_keys_by_tenant").on("api_keys").columns(["tenant", "created_at"]).execute();
    for (const table of ["approvals", "decisions"]) {
      await db.schema.alterTable(table).addColumn("role", "text").execute();
    }
  },
};

/** What the HTTP server needs: lists that are read in pages, and requests that are sent again. */
const http: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("answered_requests")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("principal", "text", (c) => c.notNull())
      .addColumn("key", "text", (c) => c.notNull())
      .addColumn("fingerprint", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addColumn("until", "text", (c) => c.notNull())
      .addColumn("answer", "text")
      .addPrimaryKeyConstraint("answered_requests_pk", ["tenant", "principal", "key"])
      .execute();
    const index = (name: string, table: string, columns: string[]) =>
      db.schema.createIndex(name).on(table).columns(columns).execute();
    await index("proposals_by_time", "proposals", ["tenant", "created_at", "id"]);
    await index("proposals_by_status", "proposals", ["tenant", "status", "created_at", "id"]);
    await index("audit_by_run", "audit_log", ["tenant", "run_id", "seq"]);
  },
};

/** Notices that are about no run, and what becomes of each at each endpoint. A column's "not null" cannot be taken away everywhere. */
const events: Migration = {
  async up(db: Kysely<unknown>) {
    const index = (name: string, table: string, columns: string[]) =>
      db.schema.createIndex(name).on(table).columns(columns).execute();
    await db.schema
      .createTable("told")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("id", "text", (c) => c.notNull())
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("run_id", "text")
      .addColumn("proposal_id", "text")
      .addColumn("text", "text", (c) => c.notNull())
      .addColumn("data", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addColumn("delivered_at", "text")
      .addColumn("attempts", "integer", (c) => c.notNull())
      .addColumn("next_attempt_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("told_pk", ["tenant", "id"])
      .execute();
    await sql`insert into told
      select tenant, id, kind, run_id, proposal_id, text, '{}', created_at, delivered_at, attempts, next_attempt_at
      from notices`.execute(db);
    await db.schema.dropTable("notices").execute();
    await db.schema.alterTable("told").renameTo("notices").execute();
    await index("notices_due", "notices", ["tenant", "delivered_at", "created_at"]);
    await index("notices_by_time", "notices", ["tenant", "created_at"]);
    await db.schema
      .createTable("deliveries")
      .addColumn("tenant", "text", (c) => c.notNull())
      .addColumn("notice_id", "text", (c) => c.notNull())
      .addColumn("endpoint", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addColumn("delivered_at", "text")
      .addColumn("attempts", "integer", (c) => c.notNull())
      .addColumn("next_attempt_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("deliveries_pk", ["tenant", "notice_id", "endpoint"])
      .execute();
    await index("deliveries_due", "deliveries", ["tenant", "endpoint", "delivered_at", "created_at"]);
    await index("deliveries_by_time", "deliveries", ["tenant", "created_at"]);
  },
};

const processes: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("process_leases")
      .addColumn("name", "text", (c) => c.notNull().primaryKey())
      .addColumn("owner", "text", (c) => c.notNull())
      .addColumn("until", "text", (c) => c.notNull())
      .execute();
  },
};

export const migrations: MigrationProvider = {
  async getMigrations() {
    return {
      "0001_first": first,
      "0002_model_calls": modelCalls,
      "0003_going_on": goingOn,
      "0004_privacy": privacy,
      "0005_gate": gate,
      "0006_pauses": pauses,
      "0007_notices": notices,
      "0008_people": people,
      "0009_breakers": breakers,
      "0011_budgets": budgets,
      "0013_measures": measures,
      "0014_programs": programs,
      "0015_api_keys": apiKeys,
      "0016_http": http,
      "0017_events": events,
      "0018_processes": processes,
    };
  },
};
