/** Actions for accounts, tasks, meetings and mail, whose effects are lines in a real file. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Action, defineAction } from "../../src/tools/action.ts";

export interface Company {
  actions: Action[];
  /** What really happened, in order: `create_account {...}`, `undo create_account {...}`. */
  log(): string[];
}

type Args = Record<string, unknown>;

/** The files of a company that takes in people: four actions that write, of which mail cannot be undone. */
export function createCompany(dir: string): Company {
  const file = join(dir, "company.log");
  const name = z.string().min(1).max(80);
  const writing = (
    action: string,
    shape: z.ZodRawShape,
    outputOf: (args: Args) => Record<string, string> = () => ({}),
  ) => {
    const changesOf = (args: Args) => [
      { table: action, key: JSON.stringify(args), before: null, after: { done: "yes" } },
    ];
    const undo = async ({ args }: { args: Args }) => {
      appendFileSync(file, `undo ${action} ${JSON.stringify(args)}\n`);
      return `Took back ${action}.`;
    };
    return defineAction({
      kind: "write",
      name: action,
      version: 1,
      title: action,
      description: `Does this: ${action}.`,
      input: z.strictObject(shape) as z.ZodType<Args>,
      output: z.object({ mail: z.string().optional() }),
      reversibility: action === "send_mail" ? "irreversible" : "reversible",
      preview: async (args) => changesOf(args),
      run: async (args) => {
        appendFileSync(file, `${action} ${JSON.stringify(args)}\n`);
        return { output: outputOf(args), changes: changesOf(args) };
      },
      ...(action === "send_mail" ? {} : { undo }),
      summarize: () => `Done: ${action}.`,
    });
  };
  return {
    log: () => (existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []),
    actions: [
      writing("create_account", { name, groups: z.array(z.string().max(40)) }, (args) => ({
        mail: `${String(args.name).toLowerCase().replace(/\s+/g, ".")}@example.org`,
      })),
      writing("create_task", { text: z.string().max(500), assignee: name }),
      writing("schedule_meeting", {
        title: z.string().max(200),
        with: z.string(),
        at: z.iso.datetime({ offset: true }).optional(),
      }),
      writing("send_mail", { to: z.string(), text: z.string().max(5000) }),
    ],
  };
}
