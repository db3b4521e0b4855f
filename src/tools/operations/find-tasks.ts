/** Answering what there is to do. */
import { z } from "zod";
import { defineAction, type ReadAction } from "../action.ts";
import { line } from "../office/fields.ts";
import type { Operations } from "./operations.ts";
import { readTasks, stagedTasks, TaskSchema, taskFields } from "./tasks.ts";

const MAX_FOUND = 200;

const InputSchema = z.strictObject({
  text: line("text", 200).optional().describe("Words as they stand in the title or the description."),
  assignee: taskFields.assignee.optional(),
  project: taskFields.project.optional(),
  status: z.enum(["open", "done"], "status must be open or done").optional(),
  dueUntil: taskFields.due.optional().describe("Due on this day or before."),
});
type Filter = z.infer<typeof InputSchema>;

const OutputSchema = z.strictObject({
  tasks: z.array(TaskSchema),
  /** All that fit, also those that are left out of the list. */
  total: z.int(),
});
type Found = z.infer<typeof OutputSchema>;

export function createFindTasks({ files }: Operations): ReadAction<Filter, Found> {
  return defineAction({
    kind: "read",
    name: "find_tasks",
    version: 1,
    title: "Find tasks",
    description: `Finds tasks by words, assignee, project, status and due day; every one is optional. At most ${MAX_FOUND} are listed.`,
    input: InputSchema,
    example: { status: "open" },
    sample: { status: "open" },
    output: OutputSchema,
    run: async (filter: Filter, { tenant, staged = [], ...context }) => {
      const tasks = readTasks(files.db(), tenant, filter, stagedTasks(staged, context));
      return { tasks: tasks.slice(0, MAX_FOUND), total: tasks.length };
    },
    summarize: (_filter, { tasks, total }) => {
      if (total === 0) return "There are no such tasks.";
      const said = tasks.map(
        ({ title, assignee, due }) => `"${title}"${assignee ? ` for ${assignee}` : ""}${due ? `, due on ${due}` : ""}`,
      );
      return `${total === 1 ? "There is 1 task" : `There are ${total} tasks`}: ${said.join("; ")}.`;
    },
  });
}
