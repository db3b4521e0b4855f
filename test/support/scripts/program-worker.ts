/**
 * A process that plans by a program: `program-worker.ts <home> <url> <key> ask|go-on [<where to die>]`. It asks on the
 * thread `t`, or goes on with it; where to die is a statement, see chaos/points.ts, as JSON.
 */
import { killAt } from "../../../chaos/kill-at.ts";
import { continueThread, startRequest } from "../../../src/work/threads.ts";
import { openSlowPrograms } from "../slow-programs.ts";

const [home = "", url = "", apiKey = "", what, at] = process.argv.slice(2);
if (at !== undefined) killAt(JSON.parse(at));
const runtime = await openSlowPrograms(home, { url, apiKey });
const caller = { identity: { tenant: "acme", principal: "alice" } };
if (what === "ask") await startRequest(runtime, caller, { request: "Weigh all of it.", threadId: "t" });
else await continueThread(runtime, caller, "t");
await runtime.close();
