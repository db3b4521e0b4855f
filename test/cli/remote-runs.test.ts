/** Runs by a server: what a command that waits for one hears, and what becomes of the run when it stops waiting. */
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { remoteBackend } from "../../src/cli/remote-backend.ts";
import { createClient } from "../../src/client/index.ts";
import type { ProgressEvent } from "../../src/domain/progress.ts";
import { createRuntime } from "../../src/runtime.ts";
import { defineAction } from "../../src/tools/action.ts";
import { openServer } from "../support/server.ts";
import { tempDir } from "../support/temp.ts";

/** A server with runs that read until they are let go, each with two steps. */
async function opened() {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const look = defineAction({
    ...{ kind: "read", name: "look", version: 1, title: "Look", description: "Looks." },
    input: z.strictObject({ long: z.boolean() }),
    output: z.strictObject({ seen: z.boolean() }),
    run: async ({ long }) => {
      if (long) await released;
      return { seen: true };
    },
    summarize: () => "Seen.",
  });
  const step = (id: string, long: boolean, dependsOn: string[]) => {
    return { id, title: `Look ${id}`, action: "look", args: { long }, dependsOn };
  };
  const matchRequest = (request: string) => ({
    kind: "plan" as const,
    playbook: "test",
    plan: {
      goal: request,
      source: { kind: "playbook" as const, name: "test" },
      steps: [step("a", true, []), step("b", false, ["a"])],
    },
  });
  const runtime = await createRuntime({ home: tempDir() }, { actions: [look], matchRequest });
  onTestFinished(() => runtime.close());
  const server = await openServer(runtime);
  const client = createClient({ url: server.url, key: await server.keyOf("default/alice") });
  return { client, release: () => release() };
}

it("progress is told of, from where the run stands", async () => {
  const { client, release } = await opened();
  const told: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent) => {
    told.push(event);
    if (event.steps.some(({ id }) => id === "a")) release();
  };
  const { run } = await remoteBackend(client, { onProgress }).start({ request: "look" });
  expect(run.answer?.status).toBe("success");
  const [first] = told;
  expect(first?.steps.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(told.at(-1)?.percent ?? 0).toBeGreaterThanOrEqual(first?.percent ?? 0);
});

it("whoever stops waiting leaves the run to the server", async () => {
  const { client, release } = await opened();
  const stop = new AbortController();
  const onProgress = () => stop.abort();
  const waiting = remoteBackend(client, { onProgress, signal: stop.signal }).start({ request: "look" });
  await expect(waiting).rejects.toMatchObject({
    code: "stopped",
    message: expect.stringMatching(/^Thread "t-\w+" goes on on the server\.$/),
  });
  release();
  const backend = remoteBackend(client, {});
  const [run] = await backend.list({});
  const rested = await backend.goOn(run?.threadId ?? "").catch(() => undefined);
  for (let tries = 0; tries < 100 && (await backend.view(run?.threadId ?? "")).run.status !== "ended"; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect((rested ?? (await backend.view(run?.threadId ?? ""))).run.threadId).toBe(run?.threadId);
  expect((await backend.view(run?.threadId ?? "")).run.answer?.status).toBe("success");
});
