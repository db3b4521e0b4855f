/**
 * Delivers events at least once to each endpoint that wants them: each on its own, so that one that hangs keeps no other
 * waiting. As with notices (notify.ts), a delivery is claimed before it is made, and a receiver may see one twice, under
 * the same id. Beside the passes, {@link startDelivering} delivers what this process wrote as soon as it is written.
 */
import type { EventEndpoint } from "../../events/endpoints.ts";
import { bodyOf } from "../../events/message.ts";
import { claimDelivery, type Delivery, endDelivery, listDueDeliveries } from "../../ledger/deliveries.ts";
import type { Runtime } from "../../runtime.ts";
import { DELIVERY, deliver as send } from "../../tools/operations/webhook.ts";
import { wait } from "../wait.ts";
import { pauseAfter } from "./pauses.ts";
import { type Job, problemOf, type Task } from "./task.ts";
import { DAY_MS, later } from "./time.ts";

/** After this time an attempt that nobody ended counts as failed; longer than one can take. */
const LEASE_MS = 60_000;
/** What could not be delivered for so long is only kept. */
const WORTH_TELLING_MS = 7 * DAY_MS;
/** An endpoint that does not take so many one after the other is left alone until the next time. */
const PATIENCE = 3;
/**
 * How long after something was written it is looked for, in milliseconds since the time before: its transaction may not
 * have ended yet.
 */
const AFTER_MS = [20, 200, 1_000];

type Delivering = Pick<Task, "runtime" | "tenant" | "isStopped" | "did" | "failed">;

export const deliver: Job = { name: "deliver events", run: deliverAll };

async function deliverAll(task: Delivering): Promise<void> {
  await Promise.all(endpointsOf(task).map((endpoint) => deliverTo(endpoint, task)));
}

const endpointsOf = ({ runtime, tenant }: Pick<Delivering, "runtime" | "tenant">): EventEndpoint[] =>
  runtime.events.endpoints.filter(({ tenants }) => tenants?.has(tenant) ?? true);

async function deliverTo(endpoint: EventEndpoint, task: Delivering): Promise<void> {
  const { runtime, tenant } = task;
  const now = runtime.now();
  const since = later(now, -WORTH_TELLING_MS);
  const due = await listDueDeliveries(runtime.ledger, tenant, endpoint.name, { now, since });
  let failures = 0;
  for (const delivery of due) {
    if (task.isStopped() || failures >= PATIENCE) return;
    failures = (await deliverOne(endpoint, delivery, task)) ? 0 : failures + 1;
  }
}

/** @returns false when it was not taken */
async function deliverOne(endpoint: EventEndpoint, delivery: Delivery, task: Delivering): Promise<boolean> {
  const { runtime, did, failed } = task;
  const { ledger, events } = runtime;
  const attempt = await claimDelivery(ledger, delivery, later(runtime.now(), LEASE_MS));
  if (attempt === undefined) return true; // another worker is at it
  const { noticeId: id, kind } = delivery;
  const body = bodyOf(endpoint.style, delivery, events.publicUrl);
  const timeoutMs = events.timeoutMs ?? DELIVERY.timeoutMs;
  try {
    // Once: the pauses between attempts are in the ledger, and outlast this process.
    const once = { signal: new AbortController().signal, settings: { timeoutMs, pausesMs: [] } };
    await send(endpoint, { id, body, now: runtime.now(), isRepeat: false }, once);
  } catch (error) {
    await endDelivery(ledger, delivery, attempt, { nextAttemptAt: later(runtime.now(), pauseAfter(attempt)) });
    failed(`${id} to ${endpoint.name}`, problemOf(error, runtime));
    return false;
  }
  await endDelivery(ledger, delivery, attempt, { deliveredAt: runtime.now() });
  did(delivery.threadId ?? id, `told ${endpoint.name}: ${kind.replaceAll("_", " ")}`);
  return true;
}

/** Delivers what this process writes, soon after. @returns once `signal` is aborted and what was in flight has ended */
export async function startDelivering(runtime: Runtime, signal: AbortSignal): Promise<void> {
  if (runtime.events.endpoints.length === 0) return;
  const fresh = new Set<string>();
  const couriers = new Couriers(runtime, signal);
  let wake = Promise.withResolvers<void>();
  const stop = runtime.events.onWritten((tenant) => {
    fresh.add(tenant);
    wake.resolve();
  });
  signal.addEventListener("abort", () => wake.resolve(), { once: true });
  while (!signal.aborted) {
    await wake.promise;
    wake = Promise.withResolvers();
    const tenants = [...fresh];
    fresh.clear();
    await sendSoon(tenants, { couriers, signal, isOvertaken: () => fresh.size > 0 });
    // What may have been missed of theirs is looked for together with what came meanwhile.
    if (fresh.size > 0) for (const tenant of tenants) fresh.add(tenant);
  }
  stop();
  await couriers.ended();
}

/** Several times, since what was written may not be there yet; less often when more comes. */
async function sendSoon(
  tenants: readonly string[],
  { couriers, signal, isOvertaken }: { couriers: Couriers; signal: AbortSignal; isOvertaken: () => boolean },
): Promise<void> {
  for (const afterMs of AFTER_MS) {
    if (!(await wait(afterMs, { signal, ref: false }))) return;
    for (const tenant of tenants) couriers.send(tenant);
    if (isOvertaken()) return;
  }
}

/** One at a time for each tenant and endpoint, so that an endpoint that hangs has one waiting for it and no more. */
class Couriers {
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal;
  readonly #atWork = new Map<string, Promise<void>>();
  /** Those for whom something more may have come since they looked. */
  readonly #again = new Set<string>();

  constructor(runtime: Runtime, signal: AbortSignal) {
    this.#runtime = runtime;
    this.#signal = signal;
  }

  send(tenant: string): void {
    for (const endpoint of endpointsOf({ runtime: this.#runtime, tenant })) this.#sendTo(endpoint, tenant);
  }

  #sendTo(endpoint: EventEndpoint, tenant: string): void {
    const key = JSON.stringify([tenant, endpoint.name]);
    if (this.#atWork.has(key)) return void this.#again.add(key);
    const work = async () => {
      await deliverTo(endpoint, this.#taskFor(tenant)).catch((error: unknown) => this.#tell(tenant, "", error));
      this.#atWork.delete(key);
      if (this.#again.delete(key) && !this.#signal.aborted) this.#sendTo(endpoint, tenant);
    };
    this.#atWork.set(key, work());
  }

  async ended(): Promise<void> {
    await Promise.all(this.#atWork.values());
  }

  #taskFor(tenant: string): Delivering {
    return {
      ...{ runtime: this.#runtime, tenant },
      isStopped: () => this.#signal.aborted,
      did: () => undefined,
      failed: (subject, { problem }) => this.#log(tenant, subject, problem),
    };
  }

  /** The next pass of maintenance meets the same, and reports it. */
  #tell(tenant: string, subject: string, error: unknown): void {
    this.#log(tenant, subject, problemOf(error, this.#runtime).problem);
  }

  #log(tenant: string, subject: string, problem: string): void {
    this.#runtime.log.warn({ tenant, job: deliver.name, subject }, problem);
  }
}
