/** Whose actions there are: every tenant's, and those of some. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineAction } from "../../src/tools/action.ts";
import { createRegistries } from "../../src/tools/registry.ts";

const read = (name: string, tenants?: readonly string[]) =>
  defineAction({
    ...{ kind: "read", name, version: 1, title: name, description: `Reads ${name}.` },
    ...{ input: z.strictObject({}), output: z.strictObject({}) },
    ...(tenants ? { tenants } : {}),
    run: async () => ({}),
    summarize: () => name,
  });
const namesOf = (actions: readonly { name: string }[]) => actions.map(({ name }) => name);

describe("the actions of a tenant", () => {
  it("are those of every tenant and its own, and nobody else's", () => {
    const own = read("mine", ["acme"]);
    const registries = createRegistries([read("all"), own, read("theirs", ["evil", "other"])]);
    expect(namesOf(registries.of("acme").actions)).toEqual(["all", "mine"]);
    expect(registries.of("acme").getRead("mine")).toBe(own);
    expect(registries.of("evil").find("mine")).toBeUndefined();
    expect(() => registries.of("evil").getRead("mine")).toThrow('no read action "mine"');
    expect(namesOf(registries.of("nobody").actions)).toEqual(["all"]);
    expect(namesOf(registries.all)).toEqual(["all", "mine", "theirs"]);
  });

  it("may have the names of another tenant's", () => {
    const [one, other] = [read("ticket", ["acme"]), read("ticket", ["evil"])];
    const registries = createRegistries([one, other]);
    expect([registries.of("acme").find("ticket"), registries.of("evil").find("ticket")]).toEqual([one, other]);
    expect(registries.shared.find("ticket")).toBeUndefined();
  });

  it("never has two of the same name", () => {
    expect(() => createRegistries([read("ticket"), read("ticket", ["acme"])])).toThrow("names are unique");
    expect(() => createRegistries([read("ticket", [])])).toThrow('"ticket" has no fitting tenants');
  });

  it("gets what is made from them for itself", () => {
    const more = (actions: readonly { name: string }[]) => [
      ...(actions as ReturnType<typeof read>[]),
      read(`reads_${namesOf(actions).join("_")}`),
    ];
    const registries = createRegistries([read("all"), read("mine", ["acme"])], more);
    expect(namesOf(registries.of("acme").actions)).toEqual(["all", "mine", "reads_all_mine"]);
    expect(namesOf(registries.of("evil").actions)).toEqual(["all", "reads_all"]);
  });
});
