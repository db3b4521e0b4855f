/**
 * A process that is asked to stop. Usage: stop-worker.ts <home> <request>. Actions write lines into the notebook; a
 * text that begins with "slow" makes a file `begun` and waits for a file `end`.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exitStatusOfError } from "../../../src/cli/exit-status.ts";
import { answerThread } from "../../../src/work/answer.ts";
import { stopOnSignals } from "../../../src/work/stop.ts";
import { startRequest } from "../../../src/work/threads.ts";
import { openStopRuntime } from "../stop-runtime.ts";

const [home = "", request = ""] = process.argv.slice(2);
const gate = async () => {
  writeFileSync(join(home, "begun"), "");
  while (!existsSync(join(home, "end"))) await sleep(10);
};
const runtime = await openStopRuntime(home, gate);
const caller = { identity: { tenant: "acme", principal: "alice" }, control: stopOnSignals().control };
try {
  const view = await startRequest(runtime, caller, { request, threadId: "t" });
  if (view.question) {
    await answerThread(runtime, caller, "t", ({ proposalId, actions }) => ({
      proposalId,
      decisions: actions.map(({ step }) => ({ type: "approve", step })),
    }));
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = exitStatusOfError(error);
}
await runtime.close();
