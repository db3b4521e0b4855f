/**
 * Queries that are built and compiled once for each kind of database, and only given their values after that: Kysely
 * takes several times as long to build a query as SQLite does to run it.
 */
import type { Compilable, CompiledQuery, DialectAdapter } from "kysely";
import type { Ledger } from "./database.ts";

/** Stands for a value while the query is built. */
class Place {
  readonly of: (values: never) => unknown;

  constructor(of: (values: never) => unknown) {
    this.of = of;
  }
}

/** What is kept of a database goes with it. */
type Kept = WeakMap<DialectAdapter, Map<string, CompiledQuery>>;

async function run<Row>(
  db: Ledger,
  { kept, key, values, build }: { kept: Kept; key: string; values: unknown; build: () => Compilable },
): Promise<Row[]> {
  const { adapter } = db.getExecutor();
  const queries = kept.get(adapter) ?? new Map<string, CompiledQuery>();
  const query = queries.get(key) ?? build().compile();
  if (queries.size === 0) kept.set(adapter, queries);
  if (!queries.has(key)) queries.set(key, query);
  const parameters = query.parameters.map((one) => (one instanceof Place ? one.of(values as never) : one));
  return (await db.executeQuery<Row>({ ...query, parameters })).rows;
}

/**
 * @param build makes the query from the values, which it may only hand on as values: it sees places in their stead. A value
 * that is undefined it sees as it is, and may leave something out for it: that is a query of its own
 * @returns runs the query; the rows that it gives
 */
export function keptQuery<Values extends readonly (string | number | null | undefined)[], Row>(
  build: (db: Ledger, ...values: Values) => Compilable<Row>,
): (db: Ledger, ...values: Values) => Promise<Row[]> {
  const kept: Kept = new WeakMap();
  return async (db, ...values) => {
    const place = (value: unknown, index: number) => value !== undefined && new Place((given: Values) => given[index]);
    const places = () => values.map((value, index) => place(value, index) || undefined) as unknown as Values;
    const key = values.includes(undefined) ? values.map((value) => (value === undefined ? "-" : "+")).join("") : "";
    return await run<Row>(db, { kept, key, values, build: () => build(db, ...places()) });
  };
}

/**
 * So many rows are written by one statement, and any number below the least of these: a database takes only so many
 * values at once, and each number of rows is a query of its own, to be built and prepared.
 */
const ROWS = [128, 64, 32, 16];

/** How many rows the next statement writes, of so many that are left. */
const rowsOf = (left: number): number => ROWS.find((rows) => rows <= left) ?? left;

/**
 * The same for rows to be inserted, each of which has the same fields: as few statements as there are sizes for.
 * @param build makes the query from rows, whose values it may only hand on
 * @returns runs it; the rows that it gives
 */
export function keptInsert<Values extends object, Row>(
  build: (db: Ledger, rows: Values[]) => Compilable<Row>,
): (db: Ledger, rows: readonly Values[]) => Promise<Row[]> {
  const kept: Kept = new WeakMap();
  return async (db, rows) => {
    const names = Object.keys(rows[0] ?? {}) as (keyof Values)[];
    const given: Row[] = [];
    for (let from = 0, next = 0; from < rows.length; from = next) {
      next = from + rowsOf(rows.length - from);
      const values = rows.slice(from, next);
      const place = (row: number, name: keyof Values) => [name, new Place((all: Values[]) => all[row]?.[name])];
      const places = () => values.map((_, row) => Object.fromEntries(names.map((name) => place(row, name))) as Values);
      const key = `${values.length} ${names.join(" ")}`;
      given.push(...(await run<Row>(db, { kept, key, values, build: () => build(db, places()) })));
    }
    return given;
  };
}
