/** One of two workers, each in a thread with its own connections, that recover the same run at the same moment. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { recoverRuns } from "../src/work/recover.ts";
import { openRace, worker } from "./races.ts";

const barrier = new Int32Array(workerData as SharedArrayBuffer);

parentPort?.on("message", async (home: string) => {
  const runtime = await openRace(home, (text) => appendFileSync(join(home, "written"), `${text}\n`));
  // Both begin when both are ready.
  Atomics.add(barrier, 0, 1);
  while (Atomics.load(barrier, 0) < 2) Atomics.wait(barrier, 0, 1, 5);
  Atomics.notify(barrier, 0);
  const [recovered] = await recoverRuns(runtime, worker);
  await runtime.close();
  parentPort?.postMessage(recovered?.outcome ?? "nothing");
});
