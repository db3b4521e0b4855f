/** What nobody decided in time ends, and so does its run. */
import { HoldpointError } from "../../errors.ts";
import { type Deadline, expireProposal, listDeadlines } from "../../ledger/expiry.ts";
import { getProposal } from "../../ledger/proposals.ts";
import { carryOn } from "../threads.ts";
import { forEach, type Job, type Task } from "./task.ts";

export const expire: Job = {
  name: "expire",
  run: async (task) => {
    const { runtime, tenant } = task;
    const overdue = await listDeadlines(runtime.ledger, tenant, runtime.policy, runtime.now());
    await forEach(
      task,
      overdue,
      ({ threadId }) => threadId,
      (deadline) => end(task, deadline),
    );
  },
};

async function end(task: Task, { proposalId, threadId, expiresAt }: Deadline): Promise<void> {
  const { runtime, tenant, caller } = task;
  const proposal = await getProposal(runtime.ledger, tenant, proposalId);
  const expired = await expireProposal(runtime.ledger, { tenant, at: runtime.now() }, proposal, expiresAt).catch(
    ifNotPaused,
  );
  if (!expired) return; // somebody else decided, or is at it
  task.did(threadId, `expired: nobody decided until ${expiresAt}`);
  await carryOn(runtime, caller, threadId);
}

function ifNotPaused(error: unknown): false {
  if (error instanceof HoldpointError && error.code === "not_paused") return false;
  throw error;
}
