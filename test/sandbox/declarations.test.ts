/** Declarations are TypeScript: the compiler takes them, and refuses a program that does not fit them. */
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { jsonSchemaOf } from "../../src/domain/json-schema.ts";
import { declareFunctions, typeOf } from "../../src/sandbox/declarations.ts";
import { officeActions } from "../../src/tools/office/index.ts";
import { openStore, storeActions } from "../../src/tools/store/index.ts";

const functions = [...storeActions(openStore(":memory:")), ...officeActions()].map((action) => ({
  ...{ name: action.name, kind: action.kind, description: action.description },
  ...{ input: jsonSchemaOf(action.input, "input"), output: jsonSchemaOf(action.output, "output") },
}));

const options: ts.CompilerOptions = {
  ...{ strict: true, noEmit: true, skipLibCheck: true, types: [] },
  ...{ target: ts.ScriptTarget.ES2022, lib: ["lib.es2022.d.ts"] },
};
const host = ts.createCompilerHost(options);
const read = host.getSourceFile.bind(host);
const files = new Map<string, ts.SourceFile | undefined>();

/** What the compiler says of a program that is given the declarations. */
function faultsOf(program: string): string[] {
  const text = `${declareFunctions(functions)}\nasync function program() {\n${program}\n}\n`;
  files.set("program.ts", ts.createSourceFile("program.ts", text, ts.ScriptTarget.ES2022));
  host.getSourceFile = (name, ...rest) => {
    if (!files.has(name)) files.set(name, read(name, ...rest));
    return files.get(name);
  };
  const compiled = ts.createProgram(["program.ts"], options, host);
  return ts.getPreEmitDiagnostics(compiled).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
}

describe("the declarations of the shipped actions", () => {
  it("take a program that fits", () => {
    const program = `
      const { products } = await find_products({ text: "round", priceBelow: 100 });
      const cheapest = products.slice().sort((a, b) => a.quantity - b.quantity)[0] ?? products[0];
      if (cheapest) await sell({ item: cheapest.id, quantity: 2, customer: "Alice" });`;
    expect(faultsOf(program)).toEqual([]);
  });

  it.each([
    ["another function", "await buy({})", "Cannot find name 'buy'"],
    ["a field that there is not", "await find_products({ colour: 'red' })", "'colour' does not exist"],
    ["a value of another kind", "await sell({ item: 'a', quantity: '2' })", "not assignable to type 'number'"],
    ["output that is not awaited", "find_products({}).products", "Property 'products' does not exist"],
  ])("refuse %s", (_what, program, fault) => expect(faultsOf(program).join("\n")).toContain(fault));
});

describe("a type", () => {
  it.each([
    [{ type: "array", items: { type: ["string", "null"] } }, "(string | null)[]"],
    [{ type: "array", prefixItems: [{ type: "string" }, { const: 1 }] }, "[string, 1]"],
    [{ type: "object", additionalProperties: { type: "number" } }, "Record<string, number>"],
    [{ type: "object", properties: { "a-b": { enum: ["x", 2, null] } } }, '{ "a-b"?: "x" | 2 | null }'],
    [{ anyOf: [{ type: "integer" }, { type: "number" }] }, "number"],
    [
      { allOf: [{ type: "object", properties: { a: true } }, { type: "object" }] },
      "{ a?: unknown } & Record<string, unknown>",
    ],
    [{ type: "string", description: "ends */ nothing\nhere" }, "string"],
    [{}, "unknown"],
    [true, "unknown"],
    [undefined, "unknown"],
  ])("of %j is %s", (schema, type) => expect(typeOf(schema as never)).toBe(type));

  it("keeps descriptions within their comments", () => {
    const schema = { type: "object", properties: { a: { type: "string", description: "ends */ nothing\nhere" } } };
    expect(typeOf(schema)).toBe("{ a?: string /* ends * / nothing here */ }");
  });

  it("ends somewhere", () => {
    const deep: { items?: object } = {};
    deep.items = deep;
    expect(typeOf({ type: "array", ...deep })).toContain("unknown");
  });
});
