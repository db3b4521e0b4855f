/** Whose secrets those of the environment are. */
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { secretsInEnvironment } from "../../../src/tools/http/index.ts";
import { createMask, masked } from "../../../src/tools/http/secrets.ts";

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

describe("the mask", () => {
  const SECRET = 'ab/cd+"é😀" & <e>\\f=0042';
  const mask = createMask({ TOKEN: SECRET });
  const byEach = (write: (mark: string) => string) =>
    [...SECRET].map((one) => (/\w/.test(one) ? one : write(one))).join("");
  const units = (one: string) => Array.from({ length: one.length }, (_none, at) => one.charCodeAt(at).toString(16));

  it.each<[string, string]>([
    ["as it is", SECRET],
    ["in JSON", JSON.stringify(SECRET).slice(1, -1)],
    ["in JSON as PHP writes it", JSON.stringify(SECRET).slice(1, -1).replaceAll("/", "\\/")],
    [
      "in JSON in ASCII",
      byEach((one) =>
        units(one)
          .map((unit) => `\\u${unit.padStart(4, "0")}`)
          .join(""),
      ),
    ],
    [
      "in JSON in ASCII and capitals",
      byEach((one) =>
        units(one)
          .map((unit) => `\\u${unit.padStart(4, "0").toUpperCase()}`)
          .join(""),
      ),
    ],
    ["in JSON within JSON", JSON.stringify(JSON.stringify(SECRET).slice(1, -1).replaceAll("/", "\\/")).slice(1, -1)],
    ["in an address", encodeURIComponent(SECRET)],
    ["in an address, small", encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase())],
    ["in an address within an address", encodeURIComponent(encodeURIComponent(SECRET))],
    ["in a form", new URLSearchParams({ x: SECRET }).toString().slice(2)],
    ["in HTML by numbers", byEach((one) => `&#${one.codePointAt(0)};`)],
    ["in HTML by hexadecimal numbers", byEach((one) => `&#x${one.codePointAt(0)?.toString(16).toUpperCase()};`)],
    [
      "in HTML by names",
      SECRET.replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;")
        .replaceAll('"', "&quot;")
        .replaceAll("/", "&sol;"),
    ],
    ["in Base64", Buffer.from(SECRET).toString("base64")],
    ["in Base64 in JSON", Buffer.from(SECRET).toString("base64").replaceAll("/", "\\/")],
    ["in hexadecimal capitals", Buffer.from(SECRET).toString("hex").toUpperCase()],
  ])("knows a secret %s", (_how, written) => {
    expect(mask(`before ${written} after`)).toMatch(/^before \*\*\*=* after$/);
  });

  it("leaves all else, and values of other kinds, as they are", () => {
    expect(mask("ab/cd+ & <e>")).toBe("ab/cd+ & <e>");
    expect(masked({ id: 42, of: [null, true] }, mask)).toEqual({ id: 42, of: [null, true] });
    expect(createMask({})("text")).toBe("text");
  });
});
