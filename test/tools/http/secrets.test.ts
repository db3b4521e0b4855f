/** Whose secrets those of the environment are. */
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { secretsInEnvironment } from "../../../src/tools/http/index.ts";

const environment = {
  HOLDPOINT_HTTP_ACTIONS: "actions",
  HOLDPOINT_HTTP_LOCAL_HOSTS: "127.0.0.1:8080, localhost:3000",
  HOLDPOINT_SECRET_TOKEN: "of-everybody",
  HOLDPOINT_SECRET_ACME__TOKEN: "of-acme",
  HOLDPOINT_SECRET_MY_SHOP__TOKEN: "of-my-shop",
  HOLDPOINT_SECRET_EMPTY: "",
};

describe("secrets of the environment", () => {
  const { http } = readConfig(environment);
  const source = secretsInEnvironment(http?.secrets ?? {});

  it.each<[string, string, boolean, string | undefined]>([
    ["acme", "TOKEN", false, "of-acme"],
    ["acme", "TOKEN", true, "of-acme"],
    ["evil", "TOKEN", true, "of-everybody"],
    ["evil", "TOKEN", false, undefined],
    ["evil", "ACME__TOKEN", true, undefined],
    ["my-shop", "TOKEN", false, "of-my-shop"],
    ["my_shop", "TOKEN", false, undefined],
    ["My-Shop", "TOKEN", false, undefined],
    ["my.shop", "TOKEN", false, undefined],
    ["my--shop", "TOKEN", false, undefined],
    ["acme", "EMPTY", true, undefined],
    ["acme", "constructor", true, undefined],
  ])("of %s: %s, asked for by every tenant's action %s", (tenant, name, isShared, value) => {
    expect(source(tenant, name, isShared)).toBe(value);
  });

  it("are read only where there are actions for them", () => {
    expect(http?.localHosts).toEqual(["127.0.0.1:8080", "localhost:3000"]);
    expect(readConfig({ HOLDPOINT_SECRET_TOKEN: "x" }).http).toBeUndefined();
  });
});
