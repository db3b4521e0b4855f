/** What was answered to requests that may be sent again is kept for a day. */
import { deleteAnswers } from "../../ledger/answered-requests.ts";
import type { Job } from "./task.ts";
import { daysBefore } from "./time.ts";

export const keepAnswers: Job = {
  name: "keep answers",
  run: async ({ runtime, tenant, did }) => {
    const deleted = await deleteAnswers(runtime.ledger, tenant, daysBefore(runtime.now(), 1));
    if (deleted > 0) did("answered requests", `${deleted} removed`);
  },
};
