import { describe, expect, it } from "vitest";
import { dependenciesOf, findReferences, resolveReferences } from "../../src/planning/references.ts";

describe("references", () => {
  const outputs = new Map([["s1", { products: [{ id: "SG001", price: 80 }], note: "two" }]]);

  it("are found as whole values and inside text, at any depth", () => {
    const args = { a: { $ref: "s1.products.0.id" }, b: ["x ${s2.count} y ${s3.name}"], c: { $ref: "s4", other: 1 } };
    expect(findReferences(args)).toEqual(["s1.products.0.id", "s2.count", "s3.name"]);
  });

  it("are dependencies beside those that a step names", () => {
    const step = {
      id: "z",
      title: "z",
      action: "note",
      dependsOn: ["s0"],
      args: { a: { $ref: "s1.x" }, b: "${s1.y} ${s2}" },
    };
    expect(dependenciesOf(step)).toEqual(["s0", "s1", "s2"]);
  });

  it("are replaced by what they refer to, keeping its type when they are the whole value", () => {
    const args = {
      price: { $ref: "s1.products.0.price" },
      text: "${s1.note} of ${s1.products.0.id} at ${s1.products.0.price}",
    };
    expect(resolveReferences(args, outputs)).toEqual({ args: { price: 80, text: "two of SG001 at 80" }, missing: [] });
  });

  it("stay as they are while their step has no output, and are missing when it has none of that name", () => {
    const args = { a: { $ref: "s9.x" }, b: "${s1.nothing}", c: { $ref: "s1.products.7.id" } };
    expect(resolveReferences(args, outputs)).toEqual({ args, missing: ["s1.nothing", "s1.products.7.id"] });
  });

  it("do not reach what an object inherits", () => {
    expect(resolveReferences({ a: { $ref: "s1.constructor.name" } }, outputs).missing).toEqual(["s1.constructor.name"]);
  });
});
