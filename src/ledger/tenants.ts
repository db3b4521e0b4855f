/** The tenants that the ledger knows. For whoever runs the system: no data of theirs. */
import type { Ledger } from "./database.ts";

/** Every tenant of which anything was ever recorded: each has an audit log. */
export async function listAllTenants(db: Ledger): Promise<string[]> {
  const rows = await db.selectFrom("auditHeads").select("tenant").orderBy("tenant").execute();
  return rows.map(({ tenant }) => tenant);
}
