/** A process that reads many pages at once, to be killed at it: `reads-worker.ts <home> <url>`. */
import { startRequest } from "../../../src/work/threads.ts";
import { openReadsRuntime } from "../reads-runtime.ts";

const [home = "", url = ""] = process.argv.slice(2);
const runtime = await openReadsRuntime(home, url);
await startRequest(runtime, { identity: { tenant: "acme", principal: "alice" } }, { request: "read", threadId: "t" });
await runtime.close();
