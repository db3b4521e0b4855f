/**
 * Delivers the notices that are always kept at least once: to an address, or to a function of the program. A notice is claimed before it is
 * delivered, so that two workers do not both do it; one that died in the middle is followed by another after a minute,
 * and its receiver may see the notice twice, under the same id.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { HoldpointError } from "../../errors.ts";
import { claimNotice, endAttempt, listDueNotices, type Notice, type StoredNotice } from "../../ledger/notices.ts";
import type { Runtime } from "../../runtime.ts";
import { postJson, TIMEOUT_MS } from "../post.ts";
import { pauseAfter } from "./pauses.ts";
import { type Job, problemOf, type Task } from "./task.ts";
import { DAY_MS, later } from "./time.ts";

/** After this time an attempt that nobody ended counts as failed; longer than one can take. */
const LEASE_MS = 6 * TIMEOUT_MS;
/** What could not be delivered for so long is only kept. */
const WORTH_TELLING_MS = 7 * DAY_MS;
/** A receiver that does not take so many one after the other is left alone until the next pass. */
const PATIENCE = 3;

type Due = Notice & StoredNotice;

export const notify: Job = {
  name: "notify",
  run: async (task) => {
    const { runtime, tenant } = task;
    if (runtime.notify === undefined) return;
    const now = runtime.now();
    const due = await listDueNotices(runtime.ledger, tenant, { now, since: later(now, -WORTH_TELLING_MS) });
    let failures = 0;
    for (const notice of due) {
      if (task.isStopped() || failures >= PATIENCE) return;
      failures = (await deliver(task, notice)) ? 0 : failures + 1;
    }
  },
};

/** @returns false when it was not taken */
async function deliver({ runtime, did, failed }: Task, notice: Due): Promise<boolean> {
  const { ledger } = runtime;
  const attempt = await claimNotice(ledger, notice, later(runtime.now(), LEASE_MS));
  if (attempt === undefined) return true; // another worker is at it
  try {
    await hand(runtime, notice);
  } catch (error) {
    await endAttempt(ledger, notice, attempt, { nextAttemptAt: later(runtime.now(), pauseAfter(attempt)) });
    failed(notice.id, problemOf(error, runtime));
    return false;
  }
  await endAttempt(ledger, notice, attempt, { deliveredAt: runtime.now() });
  did(notice.threadId, `told: ${notice.kind.replaceAll("_", " ")}`);
  return true;
}

/** @throws whatever says that it was not taken */
async function hand({ notify: receiver }: Runtime, stored: Due): Promise<void> {
  const { data: _data, deliveredAt: _delivered, attempts: _attempts, nextAttemptAt: _next, ...notice } = stored;
  if (typeof receiver === "string") {
    const headers = { "webhook-id": notice.id };
    const hint = "It is tried again later; see `notices`.";
    await postJson(new URL(receiver), notice, { what: `notice ${notice.id}`, hint, headers });
  } else if (receiver) {
    await Promise.race([receiver(notice satisfies Notice), timeout()]);
  }
}

async function timeout(): Promise<never> {
  await sleep(TIMEOUT_MS, undefined, { ref: false });
  throw new HoldpointError("busy", `onNotice took longer than ${TIMEOUT_MS / 1000} seconds, and counts as failed.`);
}
