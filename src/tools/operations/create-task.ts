/** Giving somebody something to do. */
import { z } from "zod";
import type { Db } from "../../sqlite.ts";
import { type ActionContext, defineAction, type WriteAction } from "../action.ts";
import type { Operations } from "./operations.ts";
import { findDone, once, undoOnce } from "./receipts.ts";
import {
  deleteTask,
  findTask,
  insertTask,
  type Task,
  TaskSchema,
  taskFields,
  taskIdOf,
  taskInsert,
  taskMovedOn,
} from "./tasks.ts";

const NAME = "create_task";

const InputSchema = z.strictObject({
  title: taskFields.title,
  description: taskFields.description.optional(),
  assignee: taskFields.assignee.optional(),
  due: taskFields.due.optional(),
  priority: taskFields.priority.optional().describe("Default: normal."),
  project: taskFields.project.optional(),
});
type TaskInput = z.infer<typeof InputSchema>;

export function createCreateTask({ files }: Operations): WriteAction<TaskInput, Task> {
  return defineAction({
    kind: "write",
    name: NAME,
    version: 1,
    title: "Create a task",
    description: "Puts a task on the list, for somebody or nobody yet. It tells nobody: send_notification does.",
    input: InputSchema,
    example: { title: "Order a laptop for Sarah Chen", assignee: "IT", due: "2030-01-31", priority: "high" },
    output: TaskSchema,
    reversibility: "reversible",
    idempotent: true,
    preview: async (args: TaskInput, context) => [taskInsert("new", taskOf(args, "new", context))],
    impact: (_args, changes) => ({
      level: "low",
      resources: changes.map(({ table, key }) => `${table}/${key}`),
      reversible: true,
      durationMs: 20,
    }),
    run: async (args: TaskInput, context: ActionContext) =>
      once(files.db(), { action: NAME, args, context, output: TaskSchema }, () => {
        const task = taskOf(args, taskIdOf(context.tenant, context.idempotencyKey), context);
        insertTask(files.db(), context.tenant, task);
        return { output: task, changes: [taskInsert(task.id, task)] };
      }),
    lookup: async (key, { tenant }) => findDone(files.db(), key, { action: NAME, tenant, output: TaskSchema }),
    undo: async ({ key, action }, context) =>
      undoOnce(files.db(), { key, action }, context, {
        work: () => deleted(files.db(), context.tenant, taskIdOf(context.tenant, key)),
      }),
    movedOn: async (effect, { tenant }) =>
      effect.changes.flatMap((change) => taskMovedOn(findTask(files.db(), tenant, change.key), change)),
    summarize: (_args, { id, title, assignee, due }) =>
      `The task "${title}" is on the list${assignee ? `, for ${assignee}` : ""}${due ? `, due on ${due}` : ""} (id ${id}).`,
  });
}

function deleted(db: Db, tenant: string, id: string): string {
  const task = findTask(db, tenant, id);
  deleteTask(db, tenant, id);
  return task ? `The task "${task.title}" is deleted.` : "The task was not there any more.";
}

function taskOf(args: TaskInput, id: string, { principal, now }: ActionContext): Task {
  const { title, description = null, assignee = null, due = null, priority = "normal", project = null } = args;
  return {
    ...{ id, title, description, assignee, due, priority, project },
    ...{ status: "open", createdBy: principal, createdAt: now },
  };
}
