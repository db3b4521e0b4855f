/**
 * Invariant 7: dropping, mistyping or overflowing any fact never turns a deny into an allow. By default 1,000 mutations
 * are tried; `RULE_MUTATIONS=10000` tries more.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Json } from "../../src/domain/json.ts";
import { strictest } from "../../src/policy/policy.ts";
import { evaluateRules, parseRules, type Rule } from "../../src/policy/rules.ts";
import { defaultFacts } from "./facts.ts";

const runs = Number(process.env.RULE_MUTATIONS ?? 1000);

/** Conditions that hold of the default facts, between them of every fact. */
const CONDITIONS = [
  'action.name == "sell"',
  "action.version >= 1",
  'action.title.contains("Aviators")',
  'action.title != "Sell nothing"',
  'action.step in ["s1", "s2"]',
  'action.reversibility == "reversible"',
  'action.reversibility != "irreversible"',
  "action.args.quantity > 1.0",
  "action.args.quantity == 2",
  'action.args.item == "SG001"',
  'action.args.item in ["SG001", "SG002"]',
  'action.args.item.matches("^SG")',
  'action.args == {"item": "SG001", "quantity": 2, "customer": null}',
  "action.args.customer == null",
  'impact.level == "medium"',
  "impact.rank > 0",
  "impact.rank != 0",
  '"products/SG001" in impact.resources',
  "impact.reversible",
  "impact.durationMs > 500",
  "changes.exists(c, c.after.stock < 22)",
  'changes.all(c, c.table == "products")',
  "changes[0].before.stock - changes[0].after.stock > 1.0",
  'changes.exists_one(c, c.key == "SG001")',
  "size(changes) > 0",
  "rows > 0",
  "rows == 1",
  'run.requester == "alice"',
  'run.requester != "bob"',
  'run.request.startsWith("Buy")',
  'run.id != "run_2"',
  'tenant == "acme"',
  'tenant in ["acme"]',
  "transaction.size < 2",
  '"sell" in transaction.actions',
  "!edited",
  "edited == false",
] as const;

const rulesOf = (when: string): Rule[] =>
  parseRules([{ name: "deny", when, effect: "deny", reason: "No." }], { actions: ["sell"], where: "rules" });
const compiled = new Map(CONDITIONS.map((when) => [when, rulesOf(when)]));

type Path = readonly (string | number)[];

/** Every place in a value, but for its whole. */
function placesIn(value: unknown, at: Path = []): Path[] {
  const here = at.length > 0 ? [at] : [];
  if (typeof value !== "object" || value === null) return here;
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [...here, ...keys.flatMap((key) => placesIn((value as Record<string | number, unknown>)[key], [...at, key]))];
}

const DROP = Symbol("drop");

function changed(root: object, path: Path, mutation: unknown): object {
  const copy = structuredClone(root) as Record<string | number, unknown>;
  const owner = path.slice(0, -1).reduce((value, key) => value[key] as typeof copy, copy);
  const last = path.at(-1) ?? "";
  if (mutation === DROP) delete owner[last];
  else owner[last] = mutation;
  return copy;
}

const kindOf = (value: unknown) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
const valueAt = (root: object, path: Path) =>
  path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], root);

/** What is not there, of another kind, or beyond what its kind can be. */
const mutationOf = (value: unknown) => {
  const others: unknown[] = [DROP, undefined, null, true, "", "x", 0, 7, -1, [], {}, [1], { x: 1 }, 10n, () => true];
  const wrong = others.filter((other) => other === DROP || kindOf(other) !== kindOf(value));
  const beyond = typeof value === "number" ? [Number.NaN, Infinity, -Infinity, 2 ** 53, 2 ** 64, 1e308] : [];
  return fc.oneof(
    fc.constantFrom(...wrong, ...beyond),
    fc.jsonValue().filter((other: unknown) => kindOf(other) !== kindOf(value)) as fc.Arbitrary<Json>,
  );
};

it("conditions hold of the facts that they are tried on", () => {
  for (const [when, rules] of compiled) {
    expect(evaluateRules(rules, defaultFacts()), when).toMatchObject([{ reason: 'Rule "deny": No.' }]);
  }
});

it(`a fact that is dropped, mistyped or overflows lets nothing pass that was denied (${runs} mutations)`, () => {
  const facts = defaultFacts();
  const mutations = fc
    .constantFrom(...placesIn(facts))
    .chain((path) => fc.record({ path: fc.constant(path), mutation: mutationOf(valueAt(facts, path)) }));
  fc.assert(
    fc.property(fc.constantFrom(...CONDITIONS), mutations, (when, { path, mutation }) => {
      // An argument or a row may hold any number: one that is larger is another value, not one that overflows.
      const isFree = path.includes("args") || path.includes("before") || path.includes("after");
      fc.pre(
        !(
          isFree &&
          typeof mutation === "number" &&
          Number.isFinite(mutation) &&
          kindOf(valueAt(facts, path)) === "number"
        ),
      );
      // That nothing is there is what this one asks for.
      fc.pre(!(when === "action.args.customer == null" && path.at(-1) === "customer"));
      const findings = evaluateRules(compiled.get(when) ?? [], changed(facts, path, mutation));
      return strictest(findings, "allow") === "deny";
    }),
    { numRuns: runs },
  );
});
