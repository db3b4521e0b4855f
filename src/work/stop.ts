/** A clean end of a process: the first signal lets what is in flight come to its end, the second one does not wait. */
import { constants } from "node:os";
import { RunControl } from "@langchain/langgraph";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

export interface Stop {
  /** What the runs of this process are called with, so that they hear of the first signal. */
  readonly control: RunControl;
  /** Aborted at the first signal, for whatever else waits. */
  readonly signal: AbortSignal;
}

export function stopOnSignals(): Stop {
  const control = new RunControl();
  const stopped = new AbortController();
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (control.drainRequested) process.exit(128 + constants.signals[signal]);
      control.requestDrain(signal);
      stopped.abort();
    });
  }
  return { control, signal: stopped.signal };
}
