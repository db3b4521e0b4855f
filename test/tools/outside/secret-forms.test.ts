/** Secrets are found in every form in which programs write them. */
import { expect, it } from "vitest";
import { secretPattern } from "../../../src/tools/outside/secret-forms.ts";

const SECRET = "a/b+c&d\"é €42 <🔑>'";
const hide = (text: string, ...secrets: string[]) => text.replaceAll(secretPattern(secrets) ?? /(?!)/g, "***");
const json = JSON.stringify(SECRET).slice(1, -1);
const unicode = (text: string) =>
  text.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
const entities: Record<string, string> = { "&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;", "'": "&#39;" };
const bytes = Buffer.from(SECRET);

it.each([
  ["as it is", SECRET],
  ["in JSON", json],
  ["in JSON of PHP", json.replaceAll("/", "\\/")],
  ["in JSON, with some escaped", json.replace("/", "\\u002f").replace("<", "\\u003C")],
  ["in JSON, with everything escaped", unicode(SECRET)],
  ["in an address", encodeURIComponent(SECRET)],
  ["in an address, in lower case", encodeURIComponent(SECRET).toLowerCase()],
  ["in a form", new URLSearchParams({ a: SECRET }).toString().slice(2)],
  ["in HTML", SECRET.replace(/[&"<>']/g, (character) => entities[character] ?? "")],
  ["in HTML, by numbers", SECRET.replace(/[\s\S]/gu, (character) => `&#x${character.codePointAt(0)?.toString(16)};`)],
  ["in hexadecimal digits", bytes.toString("hex")],
  ["in large hexadecimal digits", bytes.toString("hex").toUpperCase()],
  ["in Base64", bytes.toString("base64").replaceAll("=", "")],
  ["in Base64 for addresses", bytes.toString("base64url")],
])("%s", (_where, text) => {
  expect(hide(`before ${text} after`, SECRET)).toBe("before *** after");
});

it.each(["a:", "me:", "you:"])("in Base64 of something longer (%s)", (before) => {
  const secret = "hunter2-the-token";
  for (const kind of ["base64", "base64url"] as const) {
    const text = hide(Buffer.from(`${before}${secret}:and more`).toString(kind), secret);
    expect(text).toContain("***");
    expect(Buffer.from(text.replace("***", ""), kind).toString("latin1")).not.toMatch(/hunter|token/);
  }
});

it("leaves other text, takes the longest, and is quick", () => {
  expect(hide("nothing of it", SECRET)).toBe("nothing of it");
  expect(hide("abcdefgh abcd", "abcd", "abcdefgh")).toBe("*** ***");
  expect(hide("text")).toBe("text");
  const began = performance.now();
  hide("a".repeat(1_000_000), `${"a".repeat(40)}b`);
  expect(performance.now() - began).toBeLessThan(3000);
});
