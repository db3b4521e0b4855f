/** How a program is run: what it sees every time, and what its host does around it. */
import { expect, it } from "vitest";
import type { Json } from "../../src/domain/json.ts";
import { runProgram } from "../../src/sandbox/run-program.ts";

const run = (code: string, call: (args: Json) => Promise<Json>, signal = new AbortController().signal) =>
  runProgram({ code, names: ["find"], call: (_name, args) => call(args), now: "2026-01-31T09:00:00.000Z", signal });

it("a program that is cancelled while its engine is made ready is not waited for", async () => {
  const controller = new AbortController();
  const ended = run("await find({})", () => new Promise(() => {}), controller.signal);
  controller.abort(new Error("cancelled"));
  await expect(ended).rejects.toThrow("cancelled");
});

it("a call that throws what cannot be put into words ends the program, and nothing else", async () =>
  expect(await run("await find({})", () => Promise.reject(Object.create(null)))).toMatchObject({
    ...{ kind: "stopped", why: "crashed" },
  }));

it("an answer that is too large is an error that the program can go on with", async () =>
  expect(
    await run("try { await find({}) } catch (e) { return e.message }", async () => "x".repeat(5_000_000)),
  ).toMatchObject({ value: "find: its answer is longer than 4000000 characters" }));

it("an answer that takes more memory than there is for the program is one, too", async () => {
  const end = await runProgram({
    ...{
      code: "try { await find({}) } catch (e) { return e.message }",
      names: ["find"],
      limits: { memory: 4_000_000 },
    },
    ...{ now: "2026-01-31T09:00:00.000Z", signal: new AbortController().signal },
    call: async () => Array.from({ length: 100_000 }, () => ({})),
  });
  expect(end).toMatchObject({ value: "find: its answer is too large" });
});

it("answers come in the order of the calls, whichever is there first", async () => {
  const first = Promise.withResolvers<Json>();
  const call = async (args: Json) => {
    if (args === 2) first.resolve(1);
    return args === 1 ? await first.promise : args;
  };
  const code = "const seen = []; await Promise.all([1, 2].map((n) => find(n).then((n) => seen.push(n)))); return seen";
  expect(await run(code, call)).toMatchObject({ value: [1, 2] });
});

it("a program has the same random numbers, and the same time, every time", async () => {
  const code = "return [Math.random(), Math.random(), Date.now()]";
  const [one, other] = [await run(code, async () => 1), await run(code, async () => 1)];
  expect(one).toMatchObject({ kind: "returned" });
  expect({ ...other, workedMs: 0 }).toEqual({ ...one, workedMs: 0 });
});
