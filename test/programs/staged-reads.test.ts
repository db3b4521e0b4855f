/** What the shipped reads tell a program of what it has staged. Row C2. */
import { describe, expect, it } from "vitest";
import { snapshotsOf } from "../../src/domain/snapshots.ts";
import { playOpenAI } from "../support/openai-server.ts";
import { ask, openPrograms, program, programmer } from "../support/programs.ts";

const open = async (code: string) =>
  await openPrograms(await playOpenAI(programmer().answer(program(code))), {
    ...{ office: { timeZone: "Europe/Berlin", address: "office@example.com" }, operations: {} },
    now: () => "2030-01-07T08:00:00.000Z",
  });

describe("a read after a write of the same program", () => {
  it("knows an event that is staged: its time is taken, and it is found", async () => {
    const code = `
const people = ["bob@example.com"];
const slot = async () => (await find_free_slot({ people, minutes: 60, day: "2030-01-08" })).start;
const first = await slot();
await create_event({ title: "Review", start: first, end: first.replace("T09", "T10"), people });
const second = await slot();
const { events } = await find_events({ text: "review", day: "2030-01-08" });
const [{ busy }] = (await check_availability({ people, from: "2030-01-08T00:00:00Z", until: "2030-01-09T00:00:00Z" })).people;
console.log(first, second, events.length, busy.length);
return { status: "success", answer: "Booked." };`;
    const { question } = await ask(await open(code), "Book a review with Bob, and say when he is free then.");
    expect(question?.program?.log).toEqual(["2030-01-08T09:00:00+01:00 2030-01-08T10:00:00+01:00 1 1"]);
  });

  it("knows tasks that are staged, in their order", async () => {
    const code = `
await create_task({ title: "Later", due: "2030-03-01" });
await create_task({ title: "Sooner", due: "2030-02-01" });
const { tasks, total } = await find_tasks({ status: "open" });
console.log(total, tasks.map(({ title }) => title).join(" "));
return { status: "success", answer: "Two tasks." };`;
    const { question } = await ask(await open(code), "Make two tasks.");
    expect(question?.program?.log).toEqual(["2 Sooner Later"]);
    // Neither has an id yet; both are shown.
    expect(question?.tables).toMatchObject([
      { table: "tasks", rows: [{ after: { title: "Later" } }, { after: { title: "Sooner" } }] },
    ]);
  });
});

describe("tables before and after", () => {
  it("are one step for each row, whatever was done to it on the way", () => {
    const change = (key: string, before: number | null, after: number | null) => ({
      ...{ table: "t", key },
      before: before === null ? null : { n: before },
      after: after === null ? null : { n: after },
    });
    expect(snapshotsOf([change("a", 1, 2), change("b", null, 5), change("a", 2, 3), change("b", 5, null)])).toEqual([
      {
        table: "t",
        rows: [{ key: "a", before: { n: 1 }, after: { n: 3 } }],
      },
    ]);
  });
});
