/** Actions as TypeScript declarations, made from their JSON Schemas: what a model writes a program against. */

/** A function that a program may call. */
export interface DeclaredFunction {
  readonly name: string;
  readonly kind: "read" | "write";
  readonly description: string;
  /** JSON Schema of what it takes, and of what it gives; a write gives what it would change instead. */
  readonly input: object;
  readonly output: object;
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

/** Deeper than this a type is `unknown`. */
const MAX_DEPTH = 12;

/** What every write gives: what it would change. */
const STAGED =
  "type Row = Record<string, string | number | boolean | null>;\ninterface Staged { changes: { table: string; key: string; before: Row | null; after: Row | null }[] }\n";

/** @returns a declaration for each function, with its purpose and the descriptions of its fields as comments */
export function declareFunctions(functions: readonly DeclaredFunction[]): string {
  const staged = functions.some(({ kind }) => kind === "write") ? STAGED : "";
  const declared = functions
    .map(({ name, kind, description, input, output }) =>
      [
        `/** ${inComment(description)}${kind === "write" ? " WRITES." : ""} */`,
        `declare function ${name}(args: ${typeOf(input)}): Promise<${kind === "write" ? "Staged" : typeOf(output)}>;`,
      ].join("\n"),
    )
    .join("\n");
  return staged + declared;
}

/** @returns the type that a JSON Schema (draft 2020-12) describes; `unknown` where none can be said */
export function typeOf(schema: object | boolean | undefined, depth = 0): string {
  if (schema === undefined || typeof schema === "boolean" || depth > MAX_DEPTH) return "unknown";
  const one = schema as Schema;
  if ("const" in one) return literal(one.const);
  if (one.enum) return union(one.enum.map(literal));
  const options = one.anyOf ?? one.oneOf;
  if (options) return union(options.map((option) => typeOf(option, depth + 1)));
  if (one.allOf) return one.allOf.map((part) => typeOf(part, depth + 1)).join(" & ");
  const types = typeof one.type === "string" ? [one.type] : (one.type ?? []);
  return types.length === 0 ? unnamed(one, depth) : union(types.map((type) => namedType(type, one, depth)));
}

const unnamed = (schema: Schema, depth: number): string => (schema.properties ? objectType(schema, depth) : "unknown");

function namedType(type: string, schema: Schema, depth: number): string {
  if (type === "object") return objectType(schema, depth);
  if (type === "array") return arrayType(schema, depth);
  return { string: "string", number: "number", integer: "number", boolean: "boolean", null: "null" }[type] ?? "unknown";
}

function arrayType({ items, prefixItems }: Schema, depth: number): string {
  if (prefixItems) return `[${prefixItems.map((item) => typeOf(item, depth + 1)).join(", ")}]`;
  const item = typeOf(items, depth + 1);
  return /[ |&]/.test(item) && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema, depth: number): string {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const { description } = schema;
    const about = description === undefined ? "" : ` /* ${inComment(description)} */`;
    return `${nameOf(name)}${required.includes(name) ? "" : "?"}: ${typeOf(schema, depth + 1)}${about}`;
  });
  if (fields.length > 0) return `{ ${fields.join("; ")} }`;
  return typeof additionalProperties === "object"
    ? `Record<string, ${typeOf(additionalProperties, depth + 1)}>`
    : "Record<string, unknown>";
}

const nameOf = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

const literal = (value: unknown): string => JSON.stringify(value) ?? "unknown";

const union = (types: readonly string[]): string => [...new Set(types)].join(" | ") || "never";

/** A description comes from an action; it ends no comment and takes one line. */
const inComment = (text: string): string => text.replaceAll("*/", "* /").replaceAll(/\s+/g, " ").trim();
