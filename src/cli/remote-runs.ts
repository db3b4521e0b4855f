/** Runs by a server: what a command sets off is followed until it rests. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, Output, RunEvent } from "../client/index.ts";
import type { ProgressEvent } from "../domain/progress.ts";
import type { RollbackReport, Run } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import type { Explained, RunDetails } from "../work/look.ts";
import type { Recovered } from "../work/recover.ts";
import type { ShownThread } from "../work/shown.ts";
import type { OnProgress, RunsBackend } from "./backend.ts";

/** How a command that waits for a server is told of things. */
export interface Told {
  /** Aborted when it is asked to stop. */
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** For so long a server waits for work before it answers, in seconds. */
const WAIT_S = 60;
/** The question of a run stands a moment after it waits: so long it is looked for, in milliseconds. */
const ASKED_MS = 3_000;
const LOOK_MS = 100;

/** What the interface answers, which is what the work of this version makes, by its schemas. */
const threadOf = (thread: Output<"getRun">): ShownThread => thread as unknown as ShownThread;

interface Remote extends Told {
  readonly client: Client;
}

export function remoteRuns(client: Client, told: Told): RunsBackend {
  const remote = { client, ...told };
  const { signal } = told;
  const given = signal ? { signal } : {};
  const look = (id: string) => at(remote, id);
  return {
    start: async ({ request, threadId }) => await start(remote, { request, ...(threadId ? { thread: threadId } : {}) }),
    goOn: async (threadId) => await advance(remote, threadId, {}),
    view: look,
    assertMayAnswer: async () => undefined, // the server looks at it with the answer
    answer: async (threadId, decide) => {
      const { question } = await asked(remote, threadId);
      // Where nothing is asked, the server says why.
      const answer = question ? decide(question) : { decisions: [] };
      return await advance(remote, threadId, { answer });
    },
    postpone: async (threadId, { proposalId, note }) => await postpone(remote, threadId, { proposalId, note }),
    cancel: async ({ threadId, reason, rollback = false }) =>
      await following(remote, threadId, async () => {
        const body = { ...(reason === null ? {} : { reason }), rollback };
        return await client.call("cancelRun", { path: { id: threadId }, body }, { ...given, wait: WAIT_S });
      }),
    rollBack: async ({ threadId, reason, anyway }) => {
      const body = { ...(reason === null ? {} : { reason }), anyway };
      return (await client.call("rollBackRun", { path: { id: threadId }, body }, given)) as unknown as RollbackReport;
    },
    show: async (threadId) => ({ view: await look(threadId), details: await recordOf(remote, threadId) }),
    proposals: async (threadId) => (await recordOf(remote, threadId)).proposals,
    list: async ({ status }) => {
      const query = { limit: 100, ...(status === undefined ? {} : { status }) };
      return (await client.call("listRuns", { query }, given)).items as unknown as Run[];
    },
    recover: async () => (await client.call("recover", {}, given)).recovered as unknown as Recovered[],
    recoverFirst: async () => [],
    explain: async (id) => (await client.call("explain", { path: { id } }, given)) as unknown as Explained,
  };
}

async function at({ client, signal }: Remote, id: string): Promise<ShownThread> {
  return threadOf(await client.call("getRun", { path: { id } }, signal ? { signal } : {}));
}

async function recordOf({ client, signal }: Remote, id: string): Promise<RunDetails> {
  const record = await client.call("getRecord", { path: { id } }, signal ? { signal } : {});
  return record as unknown as RunDetails;
}

/** Answered as soon as it is recorded, so that it can be followed from its beginning on. */
async function start(remote: Remote, body: { request: string; thread?: string }): Promise<ShownThread> {
  const { client, signal } = remote;
  const begun = await client.call("startRun", { body }, { ...(signal ? { signal } : {}), wait: 0 }).catch((error) => {
    throw isStopped(error)
      ? stopped("The request was given up; where the server has taken it, it goes on there.", "list")
      : error;
  });
  return await leaving(begun.threadId, untilItRests(remote, threadOf(begun)));
}

async function advance(remote: Remote, threadId: string, body: { answer?: unknown }): Promise<ShownThread> {
  const { client, signal } = remote;
  return await following(remote, threadId, async () => {
    const options = { ...(signal ? { signal } : {}), wait: WAIT_S };
    return await client.call("resumeRun", { path: { id: threadId }, body }, options);
  });
}

/** A thread that asks; one that was cut off before is carried on until it does. */
async function asked(remote: Remote, threadId: string): Promise<ShownThread> {
  const now = await at(remote, threadId);
  return now.question || now.run.status !== "waiting" ? now : await advance(remote, threadId, {});
}

async function postpone(
  remote: Remote,
  threadId: string,
  { proposalId, note }: { proposalId: string | undefined; note: string | null },
): Promise<ShownThread> {
  const { client, signal } = remote;
  const given = signal ? { signal } : {};
  const { question } = await asked(remote, threadId);
  if (!question) return await advance(remote, threadId, { answer: { decisions: [] } });
  if (proposalId !== undefined && proposalId !== question.proposalId) {
    const text = `The thread waits for a decision on "${question.proposalId}", not on "${proposalId}".`;
    throw new HoldpointError("usage", text, { hint: "Look at it again with `resume` without a decision." });
  }
  const body = { notNow: true, ...(note === null ? {} : { note }) };
  return threadOf(await client.call("decide", { path: { id: question.proposalId }, body }, given));
}

/** Tells of what happens to a run while a call on it is under way, and until it rests. */
async function following(
  remote: Remote,
  threadId: string,
  call: () => Promise<Output<"getRun">>,
): Promise<ShownThread> {
  const ended = new AbortController();
  const watching = remote.onProgress ? watch(remote, threadId, ended.signal) : undefined;
  try {
    const { onProgress: _told, ...quiet } = remote;
    return await leaving(threadId, (async () => await untilItRests(quiet, threadOf(await call())))());
  } finally {
    ended.abort();
    await watching;
  }
}

/** Tells of progress as it comes, and before that of how a run stands that is under way: a stream may begin in its middle. */
function teller(remote: Remote): (happened: RunEvent) => Promise<void> {
  const { onProgress } = remote;
  let isTold = false;
  return async ({ event, data }) => {
    if (!onProgress) return;
    if (event === "progress") onProgress(data as unknown as ProgressEvent);
    if (event !== "run" || data.status !== "running" || isTold) return;
    isTold = true;
    const { progress } = await recordOf(remote, data.id);
    if (progress.revision > 0) onProgress({ type: "progress", ...progress, steps: [...progress.steps] });
  };
}

/** Tells of progress until it is ended; what goes wrong is for the call to tell. */
async function watch(given: Remote, id: string, signal: AbortSignal): Promise<void> {
  const { client } = given;
  const tell = teller(given);
  try {
    for await (const happened of client.events(id, { signal })) await tell(happened);
  } catch {
    // It is only told of.
  }
}

/** A run as it is once it has ended, waits for somebody or is paused; until then it is told of. */
async function untilItRests(remote: Remote, thread: ShownThread): Promise<ShownThread> {
  const { client, signal } = remote;
  if (thread.run.status !== "running") return await untilItAsks(remote, thread);
  const tell = teller(remote);
  for await (const happened of client.events(thread.run.id, signal ? { signal } : {})) {
    if (happened.event === "run" && happened.data.status !== "running") break;
    await tell(happened);
  }
  return await untilItAsks(remote, await at(remote, thread.run.id));
}

async function untilItAsks(remote: Remote, thread: ShownThread): Promise<ShownThread> {
  let now = thread;
  for (const since = Date.now(); now.run.status === "waiting" && !now.question; now = await at(remote, now.run.id)) {
    if (Date.now() - since > ASKED_MS) break;
    await sleep(LOOK_MS);
  }
  return now;
}

const isStopped = (error: unknown): boolean => error instanceof HoldpointError && error.code === "stopped";

const stopped = (message: string, command: string): HoldpointError =>
  new HoldpointError("stopped", message, { hint: `Look at it with \`${command}\`.` });

/** Whoever stops waiting leaves the run to the server. */
async function leaving<T>(threadId: string, work: Promise<T>): Promise<T> {
  return await work.catch((error: unknown) => {
    if (!isStopped(error)) throw error;
    throw stopped(`Thread "${threadId}" goes on on the server.`, `show ${threadId}`);
  });
}
