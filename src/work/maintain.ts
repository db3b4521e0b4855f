/**
 * Maintenance: what has to be done although nobody asks for it. A pass looks at every tenant and does each job for it;
 * one that fails is reported, and stops no other. Several workers may do it at once: each change is a compare-and-set.
 */
import { randomUUID } from "node:crypto";
import { RunControl } from "@langchain/langgraph";
import { endMaintenance, takeMaintenance } from "../ledger/maintenance-lease.ts";
import { listAllTenants } from "../ledger/tenants.ts";
import type { Runtime } from "../runtime.ts";
import { deliver, startDelivering } from "./maintenance/deliver.ts";
import { expire } from "./maintenance/expire.ts";
import { keepAnswers } from "./maintenance/keep-answers.ts";
import { keepAudit } from "./maintenance/keep-audit.ts";
import { keepCheckpoints } from "./maintenance/keep-checkpoints.ts";
import { notify } from "./maintenance/notify.ts";
import { createRecover } from "./maintenance/recover.ts";
import { remind } from "./maintenance/remind.ts";
import { type Done, type Job, problemOf, type Task, type Undone } from "./maintenance/task.ts";
import type { Caller } from "./threads.ts";
import { wait } from "./wait.ts";

export type { Done, Undone } from "./maintenance/task.ts";

/** What a pass did, and what it could not do. */
export interface MaintenanceReport {
  /** When it began, ISO 8601 UTC. */
  readonly at: string;
  readonly done: readonly Done[];
  readonly failures: readonly Undone[];
  /** Whether it was asked to stop before it came to its end. */
  readonly stopped: boolean;
}

/** In this order: what ends, what goes on, who is told, and last what goes. */
const jobsOf = (unasked: boolean): readonly Job[] => [
  expire,
  createRecover(unasked),
  remind,
  notify,
  deliver,
  keepCheckpoints,
  keepAudit,
  keepAnswers,
];

/** How a pass hears that it is to stop: what is in flight ends, and nothing new starts. */
type Stopping = Pick<Caller, "signal" | "control">;

/**
 * One pass over all tenants.
 * @param options `unasked`: whether the checkpoints of all that waits are looked at, too, for what another version of the
 * program left; default true
 * @throws whatever the ledger throws when it cannot even say which tenants there are
 */
export async function maintainOnce(
  runtime: Runtime,
  options: Stopping & { readonly unasked?: boolean } = {},
): Promise<MaintenanceReport> {
  const { unasked = true, ...stopping } = options;
  const at = runtime.now();
  const done: Done[] = [];
  const failures: Undone[] = [];
  const isStopped = () => stopping.signal?.aborted === true || stopping.control?.drainRequested === true;
  for (const tenant of await listAllTenants(runtime.ledger)) {
    for (const { name: job, run } of jobsOf(unasked)) {
      if (isStopped()) break;
      const task: Task = {
        ...{ runtime, tenant, isStopped },
        caller: { identity: { tenant, principal: "system" }, ...stopping },
        did: (subject, what) => void done.push({ tenant, job, subject, what }),
        failed: (subject, problem) => void failures.push({ tenant, job, subject, ...problem }),
      };
      await run(task).catch((error: unknown) => task.failed("", problemOf(error, runtime)));
    }
  }
  return { at, done, failures, stopped: isStopped() };
}

export interface MaintenanceOptions {
  /** The pause between two passes, in milliseconds. */
  readonly everyMs: number;
  /** Ends it: what is in flight comes to its end, and nothing new starts. */
  readonly signal: AbortSignal;
  /** Is told of each pass. */
  readonly onPass?: (report: MaintenanceReport) => void;
}

/** Pass after pass, and between them what is to be told at once. @returns once `signal` is aborted and what was in flight has ended */
export async function startMaintenance(runtime: Runtime, options: MaintenanceOptions): Promise<void> {
  const { everyMs, signal, onPass } = options;
  const control = new RunControl();
  signal.addEventListener("abort", () => control.requestDrain("the end of maintenance"));
  const delivering = startDelivering(runtime, signal);
  const turn = createTurn(runtime);
  // What another version left is looked for once; this one leaves none.
  for (let unasked = true; !signal.aborted; ) {
    const isOwn = await turn.take().catch(() => true); // where even that fails, the pass says why
    if (isOwn) {
      onPass?.(await maintainOnce(runtime, { control, unasked }).catch((error: unknown) => failed(error, runtime)));
      unasked = false;
    }
    await wait(isOwn ? everyMs : Math.min(everyMs, TURN_MS), { signal });
  }
  await delivering;
  await turn.end().catch(() => undefined); // it is over by itself soon
}

/** A process that has not renewed its turn for so long is taken for dead, in milliseconds. */
const TURN_MS = 30_000;

/** Of several processes over a ledger, one makes the passes. */
function createTurn({ ledger }: Runtime) {
  const owner = randomUUID();
  // By the clock of the machine, as all leases are: a program's own may stand still.
  const take = async (): Promise<boolean> => {
    const now = Date.now();
    const [at, until] = [now, now + TURN_MS].map((time) => new Date(time).toISOString());
    return await takeMaintenance(ledger, owner, { now: at ?? "", until: until ?? "" });
  };
  const renewal = setInterval(() => {
    if (isHeld) take().catch(() => undefined); // the next one may succeed
  }, TURN_MS / 3).unref();
  let isHeld = false;
  return {
    take: async () => {
      isHeld = await take();
      return isHeld;
    },
    end: async () => {
      clearInterval(renewal);
      if (isHeld) await endMaintenance(ledger, owner);
    },
  };
}

function failed(error: unknown, runtime: Runtime): MaintenanceReport {
  const failure: Undone = { tenant: null, job: "maintain", subject: "", ...problemOf(error, runtime) };
  return { at: runtime.now(), done: [], failures: [failure], stopped: false };
}
