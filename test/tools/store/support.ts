/** Real stores in temporary folders, and contexts to act in. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { Change, Effect } from "../../../src/domain/proposal.ts";
import type { AnyWrite, PreviewContext } from "../../../src/tools/action.ts";
import { createAdjustStock } from "../../../src/tools/store/adjust-stock.ts";
import { createFindProducts } from "../../../src/tools/store/find-products.ts";
import { openStore, type Store } from "../../../src/tools/store/index.ts";
import { parseMoney } from "../../../src/tools/store/money.ts";
import { createSell } from "../../../src/tools/store/sell.ts";
import { createTakeBack } from "../../../src/tools/store/take-back.ts";

export const NOW = "2026-11-05T12:00:00.000Z";

/** A path for a store in a folder that does not exist yet and goes away with the test. */
export function newStorePath(): string {
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "data", "store.sqlite");
}

/** A new store with its actions; closed when the test ends. */
export function newStore(path = newStorePath()) {
  const store = openStore(path);
  onTestFinished(() => store.close());
  return {
    store,
    path,
    find: createFindProducts(store),
    sell: createSell(store),
    takeBack: createTakeBack(store),
    adjust: createAdjustStock(store),
  };
}

export function contextOf(idempotencyKey = "key-1", staged: readonly Change[] = []): PreviewContext {
  const signal = new AbortController().signal;
  return { tenant: "acme", principal: "ann", idempotencyKey, signal, now: NOW, staged };
}

/** The effect that the ledger would have recorded for a key. */
function effectOf(action: AnyWrite, key: string, args: JsonObject = {}): Effect {
  return {
    key,
    runId: "run-1",
    proposalId: "proposal-1",
    position: 0,
    step: "s1",
    action: action.name,
    version: action.version,
    args,
    status: "succeeded",
    attempts: 1,
    undoData: null,
    output: null,
    changes: [],
    note: null,
    createdAt: "2026-11-01T10:00:00.000Z",
  };
}

export function undo(action: AnyWrite, key: string): Promise<string> {
  if (!action.undo) throw new Error(`${action.name} has no undo`);
  return action.undo(effectOf(action, key), contextOf(key));
}

export function stockOf(store: Store, id: string): unknown {
  return rowsOf(store, "inventory").find((row) => row.item_id === id)?.quantity_in_stock;
}

export function rowsOf(store: Store, table: string) {
  return store.snapshot([table])[0]?.rows ?? [];
}

/** Whether each row's balance is the balance before it plus its amount. */
export function isBalanceCarried(store: Store): boolean {
  const rows = rowsOf(store, "transactions").map((row) => ({
    amount: parseMoney(String(row.amount)),
    balance: parseMoney(String(row.balance_after)),
  }));
  return rows.every((row, i) => i === 0 || row.balance === (rows[i - 1]?.balance ?? 0) + row.amount);
}

/** Starts a script of this folder in a process of its own; `go` lets it begin its work. */
export function startScript(name: string, args: readonly string[]) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  return { ready: firstOutput(child), go: () => child.stdin.end("go\n"), result: outputOf(child) };
}

function firstOutput(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("close", (code) => reject(new Error(`the script ended with ${code} before it was ready`)));
  });
}

/** The last line of what the script writes, as JSON. */
function outputOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk) => {
      text += String(chunk);
    });
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(text.trim().split("\n").at(-1) ?? "null"));
      else reject(new Error(`the script ended with ${code}: ${text}`));
    });
  });
}
