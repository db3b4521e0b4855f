/** The rows of `tasks`. */
import { z } from "zod";
import { derivedId } from "../../domain/json.ts";
import type { Change } from "../../domain/proposal.ts";
import type { Db } from "../../sqlite.ts";
import { day, line, lines } from "../office/fields.ts";

const PRIORITIES = ["low", "normal", "high", "urgent"] as const;

export const taskFields = {
  title: line("title", 200),
  description: lines("description", 5000),
  assignee: line("assignee", 254).describe("Who is to do it: a name, a team or a mail address."),
  due: day("due").describe("The day by which it is to be done, such as 2030-01-31."),
  priority: z.enum(PRIORITIES, `priority must be one of ${PRIORITIES.join(", ")}`),
  project: line("project", 100).describe("What it belongs to: tasks of one project are found and reported together."),
};

export const TaskSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  description: z.string().nullable(),
  assignee: z.string().nullable(),
  due: z.string().nullable(),
  priority: z.enum(PRIORITIES),
  project: z.string().nullable(),
  status: z.enum(["open", "done"]),
  createdBy: z.string(),
  createdAt: z.string(),
});
export type Task = z.infer<typeof TaskSchema>;

/** The id of the task that is made under a key: the same at every attempt. */
export const taskIdOf = (tenant: string, key: string): string => derivedId("task", { tenant, key });

const COLUMNS = `id, title, description, assignee, due, priority, project, status, created_by as createdBy,
  created_at as createdAt`;

export interface TaskFilter {
  readonly text?: string | undefined;
  readonly assignee?: string | undefined;
  readonly project?: string | undefined;
  readonly status?: Task["status"] | undefined;
  readonly dueUntil?: string | undefined;
}

/**
 * The tasks that fit; those that are due first stand first, and those without a day last.
 * @param staged tasks that are not there yet
 */
export function readTasks(db: Db, tenant: string, filter: TaskFilter = {}, staged: readonly Task[] = []): Task[] {
  const same = (a: string | null, b: string | undefined) => b === undefined || a?.toLowerCase() === b.toLowerCase();
  const text = filter.text?.toLowerCase() ?? "";
  const stored = db
    .prepare<[string], Task>(`select ${COLUMNS} from tasks where tenant = ? order by due is null, due, created_at, id`)
    .all(tenant);
  return [...stored, ...staged]
    .sort((one, other) => dueOf(one) - dueOf(other))
    .filter((task) => same(task.assignee, filter.assignee) && same(task.project, filter.project))
    .filter(({ status }) => filter.status === undefined || status === filter.status)
    .filter(({ due }) => filter.dueUntil === undefined || (due !== null && due <= filter.dueUntil))
    .filter(({ title, description }) => `${title}\n${description ?? ""}`.toLowerCase().includes(text));
}

/** Milliseconds since 1970; those without a day are due last. */
const dueOf = ({ due }: Task): number => (due === null ? Number.MAX_SAFE_INTEGER : Date.parse(due));

/** The tasks that are staged, as they will be, with `new` in place of the ids that they do not have yet. */
export function stagedTasks(
  staged: readonly Change[],
  { principal, now }: { readonly principal: string; readonly now: string },
): Task[] {
  return staged
    .filter(({ table, before, after }) => table === TABLE && before === null && after !== null)
    .map(({ key, after }) => TaskSchema.parse({ ...after, id: key, createdBy: principal, createdAt: now }));
}

export function findTask(db: Db, tenant: string, id: string): Task | undefined {
  return db.prepare<[string, string], Task>(`select ${COLUMNS} from tasks where tenant = ? and id = ?`).get(tenant, id);
}

/** Call inside the transaction that writes its receipt. */
export function insertTask(db: Db, tenant: string, task: Task): void {
  db.prepare(
    `insert into tasks
       (tenant, id, title, description, assignee, due, priority, project, status, created_by, created_at)
     values (@tenant, @id, @title, @description, @assignee, @due, @priority, @project, @status, @createdBy, @createdAt)`,
  ).run({ ...task, tenant });
}

export function deleteTask(db: Db, tenant: string, id: string): void {
  db.prepare("delete from tasks where tenant = ? and id = ?").run(tenant, id);
}

const TABLE = "tasks";

/** What people see of it. */
const rowOf = ({ id: _id, createdAt: _at, createdBy: _by, ...row }: Task) => row;

export const taskInsert = (key: string, task: Task): Change => ({
  ...{ table: TABLE, key, before: null, after: rowOf(task) },
});

/** What is different of a task from what a write left behind, a sentence each. */
export function taskMovedOn(task: Task | undefined, { key, after }: Change): string[] {
  if (!task) return [`The task ${key}, "${after?.title}", is not there any more.`];
  return Object.entries(rowOf(task))
    .filter(([field, value]) => (after?.[field] ?? null) !== value)
    .map(([field, value]) => {
      const [was, is] = [after?.[field] ?? null, value].map((one) => (one === null ? "nothing" : `"${one}"`));
      return `The ${field} of the task "${task.title}" was ${was} after it, and is ${is} now.`;
    });
}
