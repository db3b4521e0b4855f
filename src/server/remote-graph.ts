/**
 * The graph as an Agent Server runs it, with the interface that the rest of Holdpoint has of a compiled one: threads and
 * checkpoints are the server's, and each call is made as whoever asked, so that the server's own rules hold.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { GraphInterrupt, RemoteException, type StateSnapshot } from "@langchain/langgraph";
import { RemoteGraph } from "@langchain/langgraph/remote";
import type { Client } from "@langchain/langgraph-sdk";
import { ERROR_CODES, type ErrorCode, HoldpointError } from "../errors.ts";
import type { HoldpointGraph } from "../graph/build.ts";

/** What of a compiled graph is used outside of it. */
type GraphHandle = Pick<HoldpointGraph, "invoke" | "stream" | "getState" | "updateState">;

/**
 * @param client reaches the server, as somebody
 * @param graphId the graph's name in langgraph.json
 */
export function remoteGraph(client: Client, graphId: string): HoldpointGraph {
  const remote = new RemoteGraph({ graphId, client });
  const stream = async (input: unknown, options: CallOptions = {}) =>
    untilAsked(await remote.stream(input as never, options).catch(fail), async () => {
      const threadId = options.configurable?.thread_id;
      if (threadId !== undefined) await untilIdle(client, threadId);
    });
  const handle: Record<keyof GraphHandle, unknown> = {
    stream,
    invoke: async (input: unknown, options?: CallOptions) => {
      let state: unknown;
      for await (const values of await stream(input, { ...options, streamMode: "values" })) state = values;
      return state;
    },
    getState: async (config: Parameters<typeof remote.getState>[0]) =>
      await remote.getState(config).then(withInterruptIds, (error: unknown) => {
        if (statusOf(error) === 404) return NOTHING;
        throw fromServer(error);
      }),
    updateState: async (...given: Parameters<typeof remote.updateState>) =>
      await remote.updateState(...given).catch(fail),
  };
  return handle as unknown as HoldpointGraph;
}

/** A thread that is not there yet. */
const NOTHING = { values: {}, next: [], tasks: [], config: {} } as unknown as StateSnapshot;

interface CallOptions {
  readonly configurable?: { readonly thread_id?: string };
  readonly streamMode?: "values";
}

/** A question ends a local stream, and a remote one by an exception, before the server is done with the thread. */
async function* untilAsked(chunks: AsyncIterable<unknown>, ended: () => Promise<void>): AsyncGenerator<unknown> {
  try {
    yield* chunks;
  } catch (error) {
    if (!(error instanceof GraphInterrupt)) throw fromServer(error);
    await ended();
  }
}

const LOOK_MS = 10;
const PATIENCE_MS = 5_000;

/** Until then the server takes no other call on the thread. */
async function untilIdle(client: Client, threadId: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(LOOK_MS)) {
    if ((await client.threads.get(threadId)).status !== "busy") return;
  }
}

/** The SDK gives the id of an interrupt another name than the library does. */
function withInterruptIds(snapshot: StateSnapshot): StateSnapshot {
  const tasks = snapshot.tasks.map((task) => ({
    ...task,
    interrupts: task.interrupts.map((one) => {
      const { interrupt_id: id = one.id, ...rest } = one as typeof one & { interrupt_id?: string };
      return { ...rest, ...(id === undefined ? {} : { id }) };
    }),
  }));
  return { ...snapshot, tasks };
}

const fail = (error: unknown): never => {
  throw fromServer(error);
};

/** Errors of nodes come by name and message, those of the server by their status. */
function fromServer(error: unknown): unknown {
  const status = statusOf(error);
  if (status !== undefined) return fromStatus(status, error);
  if (!(error instanceof RemoteException)) return error;
  const said = read(error.message);
  const code = /^HoldpointError \[(\w+)\]$/.exec(said.error ?? "")?.[1];
  const isKnown = ERROR_CODES.includes(code as ErrorCode);
  return isKnown ? new HoldpointError(code as ErrorCode, said.message ?? "", { cause: error }) : error;
}

/** The SDK's errors of HTTP carry their status; their class is not exported. */
const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && "status" in error && typeof error.status === "number" ? error.status : undefined;

function fromStatus(status: number, cause: unknown): HoldpointError {
  if (status === 401) return new HoldpointError("unauthenticated", "The Agent Server does not know who calls.");
  if (status === 403) return new HoldpointError("denied", "The Agent Server does not let the caller do that.");
  if (status === 404) return new HoldpointError("unknown_thread", "The Agent Server has no such thread.");
  if (status === 400) {
    const hint = "Ids of threads are UUIDs there; leave the thread out for a new one.";
    return new HoldpointError("usage", "The Agent Server did not take the request.", { hint, cause });
  }
  if (status !== 409 && status !== 422) {
    return new HoldpointError("storage", `The Agent Server answered ${status}.`, { cause });
  }
  const message = "The Agent Server did not take it: something is under way on the thread.";
  return new HoldpointError("busy", message, { hint: "Look at it in a moment.", cause });
}

function read(text: string): { error?: string; message?: string } {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}
