/** Suites: scenarios in YAML, each a request to the example store and what is to come of it. */
import { z } from "zod";
import { AnswerSchema } from "../src/domain/answer.ts";
import { JsonObjectSchema } from "../src/domain/json.ts";
import { type Fault, faultsOf } from "../src/policy/faults.ts";
import { readYaml } from "../src/policy/yaml-file.ts";

const text = z.string().min(1).max(4000);
const price = z.string().regex(/^\$\d{1,3}(,\d{3})*\.\d\d$/, 'expected text such as "$80.00"');

/** A row as `reseed` shows it; what is not said of it does not matter. */
const InventoryRowSchema = z
  .strictObject({ item_id: text, name: text, description: text, quantity_in_stock: z.int().min(0), price })
  .partial();
const TransactionRowSchema = z
  .strictObject({
    transaction_id: text,
    customer_name: text.nullable(),
    summary: text,
    amount: text,
    balance_after: text,
    time: text,
  })
  .partial();

/** A product that is changed before the request, by its id; one of another id is new, and needs all fields. */
const ProductSchema = InventoryRowSchema.extend({ item_id: z.string("a product needs its item_id").min(1) });

/** A change, proposed or made: what is not said of it does not matter. */
const ChangeSchema = z
  .strictObject({ table: text, key: text, before: JsonObjectSchema, after: JsonObjectSchema })
  .partial();

/** What a person says to a question; see person.ts. */
const PersonSchema = z.union(
  [
    z.literal("approve"),
    z.strictObject({ reject: text }),
    z.strictObject({ edit: z.strictObject({ action: text, args: JsonObjectSchema }) }),
  ],
  "expected approve, { reject: <why> } or { edit: { action: <name>, args: <what is to be different> } }",
);

const { status } = AnswerSchema.shape;

/** How a run ends, what is in the store then, and what was said. */
const EndingSchema = z.strictObject(
  {
    /** One of these. */
    status: z.union([status, z.array(status).min(1)], `expected ${status.options.join(", ")}, or a list of them`),
    /** The rows that are other or new in the end. Every other row is as it was. */
    rows: z
      .strictObject({
        inventory: z.array(InventoryRowSchema).default([]),
        transactions: z.array(TransactionRowSchema).default([]),
      })
      .prefault({}),
    /** What the answer says, in any case. */
    says: z.array(text).default([]),
  },
  "expected how the run is to end: status, and where they matter rows and says",
);
export type Ending = z.output<typeof EndingSchema>;

const ScenarioSchema = z.strictObject({
  name: z.string("a scenario needs a name").regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "a name is small letters, digits and -"),
  /** What it tries, for whoever reads the suite. */
  about: text.optional(),
  request: text,
  /** The playbooks understand it, too: it can be run without any model. */
  playbooks: z.literal(true, "expected true, or nothing").optional(),
  data: z.strictObject({ inventory: z.array(ProductSchema).default([]) }).prefault({}),
  /** What is said to the first question, the second, and so on; to any after that, approve. */
  answers: z.array(PersonSchema).default([]),
  expect: EndingSchema,
  /** Other endings that are as good. */
  or: z.array(EndingSchema).default([]),
  /** What is not even to be proposed. */
  forbid: z
    .strictObject({ actions: z.array(text).default([]), changes: z.array(ChangeSchema).default([]) })
    .prefault({}),
});
export type Scenario = z.output<typeof ScenarioSchema>;
export type PersonAnswer = z.output<typeof PersonSchema>;

const SuiteSchema = z.strictObject(
  { scenarios: z.array(ScenarioSchema).min(1) },
  "expected `scenarios:` with a list of scenarios",
);

/**
 * @param actions the names of those that there are
 * @throws HoldpointError `usage` that names file, line and column of each fault
 */
export function loadSuite(path: string, actions: readonly string[]): Scenario[] {
  const file = readYaml(path, "docs/evaluation.md");
  const parsed = SuiteSchema.safeParse(file.content);
  if (!parsed.success) throw file.error(faultsOf(parsed.error, file.content));
  const { scenarios } = parsed.data;
  const faults = scenarios.flatMap((scenario, index) =>
    [...nameFaults(scenarios, scenario, index), ...actionFaults(scenario, actions)].map((fault) => ({
      ...fault,
      path: ["scenarios", index, ...fault.path],
    })),
  );
  if (faults.length > 0) throw file.error(faults);
  return scenarios;
}

function nameFaults(all: readonly Scenario[], { name }: Scenario, index: number): Fault[] {
  const earlier = all.findIndex((other) => other.name === name);
  return earlier === index ? [] : [{ path: ["name"], message: `another scenario is called "${name}"` }];
}

function actionFaults({ answers, forbid }: Scenario, actions: readonly string[]): Fault[] {
  const named: [string, PropertyKey[]][] = [
    ...answers.flatMap((answer, index): [string, PropertyKey[]][] =>
      typeof answer === "object" && "edit" in answer
        ? [[answer.edit.action, ["answers", index, "edit", "action"]]]
        : [],
    ),
    ...forbid.actions.map((action, index): [string, PropertyKey[]] => [action, ["forbid", "actions", index]]),
  ];
  return named
    .filter(([action]) => !actions.includes(action))
    .map(([action, path]) => ({ path, message: `there is no action "${action}"; there are ${actions.join(", ")}` }));
}
