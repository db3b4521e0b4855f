/** How much is at stake in a write to the store. */
import type { Change, Impact, ImpactLevel } from "../../domain/proposal.ts";
import { parseMoney } from "./money.ts";

/** One transaction on a local file, with room for waiting on another process. */
const DURATION_MS = 20;

/** By the money that the transaction rows move, whichever way. */
export function moneyImpact(changes: readonly Change[]): Impact {
  const amounts = changes.filter(({ table }) => table === "transactions").map(amountOf);
  const amount = amounts.reduce((sum, cents) => sum + Math.abs(cents), 0);
  return { ...impactOf(moneyLevel(amount), changes), amount };
}

/** By the number of units that the inventory rows gain or lose. */
export function stockImpact(changes: readonly Change[]): Impact {
  const units = changes.filter(({ table }) => table === "inventory").map(unitsOf);
  return impactOf(unitsLevel(units.reduce((sum, n) => sum + Math.abs(n), 0)), changes);
}

function impactOf(level: ImpactLevel, changes: readonly Change[]): Impact {
  const resources = changes.map(({ table, key }) => `${table}/${key}`);
  return { level, resources, reversible: true, durationMs: DURATION_MS };
}

function moneyLevel(cents: number): ImpactLevel {
  if (cents < 100_00) return "low";
  if (cents < 1_000_00) return "medium";
  return cents < 10_000_00 ? "high" : "critical";
}

function unitsLevel(units: number): ImpactLevel {
  if (units <= 10) return "low";
  return units <= 100 ? "medium" : "high";
}

function amountOf(change: Change): number {
  return parseMoney(String(change.after?.amount ?? "$0.00"));
}

function unitsOf(change: Change): number {
  return Number(change.after?.quantity_in_stock ?? 0) - Number(change.before?.quantity_in_stock ?? 0);
}
