/** A run's events as server-sent events (WHATWG HTML, "Server-sent events"). */
import type { Identity, Run } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { type AuditEntry, listAuditAfter } from "../ledger/audit.ts";
import { findRun } from "../ledger/runs.ts";
import type { Runtime } from "../runtime.ts";
import type { Reply } from "./endpoint.ts";
import type { Served } from "./served.ts";

/** A comment that often keeps proxies from ending what is quiet, in milliseconds. */
export const HEARTBEAT_MS = 15_000;
/** A reader that is so many bytes behind is cut off: it goes on after the last event that it has. */
const MAX_BEHIND = 4_000_000;

interface Streaming {
  readonly served: Served;
  readonly runtime: Runtime;
  readonly identity: Identity;
  readonly headers: Headers;
  /** Aborted when whoever listens went away. */
  readonly signal: AbortSignal;
  assertStill(): Promise<void>;
}

/** The stream of a run, from the entry after `Last-Event-ID` on. */
export async function streamEvents(call: Streaming, run: Run): Promise<Reply> {
  const stop = new AbortController();
  const text = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void follow(call, run, { controller, stop }),
      cancel: () => stop.abort(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 65_536 }),
  );
  return {
    status: 200,
    text,
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no", // nginx would hold events back
    },
  };
}

interface Stream {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Ends it. */
  readonly stop: AbortController;
}

const encoder = new TextEncoder();

/** Writes what happened since, and then what happens, until the run has ended or nobody listens. */
async function follow(call: Streaming, run: Run, stream: Stream): Promise<void> {
  const { served, runtime, identity, signal } = call;
  const { tenant } = identity;
  const { controller, stop } = stream;
  const write = (text: string) => {
    if (stop.signal.aborted) return;
    controller.enqueue(encoder.encode(text));
    if ((controller.desiredSize ?? 0) < -MAX_BEHIND) stop.abort();
  };
  const send = (event: string, data: object, id?: number) =>
    write(`event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  const sendEntries = (entries: readonly AuditEntry[]) => {
    for (const { seq, at, event, principal, data } of entries) send("entry", { seq, at, event, principal, data }, seq);
  };
  const sendRun = async () => {
    const now = await findRun(runtime.ledger, tenant, run.id);
    if (!now) return;
    send("run", now);
    if (now.status !== "ended" || now.rollback) return;
    send("end", { status: now.answer?.status ?? null });
    stop.abort();
  };
  const fail = (error: unknown) => {
    if (!stop.signal.aborted) served.log.warn({ err: error, run: run.id }, "an event stream was cut off");
    stop.abort();
  };
  // A key that was revoked, or a role that was taken, reads nothing more.
  const beat = () => void call.assertStill().then(() => write(": still here\n\n"), refuse);
  const refuse = (error: unknown) => (isRefusal(error) ? stop.abort() : fail(error));
  whenOver(stream, signal, setInterval(beat, served.heartbeatMs).unref());
  try {
    write("retry: 1000\n\n");
    let after = lastEventId(call.headers);
    let entries = await listAuditAfter(runtime.ledger, tenant, [run.id], after);
    while (entries.length > 0) {
      sendEntries(entries);
      after = entries.at(-1)?.seq ?? after;
      entries = await listAuditAfter(runtime.ledger, tenant, [run.id], after);
    }
    await sendRun();
    if (stop.signal.aborted) return;
    let telling = Promise.resolve();
    const onEntries = (news: readonly AuditEntry[]) => {
      sendEntries(news);
      telling = telling.then(sendRun).catch(fail);
    };
    const onProgress = (event: object) => send("progress", event);
    const leave = served.hub.listen(
      { tenant, runId: run.id, onEntries, onProgress, onClose: () => stop.abort() },
      after,
    );
    stop.signal.addEventListener("abort", leave);
  } catch (error) {
    fail(error);
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof HoldpointError && (error.code === "unauthenticated" || error.code === "denied");

function whenOver({ controller, stop }: Stream, signal: AbortSignal, heartbeat: NodeJS.Timeout): void {
  stop.signal.addEventListener("abort", () => {
    clearInterval(heartbeat);
    try {
      controller.close();
    } catch {
      // Whoever read it has closed it.
    }
  });
  if (signal.aborted) stop.abort();
  signal.addEventListener("abort", () => stop.abort());
}

function lastEventId(headers: Headers): number {
  const given = headers.get("last-event-id") ?? "";
  return /^\d{1,15}$/.test(given) ? Number(given) : 0;
}
