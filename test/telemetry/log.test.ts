/** The log: one JSON object a line, nothing secret in it, and nothing that it is given makes it throw. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { HoldpointError } from "../../src/errors.ts";
import { createLog, type LogLevel } from "../../src/telemetry/log.ts";

function open(level?: LogLevel) {
  const written: string[] = [];
  const log = createLog({ level, write: (line) => written.push(line) });
  const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, written, lines };
}

describe("the log", () => {
  it("is a JSON object a line: the level, the time in UTC, the sentence and the fields", () => {
    const { log, written, lines } = open();
    log.info({ tenant: "default", thread: "t", run: "r", request: "q", status: 200, ms: 3 }, "answered");
    expect(written[0]?.endsWith("\n")).toBe(true);
    expect(lines()).toEqual([
      {
        ...{ level: "info", msg: "answered", time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) },
        ...{ tenant: "default", thread: "t", run: "r", request: "q", status: 200, ms: 3 },
      },
    ]);
  });

  it.each([
    ["silent", []],
    ["error", ["error"]],
    ["warn", ["warn", "error"]],
    ["info", ["info", "warn", "error"]],
  ] as const)("tells from %s on", (level, told) => {
    const { log, lines } = open(level);
    for (const one of ["info", "warn", "error"] as const) log[one]({}, "said");
    expect(lines().map((line) => line.level)).toEqual(told);
  });

  it("masks the sentence, every text in its fields, and all that is named as a secret, however deep", () => {
    const { log, written, lines } = open();
    const headers = {
      ...{
        Authorization: "Bearer short",
        cookie: "a=b",
        "Set-Cookie": ["c=d"],
        "X-Api-Key": "hp_1",
        accept: "text/html",
      },
    };
    log.warn({ headers, deep: [{ who: "bob@example.com", password: 1234 }] }, "bob@example.com was refused");
    expect(lines()[0]).toMatchObject({
      msg: "[mail] was refused",
      headers: { Authorization: "[secret]", cookie: "[secret]", "Set-Cookie": "[secret]", "X-Api-Key": "[secret]" },
      deep: [{ who: "[mail]", password: "[secret]" }],
    });
    expect(lines()[0]).toMatchObject({ headers: { accept: "text/html" } });
    expect(written.join("")).not.toMatch(/bob|short|a=b|c=d|hp_1|1234/);
  });

  it("tells of an error its kind, its message and its code, and neither its stack nor what else hangs on it", () => {
    const { log, written, lines } = open();
    const error = Object.assign(new Error("No answer from bob@example.com"), {
      code: "ECONNRESET",
      body: "everything",
    });
    log.error({ err: error }, "failed");
    log.error({ err: new HoldpointError("busy", "Somebody is at it.") }, "failed");
    expect(lines()).toMatchObject([
      { err: { type: "Error", message: "No answer from [mail]", code: "ECONNRESET" } },
      { err: { type: "HoldpointError [busy]", code: "busy" } },
    ]);
    expect(written.join("")).not.toMatch(/everything|log\.test/);
  });

  it("leaves ids as they are", () => {
    const { log, lines } = open();
    // In the digits of these a telephone number could be found.
    const numbers = ["f9bdb7d1-729b-4d11-895c-008290441fb9", "00491701-2345-4678-9012-345678901234"];
    const ids = [...numbers, ...Array.from({ length: 2000 }, () => randomUUID())];
    for (const request of ids) log.info({ request }, "answered");
    expect(lines().map(({ request }) => request)).toEqual(ids);
  });

  it("takes whatever it is given, and stays one line", () => {
    const { log, written, lines } = open();
    const around: Record<string, unknown> = { big: 1n, not: Number.NaN, at: new Date(Number.NaN), work: () => 1 };
    around.self = around;
    log.info({ ...around, level: "own", time: "own", msg: "own", text: "a\nb" }, "a\nb");
    expect(written[0]?.trimEnd()).not.toContain("\n");
    expect(lines()[0]).toMatchObject({ level: "info", level_: "own", msg: "a\nb", big: "1", not: "NaN", at: null });
    const broken = createLog({
      write: () => {
        throw new Error("the disk is full");
      },
    });
    expect(() => broken.info({}, "said")).not.toThrow();
    const hostile = {
      get tenant() {
        throw new Error("no");
      },
    };
    expect(() => log.info(hostile, "said")).not.toThrow();
  });
});
