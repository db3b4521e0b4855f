/** Checkpoints are deleted when everything on their thread ended longer ago than the tenant wants to keep them. */
import { listIdleThreads, retireCheckpoints } from "../../ledger/checkpoint-retention.ts";
import { getSettings } from "../../ledger/settings.ts";
import { forEach, type Job } from "./task.ts";
import { daysBefore } from "./time.ts";

export const keepCheckpoints: Job = {
  name: "keep checkpoints",
  run: async (task) => {
    const { runtime, tenant, caller } = task;
    const { keepCheckpointsDays: days } = (await getSettings(runtime.ledger, tenant)).settings;
    if (days === null) return;
    const at = runtime.now();
    const before = daysBefore(at, days);
    await forEach(
      task,
      await listIdleThreads(runtime.ledger, tenant, before),
      (threadId) => threadId,
      async (threadId) => {
        const stamp = { ...caller.identity, at };
        const deleted = await retireCheckpoints(runtime.ledger, stamp, { threadId, before }, runtime.deleteCheckpoints);
        if (deleted) task.did(threadId, "its checkpoints were deleted");
      },
    );
  },
};
