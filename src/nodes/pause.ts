/** A run that cannot go on for now: it says why and until when, and nothing of it is lost. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Pause, Run } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { assertMay } from "../ledger/members.ts";
import { endPause, pauseRun } from "../ledger/runs.ts";
import { answerMessage } from "../messages.ts";
import type { Update } from "../state.ts";
import { type NodeDeps, stampOf } from "./deps.ts";

/** Pauses the run. @returns undefined when it was cancelled or has ended: then it has to come to its end */
export async function pauseAt(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  run: Run,
  pause: Pause,
): Promise<(Update & { outcome: "paused" }) | undefined> {
  const stamp = stampOf(deps, config);
  if (!(await pauseRun(deps.ledger, { ...stamp, tenant: run.tenant }, run.id, pause))) return undefined;
  return { pause, messages: [answerMessage(run.id, pause.reason)], outcome: "paused" };
}

/**
 * Lets a paused run go on; one that is not paused is left as it is.
 * @returns what that means for state
 * @throws HoldpointError `denied`, or `busy` when somebody else lets it go on right now
 */
export async function goOnFromPause(deps: NodeDeps, config: LangGraphRunnableConfig, run: Run): Promise<Update> {
  if (run.status === "paused") {
    const stamp = stampOf(deps, config);
    await assertMay(deps.ledger, stamp, "resume");
    if (!(await endPause(deps.ledger, stamp, run.id))) throw overtaken(run);
  }
  return { pause: null, wake: false };
}

/** Of several who let a run go on at once, one does; the others get this. */
export const overtaken = ({ threadId }: Run): HoldpointError =>
  new HoldpointError("busy", `Thread "${threadId}" goes on since somebody else said so just now.`, {
    hint: "Look at it with `show` in a moment.",
  });
