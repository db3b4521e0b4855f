/** An action that writes into memory, where two runtimes of one process share it. */
import { z } from "zod";
import { type Action, defineAction } from "../src/tools/action.ts";

export interface NotebookLog {
  /** What was written, in order. */
  texts(): string[];
}

export function createNotebookAction(): { action: Action; log: NotebookLog } {
  const written = new Map<string, string[]>();
  const change = (text: string) => ({ table: "notebook", key: text, before: null, after: { text } });
  const action = defineAction({
    ...{ kind: "write", name: "note", version: 1, title: "Note", description: "Writes a note." },
    input: z.strictObject({ text: z.string() }),
    output: z.object({ text: z.string() }),
    reversibility: "reversible",
    preview: async ({ text }) => [change(text)],
    run: async ({ text }, { idempotencyKey }) => {
      written.set(idempotencyKey, [...(written.get(idempotencyKey) ?? []), text]);
      return { output: { text }, changes: [change(text)] };
    },
    undo: async ({ key }) => {
      written.delete(key);
      return "Erased.";
    },
    summarize: (_args, { text }) => `Noted "${text}".`,
  });
  return { action, log: { texts: () => [...written.values()].flat() } };
}
