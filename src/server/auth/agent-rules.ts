/**
 * What somebody may do with what an Agent Server keeps of its own: threads, runs, assistants, its store, crons. A tenant
 * sees its own threads only, and each event takes the role, and the scope, of what it comes to. What the graph does with
 * a call it decides again for itself.
 */
import { type AuthEventValueMap, type AuthFilters, HTTPException } from "@langchain/langgraph-sdk/auth";
import { includesRole } from "../../domain/role.ts";
import type { Identity, Stamp } from "../../domain/run.ts";
import type { Ledger } from "../../ledger/database.ts";
import { assertMayAnswer } from "../../ledger/delegations.ts";
import { assertMay } from "../../ledger/members.ts";
import type { Operation } from "../../policy/operations.ts";

/** In the metadata of threads: whose it is. */
const OWNER = "owner";

/** What an Agent Server asks before it does something. */
export interface AgentEvent {
  readonly event: string;
  readonly value: unknown;
}

/** All that is allowed (true), nothing (false), or what has this in its metadata. */
type Ruling = AuthFilters<string> | boolean;

const THREAD_OPERATIONS: Readonly<Record<string, Operation>> = {
  "threads:read": "show",
  "threads:search": "list",
  "threads:create": "ask",
  "threads:update": "resume",
  "threads:delete": "cancel",
};

/** @throws HoldpointError `denied` */
export async function ruleOn(ledger: Ledger, stamp: Stamp, { event, value }: AgentEvent): Promise<Ruling> {
  if (event === "threads:create_run")
    await assertMayRun(ledger, stamp, value as AuthEventValueMap["threads:create_run"]);
  const operation = THREAD_OPERATIONS[event];
  if (operation) await assertMay(ledger, stamp, operation);
  if (operation || event === "threads:create_run") return ownedBy(stamp, value as { metadata?: unknown });
  const [resource = "", action = ""] = event.split(":");
  if (resource === "store") return mayUseStore(stamp, action, value as { namespace?: readonly string[] | null });
  // Only those that the server makes for its graphs: what others put into one would be in everybody's runs. Crons, and
  // whatever comes with another version, would act later as somebody who may be nobody by then.
  const isLook = event === "assistants:read" || event === "assistants:search";
  return isLook && { created_by: "system" };
}

/** Marks what is made or changed as the tenant's, whatever the client says, and lets through what is. */
function ownedBy({ tenant }: Identity, value: { metadata?: unknown }): Ruling {
  const given = typeof value.metadata === "object" ? value.metadata : {};
  value.metadata = { ...given, [OWNER]: tenant };
  return { [OWNER]: tenant };
}

/** What a call of the graph comes to; a request, an answer, going on, or several of these. */
async function assertMayRun(
  ledger: Ledger,
  stamp: Stamp,
  { kwargs }: AuthEventValueMap["threads:create_run"],
): Promise<void> {
  const { resume, goto, update } = (kwargs.command ?? {}) as Readonly<Record<string, unknown>>;
  const asks = kwargs.input != null;
  const answers = resume != null;
  if (asks) await assertMay(ledger, stamp, "ask");
  if (answers) await assertMayAnswer(ledger, stamp);
  if (goto != null || update != null || !(asks || answers)) await assertMay(ledger, stamp, "resume");
  // The server would post the outcome wherever it is told to, its own network included.
  if (kwargs.webhook != null) throw new HTTPException(403, { message: "A webhook of a run is not taken." });
}

/** A tenant has what begins with its name. A key that is for some operations only is not for the store. */
function mayUseStore(
  { tenant, role, scopes }: Identity,
  action: string,
  { namespace }: { readonly namespace?: readonly string[] | null },
): boolean {
  if (scopes !== undefined || namespace?.[0] !== tenant) return false;
  return includesRole(role ?? null, action === "put" || action === "delete" ? "operator" : "viewer");
}
