import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqlite } from "../../../src/sqlite.ts";
import { newOperations } from "./support.ts";

const TASK = { title: "Order a laptop", assignee: "IT", due: "2026-12-01", priority: "high", project: "Sarah" };

describe("create_task", () => {
  it("shows the task before it is there, and puts it on the list of its tenant alone", async () => {
    const { write, read } = newOperations();
    const create = write("create_task");
    const after = { ...TASK, description: null, status: "open" };
    expect(await create.preview(TASK)).toEqual([{ table: "tasks", key: "new", before: null, after }]);
    expect(await read("find_tasks", {})).toMatchObject({ total: 0 });
    const { output } = await create.run(TASK);
    expect(output).toMatchObject({ ...TASK, createdBy: "ann", createdAt: "2026-11-22T15:00:00.000Z" });
    expect(await read("find_tasks", { assignee: "it", dueUntil: "2026-12-01" })).toMatchObject({ tasks: [TASK] });
    expect(await read("find_tasks", { dueUntil: "2026-11-30" })).toMatchObject({ total: 0 });
    expect(await read("find_tasks", {}, { tenant: "other" })).toMatchObject({ total: 0 });
    expect(await create.lookup("key-1", { tenant: "other" })).toBeUndefined();
  });

  it("makes one task for a key, also when two are at it at once, and refuses another one under it", async () => {
    const { write, read, home } = newOperations();
    const other = newOperations({ home });
    const [first, second] = await Promise.all([
      write("create_task").run(TASK, "k"),
      other.write("create_task").run(TASK, "k"),
    ]);
    expect(second).toEqual(first);
    expect(await read("find_tasks", {})).toMatchObject({ total: 1 });
    const wrong = write("create_task").run({ ...TASK, title: "Another" }, "k");
    await expect(wrong).rejects.toThrow('The key "k" stands for another create_task already.');
  });

  it("is deleted again, and a call that comes late does not make it anew", async () => {
    const { write, read } = newOperations();
    const create = write("create_task");
    const effect = await create.done(TASK);
    expect(await create.undo(effect)).toBe('The task "Order a laptop" is deleted.');
    expect(await create.undo(effect)).toMatch(/^It was undone already/);
    expect(await read("find_tasks", {})).toMatchObject({ total: 0 });
    expect(await create.lookup()).toBeUndefined();
    await expect(create.run(TASK)).rejects.toThrow("is not done again");
    expect(await create.undo(create.effect("never", TASK))).toBe("Nothing had happened, so there was nothing to undo.");
    await expect(create.run(TASK, "never")).rejects.toMatchObject({ code: "action_failed" });
  });

  it("says what others have changed of it since", async () => {
    const { write, home } = newOperations();
    const create = write("create_task");
    const effect = await create.done(TASK);
    expect(await create.movedOn(effect)).toEqual([]);
    const db = openSqlite(join(home, "operations.db"));
    db.exec("update tasks set status = 'done', assignee = null");
    expect(await create.movedOn(effect)).toEqual([
      'The assignee of the task "Order a laptop" was "IT" after it, and is nothing now.',
      'The status of the task "Order a laptop" was "open" after it, and is "done" now.',
    ]);
    db.exec("delete from tasks");
    db.close();
    expect((await create.movedOn(effect))?.[0]).toContain("is not there any more");
    expect(await create.undo(effect)).toBe("The task was not there any more.");
  });

  it.each([
    [{ title: "" }, "title must be one line of 1 to 200 characters"],
    [{ title: "a\nb" }, "title must be one line"],
    [{ due: "tomorrow" }, 'due: "tomorrow" is no day, such as 2030-01-31'],
    [{ due: "2026-02-30" }, 'due: "2026-02-30" is no day'],
    [{ priority: "asap" }, "priority must be one of low, normal, high, urgent"],
    [{ owner: "x" }, "owner"],
  ])("refuses %j, naming the field", async (wrong, message) => {
    await expect(
      newOperations()
        .write("create_task")
        .run({ ...TASK, ...wrong }),
    ).rejects.toThrow(message);
  });
});
