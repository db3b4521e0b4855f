/** A program over a store of many products: tried as a plan is, and the same work as a plain function. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Program, ProgramOutcome } from "../../src/domain/program.ts";
import type { Change } from "../../src/domain/proposal.ts";
import { recordReads } from "../../src/ledger/reads.ts";
import { startRun } from "../../src/ledger/start-run.ts";
import { createRuntime } from "../../src/runtime.ts";
import { runProgram } from "../../src/sandbox/run-program.ts";
import type { AnyRead, AnyWrite } from "../../src/tools/action.ts";
import type { Found } from "../../src/tools/store/find-products-schema.ts";
import { programFunctions } from "../../src/transaction/program-functions.ts";
import { tryProgram } from "../../src/transaction/try-program.ts";

/** Reads all, filters, computes, sorts, and stages three writes. */
const CODE = `
const { products } = await find_products({});
const few = products.filter(({ quantity }) => quantity < 5);
const worth = ({ price, quantity }) => price * (20 - quantity);
const total = few.reduce((sum, product) => sum + worth(product), 0);
const dearest = few.sort((one, other) => worth(other) - worth(one) || one.id.localeCompare(other.id)).slice(0, 3);
console.log("dearest of", few.length, "are", dearest.map(({ id }) => id).join(", "));
for (const { id } of dearest) {
  await adjust_stock({ item: id, quantity: 20, reason: "topped up" });
}
return { status: "success", answer: "3 of " + few.length + " are topped up; all would take $" + total + "." };`.trim();

const WRITES = 3;

export interface TrialBench {
  /** The whole of trying the program, with a journal of its own. */
  tryOnce(round: number): Promise<ProgramOutcome>;
  /** The same with the same actions, called by a function of this process: nothing is checked, recorded or kept apart. */
  plainly(): Promise<void>;
  /** A program that does nothing: a worker, and a sandbox in it, from their start to their end. */
  startOnly(): Promise<void>;
  close(): Promise<void>;
}

const now = "2026-05-04T10:00:00.000Z";

export async function openTrial(products: number): Promise<TrialBench> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-bench-"));
  const runtime = await createRuntime({ home });
  const { ledger, store, registry } = runtime;
  const insert = store.db.prepare(
    "insert into inventory (item_id, name, description, quantity_in_stock, price_cents) values (?, ?, ?, ?, ?)",
  );
  const fill = store.db.transaction(() => {
    store.db.exec("delete from inventory");
    for (let n = 1; n <= products; n++) {
      insert.run(`P${n}`, `Model ${n}`, "Sunglasses with a frame and two lenses.", n % 40, 5000 + ((n * 37) % 9000));
    }
  });
  fill();
  const identity = { tenant: "default", principal: "local" };
  const stamp = { ...identity, at: now };
  const runId = "run_1";
  await startRun(ledger, stamp, { id: runId, threadId: "t", request: "Measure" });
  const functions = programFunctions(registry.of(identity.tenant));
  const signal = new AbortController().signal;
  const guard = { ledger, identity, signal, stopped: () => false, now: () => now };
  const read = functions.get("find_products") as AnyRead;
  const write = functions.get("adjust_stock") as AnyWrite;
  return {
    tryOnce: async (round) => {
      const fields = { revision: 1, goal: "", why: "", outcome: null };
      const program: Program = { ...fields, number: round, code: CODE, startedAt: now };
      const outcome = await tryProgram({
        ...{ runId, program, functions, guard, concurrency: 8, recorded: [] },
        record: async (read) => (await recordReads(ledger, stamp, runId, [read]))[0],
        objection: () => undefined,
      });
      if (!outcome || outcome instanceof Error || outcome.faults.length > 0 || outcome.writes.length !== WRITES) {
        throw new Error(`The program came to another end: ${JSON.stringify(outcome)}`);
      }
      return outcome;
    },
    plainly: async () => {
      const context = { ...identity, idempotencyKey: "", signal, now, allowedHosts: async () => [] };
      const staged: Change[] = [];
      const { products } = (await read.run({}, { ...context, staged })) as Found;
      const few = products.filter(({ quantity }) => quantity < 5);
      const worth = ({ price, quantity }: (typeof few)[number]) => price * (20 - quantity);
      few.reduce((sum, product) => sum + worth(product), 0);
      const dearest = few.sort((one, other) => worth(other) - worth(one) || one.id.localeCompare(other.id));
      for (const { id } of dearest.slice(0, 3)) {
        const given = { item: id, quantity: 20, reason: "topped up" };
        const args = await write.prepare?.(given, { ...context, staged });
        staged.push(...(await write.preview(args, { ...context, staged })));
      }
      if (staged.length !== WRITES) throw new Error(`It came to another end: ${JSON.stringify(staged)}`);
    },
    startOnly: async () => {
      const call = () => Promise.reject(new Error("nothing is called"));
      const end = await runProgram({ code: "return 1;", names: [...functions.keys()], call, now, signal });
      if (end.kind !== "returned") throw new Error(`It came to another end: ${JSON.stringify(end)}`);
    },
    close: async () => {
      await runtime.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
