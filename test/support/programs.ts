/** Runtimes over the example store whose planner writes programs, played by a scripted server. */
import { onTestFinished } from "vitest";
import type { PlanningMode } from "../../src/domain/plan.ts";
import { createRuntime, type RuntimeOverrides, type StoreRuntime } from "../../src/runtime.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest, type ThreadView } from "../../src/work/threads.ts";
import { clientOf } from "./openai/client.ts";
import type { OpenAIServer } from "./openai/server.ts";
import { expectCall, json } from "./openai-server.ts";
import { alice, approveAll } from "./runtime.ts";
import { tempDir } from "./temp.ts";

interface Options extends RuntimeOverrides {
  /** What the planner plans. */
  mode?: PlanningMode;
  home?: string;
}

/** The planner is the only model. */
export async function openPrograms(
  server: OpenAIServer,
  { mode = "program", home = tempDir(), ...overrides }: Options = {},
): Promise<StoreRuntime> {
  const runtime = await createRuntime(
    { home, planning: "model", planningMode: mode },
    { policy: { planReview: "never" }, models: { planner: clientOf(server) }, ...overrides },
  );
  onTestFinished(() => runtime.close());
  return runtime;
}

/** A call for a program. @param user what its data holds */
export const programmer = (user: RegExp | string = /<functions>/) => expectCall({ user });

/** What the model answers: the body of a program. */
export const program = (code: string, goal = "It is done.") => json({ goal, code: code.trim() });

/** Asks as Alice. */
export const ask = (runtime: StoreRuntime, request: string, threadId?: string): Promise<ThreadView> =>
  startRequest(runtime, alice, { request, ...(threadId === undefined ? {} : { threadId }) });

/** Approves all that is asked, as Alice. */
export const approve = (runtime: StoreRuntime, { threadId }: ThreadView): Promise<ThreadView> =>
  answerThread(runtime, alice, threadId, approveAll);
