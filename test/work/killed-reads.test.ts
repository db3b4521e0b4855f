/** A process that dies in the middle of a wide fan: what was finished is not read again. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { checkAudit } from "../../src/ledger/audit-check.ts";
import { listReads } from "../../src/ledger/reads.ts";
import { recoverRuns } from "../../src/work/recover.ts";
import { spawnScript } from "../support/child.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { openReadsRuntime, READS } from "../support/reads-runtime.ts";
import { bob } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const ANSWERED = 10;

/** Answers the first pages at once, and holds the others until it is told otherwise. */
async function openPages() {
  const asked: string[] = [];
  const state = { holds: true };
  const server = createServer((request, response) => {
    const page = request.url?.slice(1) ?? "";
    asked.push(page);
    if (!state.holds || Number(page.slice(1)) < ANSWERED) response.end(`This is ${page}.`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

it("repeats only the reads that were in flight when the process was killed", async () => {
  const home = tempDir();
  const { asked, state, url } = await openPages();
  const worker = spawnScript("test/support/scripts/reads-worker.ts", [home, url]);
  onTestFinished(() => void worker.process.kill("SIGKILL"));
  const ledger = await openLedgerOf(home);
  const [run] = await until(
    () => ledger.selectFrom("runs").select("id").execute(),
    (runs) => runs.length === 1,
  );
  const recorded = () => listReads(ledger, "acme", run?.id ?? "");
  await until(recorded, (reads) => reads.length === ANSWERED && asked.length === READS);
  worker.process.kill("SIGKILL");
  expect((await worker.ended).status).toBeNull();
  expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted());

  state.holds = false;
  await ledger.updateTable("runs").set({ aliveUntil: null }).execute(); // it is not believed to be alive any more
  await ledger.destroy();
  const runtime = await openReadsRuntime(home, url);
  onTestFinished(() => runtime.close());
  const before = asked.length;
  expect(await recoverRuns(runtime, bob)).toMatchObject([{ outcome: "ended", run: { answer: { status: "success" } } }]);
  const inFlight = Array.from({ length: READS - ANSWERED }, (_, n) => `p${n + ANSWERED}`);
  expect(asked.slice(before, -1).toSorted()).toEqual(inFlight.toSorted());
  expect(asked.at(-1)).toBe("last");
  expect((await listReads(runtime.ledger, "acme", run?.id ?? "")).map(({ status }) => status)).toEqual(
    Array.from({ length: READS + 1 }, () => "succeeded"),
  );
  expect((await checkAudit(runtime.ledger, "acme")).fault).toBeNull();
});

async function until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await sleep(20);
  }
}
