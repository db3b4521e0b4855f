/** The audit log of a tenant, for its admins. */
import type { Identity } from "../domain/run.ts";
import { writeThrough } from "../ledger/audit.ts";
import type { Anchor, ChainCheck } from "../ledger/audit-chain.ts";
import { checkAudit } from "../ledger/audit-check.ts";
import { exportAudit } from "../ledger/audit-export.ts";
import { assertMay } from "../ledger/members.ts";
import type { Runtime } from "../runtime.ts";

/** Whether the log is whole; see {@link checkAudit}. @throws HoldpointError `denied` */
export async function checkLog(
  { ledger }: Runtime,
  identity: Identity,
  anchors: readonly Anchor[],
): Promise<ChainCheck> {
  await assertMay(ledger, identity, "audit");
  return await checkAudit(ledger, identity.tenant, anchors);
}

/** The entries as JSON lines; see {@link exportAudit}. @throws HoldpointError `denied` */
export async function* exportLog(
  { ledger }: Runtime,
  identity: Identity,
  range: { from?: number | undefined; to?: number | undefined },
): AsyncGenerator<string> {
  await assertMay(ledger, identity, "audit");
  await writeThrough(ledger, identity.tenant);
  yield* exportAudit(ledger, identity.tenant, range);
}
