/** What a program sees of a call that failed, and what is told of one that it did not catch. */
import { describe, expect, it } from "vitest";
import { runProgram } from "../../src/sandbox/run-program.ts";

const FAILURES: Readonly<Record<string, unknown>> = {
  denied: Object.assign(new Error("not by you"), { status: "denied" }),
  missing: new Error("there is none"),
  numbered: Object.assign(new Error("there is none"), { status: 404 }),
  long: Object.assign(new Error("x".repeat(5000)), { status: "denied" }),
};
const run = (code: string) =>
  runProgram({
    ...{ code, names: Object.keys(FAILURES), now: "2026-01-31T09:00:00.000Z", signal: new AbortController().signal },
    call: (name) => Promise.reject(FAILURES[name]),
  });
const value = async (code: string) => {
  const end = await run(code);
  return end.kind === "returned" ? end.value : end;
};

describe("a program that catches what a call threw", () => {
  it("reads its status", async () =>
    expect(
      await value("try { await denied({}) } catch (e) { return [e instanceof Error, e.message, e.status] }"),
    ).toEqual([...[true, "denied: not by you", "denied"]]));

  it.each(["missing", "numbered"])("finds no status where there is no text: %s", async (name) =>
    expect(
      await value(`try { await ${name}({}) } catch (e) { return [e.message, "status" in e, e.status === undefined] }`),
    ).toEqual([`${name}: there is none`, false, true]),
  );
});

describe("the end of a program that does not", () => {
  it("has the status, and the line of the call", async () =>
    expect(await run("1;\nconst go = async () => {\n  await denied({});\n};\nawait go();")).toMatchObject({
      ...{ kind: "threw", message: "Error: denied: not by you", line: 3, status: "denied" },
    }));

  it("has it though the message is too long to be told whole", async () =>
    expect(await run("await long({})")).toMatchObject({ kind: "threw", status: "denied" }));

  it("has the line of what the program throws itself", async () =>
    expect(await run("1;\n2;\nthrow new TypeError('no')")).toMatchObject({ message: "TypeError: no", line: 3 }));

  it.each([
    ["no call failed", "throw Object.assign(new Error('denied: not by you'), { status: 'denied' })"],
    ["a call failed otherwise", "await missing({}).catch((e) => { e.status = 'denied'; throw e })"],
    ["it failed with another status", "await denied({}).catch((e) => { e.status = 'done'; throw e })"],
    ["it failed with another message", "await denied({}).catch((e) => { e.message = 'all is well'; throw e })"],
    ["the status is no text", "await denied({}).catch((e) => { e.status = { toString: () => 'denied' }; throw e })"],
  ])("has none that the program made up: %s", async (_what, code) => {
    const end = await run(code);
    expect(end.kind).toBe("threw");
    expect(end).not.toHaveProperty("status");
  });
});
