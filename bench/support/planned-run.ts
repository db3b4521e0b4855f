/** One request from the asking to the answer, with a scripted model, and what the model was asked for it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlanningMode } from "../../src/domain/plan.ts";
import { createRuntime } from "../../src/runtime.ts";
import { snapshotOf } from "../../src/tools/store/views.ts";
import { answerThread } from "../../src/work/answer.ts";
import { startRequest } from "../../src/work/threads.ts";
import { expectCall } from "../../test/support/openai/expect-call.ts";
import { json } from "../../test/support/openai/reply.ts";
import type { Call } from "../../test/support/openai/request.ts";
import { openServer } from "../../test/support/openai/server.ts";
import { clientOf } from "./model.ts";
import type { PlannedRequest } from "./planned-requests.ts";

export const MODES = ["steps", "program", "auto"] as const satisfies readonly PlanningMode[];

interface PlannedRun {
  readonly calls: readonly Call[];
  /** What the store holds in the end, as text, without times. */
  readonly end: string;
}

const caller = { identity: { tenant: "default", principal: "local" } };

/**
 * The model plays the planner and the reflector. It does not play the reviewer, who would be asked once for each
 * transaction, however it was planned.
 * @throws Error when it does not end in success, or the model was called otherwise than scripted
 */
export async function runPlanned(
  { request, planner, reflects }: PlannedRequest,
  mode: PlanningMode,
): Promise<PlannedRun> {
  const isBySteps = planner.steps.some((reply) => planner[mode].includes(reply));
  const reflection = { met: true, missing: [], next: "done", advice: "", answer: "It is done." };
  const turns = [...planner[mode], ...(reflects && isBySteps ? [json(reflection)] : [])];
  const server = await openServer(
    turns.map((reply) => expectCall().answer(reply)),
    "test-key",
  );
  const home = mkdtempSync(join(tmpdir(), "holdpoint-bench-"));
  const client = clientOf(server);
  const runtime = await createRuntime(
    { home, planning: "model", planningMode: mode },
    { policy: { planReview: "never" }, models: { planner: client, reflector: client } },
  );
  try {
    let view = await startRequest(runtime, caller, { request, threadId: "t" });
    while (view.question) {
      view = await answerThread(runtime, caller, "t", ({ proposalId, actions }) => ({
        proposalId,
        decisions: actions.map(({ step }) => ({ type: "approve", step })),
      }));
    }
    const { answer, pause } = view.run;
    if (answer?.status !== "success") throw new Error(`"${request}" in ${mode}: ${JSON.stringify(answer ?? pause)}`);
    server.verify();
    const end = snapshotOf(runtime.store.db).map(({ rows }) => rows.map(({ time: _time, ...row }) => row));
    return { calls: server.calls, end: JSON.stringify(end) };
  } finally {
    await runtime.close();
    await server.close();
    rmSync(home, { recursive: true, force: true });
  }
}
