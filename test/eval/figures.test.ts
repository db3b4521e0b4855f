/** The figures of an evaluation: pass^k, and what is counted as the right end. Row P7. */
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { applyData, fits, forbiddenIn, rowProblems, tablesOf } from "../../eval/end-state.ts";
import { passHatK } from "../../eval/pass-k.ts";
import type { Scenario } from "../../eval/suite.ts";
import { openStore } from "../../src/tools/store/index.ts";

describe("pass^k", () => {
  it.each([
    [5, 5, 1, 1],
    [5, 5, 5, 1],
    [5, 0, 1, 0],
    [4, 3, 1, 0.75],
    [4, 3, 2, 0.5], // C(3,2) / C(4,2) = 3 / 6
    [4, 3, 3, 0.25], // C(3,3) / C(4,3) = 1 / 4
    [4, 3, 4, 0],
    [8, 6, 3, 20 / 56],
    [100, 99, 100, 0],
  ])("of %i runs, %i passed, at %i: %f", (runs, passed, k, value) => {
    expect(passHatK({ runs, passed, k })).toBeCloseTo(value, 12);
  });

  it("is the share of the ways to choose k runs in which all passed", () => {
    const cases = fc.record({
      outcomes: fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
      k: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(cases, ({ outcomes, k }) => {
        fc.pre(k <= outcomes.length);
        const chosen = subsets(outcomes, k);
        const share = chosen.filter((some) => some.every(Boolean)).length / chosen.length;
        expect(passHatK({ runs: outcomes.length, passed: outcomes.filter(Boolean).length, k })).toBeCloseTo(share, 10);
      }),
    );
  });
});

function subsets<T>([first, ...rest]: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  if (first === undefined) return [];
  return [...subsets(rest, size - 1).map((some) => [first, ...some]), ...subsets(rest, size)];
}

describe("the end state", () => {
  const scenario = (more: object) => ({ name: "s", data: { inventory: [] }, ...more }) as unknown as Scenario;
  const open = () => {
    const store = openStore(":memory:");
    onTestFinished(() => store.close());
    return store;
  };
  const sell = (store: ReturnType<typeof open>) => {
    store.db.prepare("update inventory set quantity_in_stock = 9 where item_id = 'SG005'").run();
    const insert =
      "insert into transactions (customer_name, summary, amount_cents, balance_after_cents, time) values (?, 's', 6000, 56000, 't')";
    store.db.prepare(insert).run("Alice");
  };

  it.each<[string, object, string[]]>([
    [
      "all that changed",
      { inventory: [{ item_id: "SG005", quantity_in_stock: 9 }], transactions: [{ customer_name: "Alice" }] },
      [],
    ],
    [
      "what has not changed besides",
      { inventory: [{ item_id: "SG005" }, { item_id: "SG001", quantity_in_stock: 23 }], transactions: [{}] },
      [],
    ],
    ["nothing", {}, ["inventory was not to have", "transactions was not to have"]],
    [
      "another value",
      { inventory: [{ item_id: "SG005", quantity_in_stock: 8 }], transactions: [{}] },
      ["no row of inventory is", "inventory was not to have"],
    ],
    [
      "one row too many",
      { inventory: [{ item_id: "SG005" }], transactions: [{ customer_name: "Alice" }, { customer_name: "Alice" }] },
      ["no row of transactions is"],
    ],
    ["one row too few", { inventory: [{ item_id: "SG005" }] }, ["transactions was not to have"]],
  ])("is compared with %s", (_what, expected, problems) => {
    const store = open();
    const before = tablesOf(store);
    expect(rowProblems(scenario({ expect: { rows: {} } }).expect.rows, before, tablesOf(store))).toEqual([]);
    sell(store);
    const found = rowProblems(expected as Scenario["expect"]["rows"], before, tablesOf(store));
    expect(found.map((problem, index) => problem.startsWith(problems[index] ?? "-"))).toEqual(problems.map(() => true));
  });

  it("gives each expected row a row of its own, whichever is said first", () => {
    const store = open();
    const before = tablesOf(store);
    sell(store);
    store.db
      .prepare(
        "insert into transactions (customer_name, summary, amount_cents, balance_after_cents, time) values ('Bob', 's', 1, 1, 't')",
      )
      .run();
    const rows = { inventory: [{ item_id: "SG005" }], transactions: [{ summary: "s" }, { customer_name: "Alice" }] };
    expect(rowProblems(rows, before, tablesOf(store))).toEqual([]);
    expect(rowProblems({ ...rows, transactions: rows.transactions.toReversed() }, before, tablesOf(store))).toEqual([]);
  });

  it("misses a row that is gone", () => {
    const store = open();
    const before = tablesOf(store);
    store.db.prepare("delete from inventory where item_id = 'SG003'").run();
    const [problem] = rowProblems({ inventory: [], transactions: [] }, before, tablesOf(store));
    expect(problem).toContain("inventory no longer has");
  });

  it("begins with the data of the scenario", () => {
    const store = open();
    const galaxy = { item_id: "SG007", name: "Galaxy", description: "d", quantity_in_stock: 1, price: "$1,000.00" };
    applyData(store, scenario({ data: { inventory: [{ item_id: "SG001", quantity_in_stock: 0 }, galaxy] } }));
    const rows = tablesOf(store).get("inventory") ?? [];
    expect(rows).toHaveLength(7);
    expect(rows.filter((row) => fits({ item_id: "SG001", name: "Aviator", quantity_in_stock: 0 }, row))).toHaveLength(
      1,
    );
    expect(rows.filter((row) => fits(galaxy, row))).toHaveLength(1);
    expect(() => applyData(store, scenario({ data: { inventory: [{ item_id: "SG008" }] } }))).toThrow(
      'The scenario "s" has a new product SG008 without name.',
    );
  });

  it("may forbid actions, and changes by table, row and values", () => {
    const change = {
      table: "inventory",
      key: "SG001",
      before: { quantity_in_stock: 3 },
      after: { quantity_in_stock: 0 },
    };
    const actions = [
      { action: "adjust_stock", changes: [change] },
      { action: "sell", changes: [] },
    ];
    const found = (forbid: object) =>
      forbiddenIn(actions, scenario({ forbid: { actions: [], changes: [], ...forbid } }));
    expect(found({})).toEqual([]);
    expect(found({ actions: ["sell", "take_back"] })).toEqual(["sell"]);
    expect(found({ changes: [{ table: "inventory" }] })).toEqual(["adjust_stock of inventory SG001"]);
    expect(found({ changes: [{ key: "SG001", after: { quantity_in_stock: 0 } }] })).toHaveLength(1);
    expect(
      found({ changes: [{ key: "SG002" }, { before: { quantity_in_stock: 0 } }, { table: "transactions" }] }),
    ).toEqual([]);
  });
});
