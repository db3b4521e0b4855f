/** Before a proposal expires, whoever decides is reminded, once. */
import { listDeadlines, remindOf } from "../../ledger/expiry.ts";
import { listTold } from "../../ledger/notices.ts";
import { getSettings } from "../../ledger/settings.ts";
import { reminderOf } from "../../policy/policy.ts";
import { forEach, type Job } from "./task.ts";
import { later } from "./time.ts";

export const remind: Job = {
  name: "remind",
  run: async (task) => {
    const { runtime, tenant } = task;
    const { ledger, policy } = runtime;
    const { settings } = await getSettings(ledger, tenant);
    const before = settings.remindBeforeMinutes;
    if (before === null) return;
    const now = runtime.now();
    const due = (await listDeadlines(ledger, tenant, policy, later(now, before * 60_000))).filter(
      (deadline) => deadline.expiresAt > now && reminderOf(deadline, before) <= now,
    );
    const ids = due.map(({ proposalId }) => proposalId);
    const told = await listTold(ledger, tenant, "approval_expiring", ids);
    await forEach(
      task,
      due.filter(({ proposalId }) => !told.has(proposalId)),
      ({ threadId }) => threadId,
      async (deadline) => {
        const reminded = await remindOf(ledger, { tenant, at: now }, deadline, settings);
        if (reminded) task.did(deadline.threadId, `reminded: it expires at ${deadline.expiresAt}`);
      },
    );
  },
};
