import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/domain/json.ts";
import { derivedId, digestOf } from "../../src/domain/json.ts";
import { maskJson, maskText } from "../../src/telemetry/mask.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
// Made up at run time, so that no scanner takes this file for one with secrets in it.
const GITHUB = `ghp_${"aB3dE5fG7h".repeat(4).slice(0, 36)}`;
const AWS = `AKIA${"IOSFODNN7EXAMPLE"}`;
const OPENAI = `sk-proj-${"a1B2c3D4".repeat(5)}`;
const SLACK = `xoxb-${"123456789012-abcdefGHIJ"}`;
const JWT = `${base64('{"alg":"HS256","typ":"JWT"}')}.${base64('{"sub":"alice"}')}.c2lnbmF0dXJl`.replaceAll("=", "");
const PEM = `-----BEGIN RSA ${"PRIVATE KEY"}-----\nMIIEowIBAAKCAQEA7bq\n-----END RSA ${"PRIVATE KEY"}-----`;

const FINDS: [what: string, text: string, masked: string][] = [
  ["a mail address", "Write to bob.smith+x@mail.example.com today.", "Write to [mail] today."],
  ["a mail address in a link", "mailto:bob%40example.com", "mailto:[mail]"],
  ["a mail address in other letters", "Schreib an jürgen@müller.de.", "Schreib an [mail]."],
  ["a card with spaces", "4111 1111 1111 1111, please", "[card], please"],
  ["a card with dots", "4111.1111.1111.1111, please", "[card], please"],
  ["a card with spaces that do not break", "4111\u00a01111\u202f1111\u00a01111", "[card]"],
  ["a card in full width", "４１１１ １１１１ １１１１ １１１１", "[card]"],
  ["a mail address with a sign in full width", "bob＠example.com", "[mail]"],
  ["a mail address with signs that are not seen", "bob\u200b@\u2060example.com", "[mail]"],
  ["a card without", "it is 5500005555555559", "it is [card]"],
  ["an American Express card", "3782-822463-10005", "[card]"],
  ["an account", "to DE89 3704 0044 0532 0130 00 by Friday", "to [iban] by Friday"],
  ["an account in one word", "gb82west12345698765432", "[iban]"],
  ["an international number", "Call +49 30 901820 or +1 (213) 373-4253 2 times", "Call [phone] or [phone] 2 times"],
  ["a number with 00", "Call 0049 30 901820", "Call [phone]"],
  ["an American number", "(213) 373-4253 and 213-373-4253", "[phone] and [phone]"],
  ["a German number", "0151 23456789", "[phone]"],
  ["a number that is called one", "my phone number is 2133734253", "my phone number is [phone]"],
  ["an IPv4 address", "from 10.1.2.3.", "from [ip]."],
  ["an IPv6 address", "from 2001:db8::8a2e:370:7334 on", "from [ip] on"],
  ["an address", "to 221B Baker Street, London", "to [address]"],
  ["an American address", "1600 Pennsylvania Ave NW, Washington, DC 20500", "[address]"],
  ["a German address", "Hauptstraße 5, 10115 Berlin", "[address]"],
  ["a French address", "12 rue de la Paix, 75002 Paris", "[address]"],
  ["a GitHub token", `use ${GITHUB}.`, "use [token]."],
  ["an AWS key", AWS, "[token]"],
  ["an OpenAI key", `key ${OPENAI}`, "key [token]"],
  ["a Slack token", SLACK, "[token]"],
  ["a JSON Web Token", `it was ${JWT}`, "it was [token]"],
  ["a private key", `a ${PEM} b`, "a [token] b"],
  ["random text", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY", "[token]"],
  ["what is said to be a password", "password: hunter2, ok", "password: [token], ok"],
  ["a password in JSON", '{"password":"hunter2"}', '{"password":"[token]"}'],
  ["a password in escaped JSON", '{\\"password\\":\\"hunter2\\"}', '{\\"password\\":\\"[token]\\"}'],
  ["a header", "Authorization: Bearer abc.def-1", "Authorization: Bearer [token]"],
  ["a cookie", "Cookie: a=b; session=1234", "Cookie: [token]"],
  ["credentials in an address", "postgres://app:pw1@db/x", "postgres://[token]@db/x"],
  ["base64 of a mail address", `see ${base64("bob@example.com")}`, "see [mail]"],
  ["base64 that begins within a word", `path/${base64("write to bob@example.com")}`, "[mail]"],
  ["base64 of a token", base64(`the key is ${GITHUB}`), "[token]"],
  ["base64 of a password", base64("password=correct-horse"), "[token]"],
  ["hexadecimal text", Buffer.from("bob@example.com").toString("hex"), "[mail]"],
];

describe("masking a text", () => {
  it.each(FINDS)("finds %s", (_what, text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  it.each([
    "Return 2 Aviator sunglasses I bought last week.",
    "Do you have any round sunglasses in stock that are under $100?",
    "I want to buy 3 pairs of classic sunglasses and 1 pair of aviator sunglasses.",
    "Stock of SG001 (Aviator) from 23 to 25; balance $1,234.56 to $1,154.56, 7.5 %.",
    "transactions 1042 (new): customer Alice, SG010, 2 x $80.00 = $160.00",
    "run_3f2b1c9e-1d2c-4f6b-9c3a-7b1d2e3f4a5b",
    "3f2b1c9e-1d2c-4f6b-9c3a-7b1d2e3f4a5b 1efc0de5-8a80-6e10-8001-5f1a3b2c4d5e",
    `${derivedId("eff", 1)} ${derivedId("prop", 2)} ${derivedId("read", 3)}`,
    digestOf("anything"),
    "2026-11-01T10:00:00.000Z",
    "On 2026-11-01, 01-02-2026, 1/2/2026 and 01.02.2026, from 09:30 to 10:00:00.",
    "Thread t-0123456789 was stopped (SIGTERM).",
    "Waits for s1, s2 and ${s1.slots.0.start}.",
    "holdpoint: /var/lib/holdpoint/ledger.db is locked by another process (SQLITE_BUSY).",
    "/tmp/holdpoint-vK79AA/ledger.db is not a database (SQLITE_NOTADB).",
    "/home/App1/Node24Project/src/myThing2Test/v8Cache is not a folder",
    "connect ECONNREFUSED 127.0.0.1:5432",
    "12 prompt and 30 completion tokens; the token is missing; a password is required",
    "gpt-5-mini, review-v2, v24.21.0, 1.13.16, holdpoint@0.1.0",
    "src/ledger/proposals.ts:120:15 openProposalIn, createRuntime2, HoldpointError",
    "1732233600000 and 20261101 and 1234567890123",
  ])("leaves what is neither secret nor personal: %s", (text) => {
    expect(maskText(text)).toBe(text);
  });

  it("takes a time that grows no faster than the text", () => {
    for (const part of [
      "a",
      "a@",
      "1-",
      "+1 ",
      "(1",
      "aB1",
      "token=",
      "::",
      "DE89 ",
      "1 Aa ",
      "01 ",
      "eyJaaaaaaaaa.",
      "a1111111111111111111111111111Z ",
    ]) {
      const started = performance.now();
      maskText(part.repeat(100_000 / part.length));
      expect(performance.now() - started, part).toBeLessThan(2000);
    }
  });

  it("leaves out what is longer than can be looked through, and says so", () => {
    const masked = maskText(`${"a ".repeat(50_000)}bob@example.com`);
    expect(masked).toContain("[15 characters left out]");
    expect(masked).not.toContain("bob");
  });

  it("never fails, and masks nothing twice", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        const once = maskText(text);
        expect(maskText(once)).toBe(once);
      }),
    );
  });
});

describe("masking JSON", () => {
  it.each<[what: string, value: Json, masked: Json]>([
    [
      "fields that name secrets",
      { password: "x", apiKey: { a: 1 }, pin: 1234 },
      { password: "[secret]", apiKey: "[secret]", pin: "[secret]" },
    ],
    [
      "names in every writing",
      { "Set-Cookie": "a", client_secret: "b", dbPassword: "c" },
      { "Set-Cookie": "[secret]", client_secret: "[secret]", dbPassword: "[secret]" },
    ],
    [
      "fields that name what is personal",
      { phone: "901820", shippingAddress: "the mill" },
      { phone: "[phone]", shippingAddress: "[address]" },
    ],
    ["names of fields", { "bob@example.com": 1 }, { "[mail]": 1 }],
    ["names that mask to the same", { "a@b.example": 1, "c@d.example": 2 }, { "[mail]": 1, "[mail] 2": 2 }],
    ["a card over fields", { a: "4111 1111", b: "1111 1111" }, { a: "[card]", b: "[card]" }],
    ["a card over numbers", [4111, 1111, 1111, 1111], ["[card]", "[card]", "[card]", "[card]"]],
    ["a mail address over fields", { name: "bob@exam", rest: "ple.com" }, { name: "[mail]", rest: "[mail]" }],
    [
      "a token over fields",
      { step: "s1", a: GITHUB.slice(0, 20), b: GITHUB.slice(20) },
      { step: "s1", a: "[token]", b: "[token]" },
    ],
    ["a short beginning of a token", { a: GITHUB.slice(0, 6), b: GITHUB.slice(6) }, { a: "[token]", b: "[token]" }],
    ["an account over items", ["DE89 3704", "0044 0532 0130 00"], ["[iban]", "[iban]"]],
    [
      "base64 over items",
      [base64("bob@example.com").slice(0, 9), base64("bob@example.com").slice(9)],
      ["[mail]", "[mail]"],
    ],
    ["a private key over lines", PEM.split("\n").slice(0, 2), ["[token]", "[token]"]],
  ])("finds %s", (_what, value, masked) => {
    expect(maskJson(value)).toEqual(masked);
  });

  it("leaves the work's own data as it is", () => {
    const data = {
      proposal: derivedId("prop", 1),
      digest: digestOf(1),
      key: derivedId("eff", 1),
      promptTokens: 1200,
      token: null,
      at: "2026-11-01T10:00:00.000Z",
      actions: [
        { step: "s1", action: "return_item", version: 1, args: { item: "SG001", quantity: 2, unitPriceCents: 4999 } },
      ],
      steps: ["s1: Return 2 Aviator sunglasses", "s2: Find products"],
      stock: [4000, 1200, 25, 23],
    };
    expect(maskJson(data)).toEqual(data);
  });

  it("bounds how deep it goes", () => {
    let deep: Json = "bob@example.com";
    for (let level = 0; level < 1000; level++) deep = [deep];
    expect(JSON.stringify(maskJson(deep))).not.toContain("bob");
  });
});
