/** The store before and after a run: what was changed in it beforehand, and whether it ended as expected. */
import { isDeepStrictEqual } from "node:util";
import type { Change, Row } from "../src/domain/proposal.ts";
import { HoldpointError } from "../src/errors.ts";
import type { Store } from "../src/tools/store/database.ts";
import { parseMoney } from "../src/tools/store/money.ts";
import { insertProduct, readProducts } from "../src/tools/store/products.ts";
import type { Ending, Scenario } from "./suite.ts";

export type Tables = ReadonlyMap<string, readonly Row[]>;

export const tablesOf = (store: Store): Tables => new Map(store.snapshot().map(({ table, rows }) => [table, rows]));

/** @throws HoldpointError `usage` for a new product that lacks something */
export function applyData({ db }: Store, { data, name }: Scenario): void {
  for (const { item_id: id, name: called, description, quantity_in_stock: quantity, price } of data.inventory) {
    const known = readProducts(db).find((product) => product.id === id);
    const product = {
      id,
      name: called ?? known?.name,
      description: description ?? known?.description,
      quantity: quantity ?? known?.quantity,
      priceCents: price === undefined ? known?.priceCents : parseMoney(price),
    };
    const missing = Object.entries(product).find(([, value]) => value === undefined)?.[0];
    if (missing !== undefined) {
      throw new HoldpointError("usage", `The scenario "${name}" has a new product ${id} without ${missing}.`);
    }
    db.prepare("delete from inventory where item_id = ?").run(id);
    insertProduct(db, product as Parameters<typeof insertProduct>[1]);
  }
}

/** @returns a sentence for each row that is not as expected: one that is missing, and one that should not have changed */
export function rowProblems(expected: Ending["rows"], before: Tables, after: Tables): string[] {
  return [...after].flatMap(([table, rows]) => {
    const wanted: readonly object[] = expected[table as keyof typeof expected] ?? [];
    const old = before.get(table) ?? [];
    const unchanged = rows.filter((row) => old.some((other) => isDeepStrictEqual(other, row)));
    const changed = rows.filter((row) => !unchanged.includes(row));
    const gone = old.filter((row) => !rows.some((other) => keyOf(other) === keyOf(row)));
    const { missing, unexpected } = pair(wanted, changed, unchanged);
    return [
      ...missing.map((row) => `no row of ${table} is ${shown(row)}`),
      ...unexpected.map((row) => `${table} was not to have ${shown(row)}`),
      ...gone.map((row) => `${table} no longer has ${shown(row)}`),
    ];
  });
}

const keyOf = (row: Row): unknown => Object.values(row)[0];
const shown = (row: object): string => JSON.stringify(row);

/** Whether a row, or any object, has all that is said of it. */
export function fits(said: object, row: object): boolean {
  return Object.entries(said).every(([name, value]) =>
    isDeepStrictEqual((row as Record<string, unknown>)[name], value),
  );
}

/** Gives every expected row a row of its own, those that changed first; of several ways, one that leaves the fewest over. */
function pair(wanted: readonly object[], changed: readonly Row[], unchanged: readonly Row[]) {
  const takenBy = new Map<Row, object>();
  const give = (said: object, tried: Set<Row>): boolean => {
    for (const row of [...changed, ...unchanged]) {
      if (tried.has(row) || !fits(said, row)) continue;
      tried.add(row);
      const owner = takenBy.get(row);
      if (owner === undefined || give(owner, tried)) {
        takenBy.set(row, said);
        return true;
      }
    }
    return false;
  };
  const missing = wanted.filter((said) => !give(said, new Set()));
  return { missing, unexpected: changed.filter((row) => !takenBy.has(row)) };
}

/** What of some actions is forbidden, as a phrase each. */
export function forbiddenIn(
  actions: readonly { readonly action: string; readonly changes: readonly Change[] }[],
  { forbid }: Scenario,
): string[] {
  const found = actions.flatMap(({ action, changes }) => [
    ...(forbid.actions.includes(action) ? [action] : []),
    ...changes
      .filter((change) => forbid.changes.some((said) => fitsChange(said, change)))
      .map(({ table, key }) => `${action} of ${table} ${key}`),
  ]);
  return [...new Set(found)];
}

function fitsChange({ before, after, ...said }: Scenario["forbid"]["changes"][number], change: Change): boolean {
  const fitsRow = (wanted: object | undefined, row: Row | null) => wanted === undefined || fits(wanted, row ?? {});
  return fits(said, change) && fitsRow(before, change.before) && fitsRow(after, change.after);
}
