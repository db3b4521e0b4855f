/** What a crash left goes on: runs, and rollbacks; and so do paused runs whose time has come. */
import { ATTENDED, type Recovered, recoverTenant } from "../recover.ts";
import type { Job } from "./task.ts";

/** @param unasked whether the checkpoints of all that waits are looked at, too; see {@link recoverTenant} */
export const createRecover = (unasked: boolean): Job => ({
  name: "recover",
  run: async ({ runtime, caller, isStopped, did, failed }) => {
    for (const recovered of await recoverTenant(runtime, caller, { unasked })) {
      const { threadId, outcome, problem } = recovered;
      if (outcome !== "left") did(threadId, whatCameOf(recovered));
      else if (problem !== ATTENDED && !isStopped()) failed(threadId, { code: "busy", problem: problem ?? "" });
    }
  },
});

function whatCameOf({ outcome, run, problem }: Recovered): string {
  if (outcome === "rolled_back") return problem ?? "what it did was undone";
  if (outcome === "paused") return `paused: ${run.pause?.reason}`;
  return outcome === "waiting" ? "waits for a person" : `ended: ${run.answer?.status}`;
}
