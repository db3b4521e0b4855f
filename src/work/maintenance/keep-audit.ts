/**
 * Audit entries older than the tenant wants to keep them are removed from the beginning of the log, at most once a day:
 * each time adds an entry. A log that was tampered with stays as it is. Notices of that age go, too.
 */
import { checkAudit, findPruned, readHead } from "../../ledger/audit-check.ts";
import { firstEntryAt, pruneAudit } from "../../ledger/audit-retention.ts";
import { deleteNotices } from "../../ledger/notices.ts";
import { getSettings } from "../../ledger/settings.ts";
import type { Job } from "./task.ts";
import { daysBefore } from "./time.ts";

const LOG = "audit log";

export const keepAudit: Job = {
  name: "keep audit",
  run: async ({ runtime, tenant, caller, did, failed }) => {
    const { ledger } = runtime;
    const { keepAuditDays: keepDays } = (await getSettings(ledger, tenant)).settings;
    if (keepDays === null) return;
    const at = runtime.now();
    const before = daysBefore(at, keepDays);
    const notices = await deleteNotices(ledger, tenant, before);
    if (notices > 0) did("notices", `${notices} removed`);
    const first = await firstEntryAt(ledger, tenant);
    if (first === undefined || first >= before) return;
    const pruned = await findPruned(ledger, tenant, (await readHead(ledger, tenant)).seq);
    if (pruned && pruned.at > daysBefore(at, 1)) return;
    const { fault } = await checkAudit(ledger, tenant);
    if (fault) {
      const problem = `The audit log was tampered with, and so nothing of it was removed. ${fault.message}`;
      failed(LOG, { code: "tampered", problem });
      return;
    }
    const through = await pruneAudit(ledger, { ...caller.identity, at }, { before, keepDays });
    if (through !== undefined) did(LOG, `entries up to ${through} removed`);
  },
};
