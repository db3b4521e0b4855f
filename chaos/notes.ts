/** What the moves are about: a thread whose requests each write two notes, which can be decided for an hour. */
import { PlanSchema } from "../src/domain/plan.ts";
import type { PlaybookResult } from "../src/planning/playbooks/match.ts";
import { createPolicy } from "../src/policy/policy.ts";
import { createRuntime, type Runtime } from "../src/runtime.ts";
import type { Caller } from "../src/work/threads.ts";
import type { SharedClock } from "./clock.ts";
import { createNotebookAction } from "./notebook.ts";

export const tenant = "acme";
export const threadId = "t";
export const by = (principal: string): Caller => ({ identity: { tenant, principal } });

/** How long a proposal can be decided. */
export const LIFETIME_MINUTES = 60;

/** @param home the folder of the files that all runtimes share */
export async function openNotes(home: string, clock: SharedClock): Promise<Runtime> {
  return await createRuntime(
    { home },
    {
      actions: [createNotebookAction(home)],
      policy: createPolicy({ approvalExpiresMs: LIFETIME_MINUTES * 60_000 }),
      now: () => clock.now(),
      matchRequest,
    },
  );
}

/** Each request has texts of its own, so that what was written tells whose it is. */
function matchRequest(request: string): PlaybookResult {
  const steps = ["a", "b"].map((id) => ({ id, title: id, action: "note", args: { text: `${request}-${id}` } }));
  const plan = PlanSchema.parse({ goal: "Noted.", source: { kind: "playbook", name: "moves" }, steps });
  return { kind: "plan", playbook: "moves", plan };
}

/** Until when a proposal can be decided, ISO 8601 UTC. */
export function deadlineOf({ createdAt }: { createdAt: string }): string {
  return new Date(Date.parse(createdAt) + LIFETIME_MINUTES * 60_000).toISOString();
}
