/** The rows of a report, and what its chart shows. */
import type { Db } from "../../../sqlite.ts";
import { formatMoney } from "../../store/money.ts";
import { readProducts } from "../../store/products.ts";
import { readTransactions, type Transaction, transactionId } from "../../store/transactions.ts";
import { readTasks } from "../tasks.ts";
import type { Report } from "./query.ts";

/** `money`: whole cents. */
export interface Column {
  readonly name: string;
  readonly kind: "text" | "number" | "money";
}

export type Cell = string | number | null;

interface Point {
  readonly label: string;
  readonly value: number;
}

export interface ReportData {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  readonly chart: { readonly kind: "bar" | "line"; readonly of: Column; readonly points: readonly Point[] };
}

const text = (name: string): Column => ({ name, kind: "text" });
const number = (name: string): Column => ({ name, kind: "number" });
const money = (name: string): Column => ({ name, kind: "money" });

/** As people read it. */
export function shown({ kind }: Column, cell: Cell): string {
  if (cell === null) return "–";
  return kind === "money" ? formatMoney(Number(cell)) : String(cell);
}

/** Where the rows come from. */
export interface Sources {
  readonly store: Db;
  readonly operations: Db;
  readonly tenant: string;
}

export function gather(report: Report, sources: Sources): ReportData {
  const { about } = report;
  if (about === "tasks") return tasks(report, sources);
  if (about === "transactions") return transactions(report, sources);
  return report.groupBy === "price" ? stockByPrice(sources) : stock(report, sources);
}

function stock({ about, atMost = 5 }: Report, { store }: Sources): ReportData {
  const all = readProducts(store);
  const products =
    about === "stock" ? all : all.filter(({ quantity }) => quantity <= atMost).sort((a, b) => a.quantity - b.quantity);
  return {
    columns: [text("item"), text("name"), number("in stock"), money("price"), money("value")],
    rows: products.map(({ id, name, quantity, priceCents }) => [id, name, quantity, priceCents, quantity * priceCents]),
    chart: {
      ...{ kind: "bar", of: number("in stock") },
      points: products.map(({ name, quantity }) => ({ label: name, value: quantity })),
    },
  };
}

/** So wide is a class of prices, in cents. */
const CLASS_CENTS = 25_00;

function stockByPrice({ store }: Sources): ReportData {
  const groups = Map.groupBy(readProducts(store), ({ priceCents }) => Math.floor(priceCents / CLASS_CENTS));
  const rows = [...groups]
    .sort(([a], [b]) => a - b)
    .map(([number_, products]) => {
      const [from, to] = [number_ * CLASS_CENTS, (number_ + 1) * CLASS_CENTS - 1].map(formatMoney);
      const sum = (of: (product: (typeof products)[number]) => number) =>
        products.reduce((all, one) => all + of(one), 0);
      const value = sum(({ quantity, priceCents }) => quantity * priceCents);
      return [`${from} to ${to}`, products.length, sum(({ quantity }) => quantity), value] as const;
    });
  const columns = [text("price"), number("products"), number("in stock"), money("value")];
  return {
    columns,
    rows,
    chart: { kind: "bar", of: number("in stock"), points: rows.map(([label, , value]) => ({ label, value })) },
  };
}

function transactions(report: Report, { store }: Sources): ReportData {
  const { from = "", until = "9999-12-31", groupBy } = report;
  const within = readTransactions(store).filter(({ time }) => time.slice(0, 10) >= from && time.slice(0, 10) <= until);
  if (groupBy !== undefined) return transactionsBy(groupBy, within, store);
  return {
    columns: [text("transaction"), text("time"), text("customer"), text("what"), money("amount"), money("balance")],
    rows: within.map((one) => [
      ...[transactionId(one.number), one.time, one.customer, one.summary, one.amountCents, one.balanceAfterCents],
    ]),
    chart: {
      ...{ kind: "line", of: money("balance") },
      points: within.map((one) => ({ label: transactionId(one.number), value: one.balanceAfterCents })),
    },
  };
}

function transactionsBy(groupBy: string, all: readonly Transaction[], store: Db): ReportData {
  const names = new Map(readProducts(store).map(({ id, name }) => [id, name]));
  const keyOf = ({ time, itemId, customer }: Transaction): string => {
    if (groupBy === "day") return time.slice(0, 10);
    return (groupBy === "product" ? names.get(itemId ?? "") : customer) ?? "–";
  };
  const moved = all.filter(({ amountCents }) => amountCents !== 0); // the opening balance moves nothing
  const rows = [...Map.groupBy(moved, keyOf)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, some]) => [label, some.length, some.reduce((sum, { amountCents }) => sum + amountCents, 0)] as const);
  return {
    columns: [text(groupBy), number("transactions"), money("amount")],
    rows,
    chart: {
      ...{ kind: groupBy === "day" ? "line" : "bar", of: money("amount") },
      points: rows.map(([label, , value]) => ({ label, value })),
    },
  };
}

function tasks({ project, groupBy }: Report, { operations, tenant }: Sources): ReportData {
  const all = readTasks(operations, tenant, { project });
  const count = (by: "assignee" | "status" | "priority") =>
    [...Map.groupBy(all, (task) => task[by] ?? "nobody")]
      .map(([label, some]) => ({ label, value: some.length }))
      .sort((a, b) => b.value - a.value || (a.label < b.label ? -1 : 1));
  const isGrouped = groupBy === "assignee" || groupBy === "status" || groupBy === "priority";
  const points = count(isGrouped ? groupBy : "assignee");
  return {
    columns: isGrouped
      ? [text(groupBy), number("tasks")]
      : [text("task"), text("assignee"), text("due"), text("priority"), text("status")],
    rows: isGrouped
      ? points.map(({ label, value }) => [label, value])
      : all.map(({ title, assignee, due, priority, status }) => [title, assignee, due, priority, status]),
    chart: { kind: "bar", of: number("tasks"), points },
  };
}
