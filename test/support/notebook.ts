import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ActionFailure } from "../../src/errors.ts";
import { type Action, defineAction } from "../../src/tools/action.ts";

/** One line of the notebook: what really happened, in order. */
interface Line {
  did: "write" | "undo";
  text: string;
  key: string;
  principal: string;
}

export interface Notebook {
  actions: Action[];
  lines(): Line[];
}

/**
 * Actions whose effects are lines in a real file. A text decides how it goes: "refuse" fails knowing that nothing
 * happened, "explode" throws in the middle, "half" throws after it happened.
 */
export function createNotebook(
  dir: string,
  options: { version?: number; canLookUp?: boolean; stuck?: boolean } = {},
): Notebook {
  const file = join(dir, "notebook.jsonl");
  const lines = (): Line[] =>
    existsSync(file)
      ? readFileSync(file, "utf8")
          .trim()
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line))
      : [];
  const add = (line: Line) => appendFileSync(file, `${JSON.stringify(line)}\n`);
  const write = defineAction({
    kind: "write",
    name: "note",
    version: options.version ?? 1,
    title: "Write a note",
    description: "Writes a line into the notebook.",
    input: z.strictObject({ text: z.string(), after: z.unknown().optional() }),
    output: z.object({ text: z.string() }),
    reversibility: "reversible",
    preview: async ({ text }) => {
      if (text === "impossible") throw new ActionFailure("invalid_request", "This note is impossible.");
      return [{ table: "notebook", key: text, before: null, after: { text } }];
    },
    run: async ({ text }, context) => {
      if (text === "refuse") throw new ActionFailure("failed", "The notebook refused.");
      if (text === "explode") throw new Error("The pen broke.");
      add({ did: "write", text, key: context.idempotencyKey, principal: context.principal });
      if (text === "half") throw new Error("The pen broke after writing.");
      return { output: { text }, changes: [{ table: "notebook", key: text, before: null, after: { text } }] };
    },
    ...(options.canLookUp === false
      ? {}
      : {
          lookup: async (key: string) => {
            const line = lines().find((candidate) => candidate.key === key);
            return line && { output: { text: line.text }, changes: [] };
          },
        }),
    undo: async (effect, context) => {
      if (options.stuck) throw new Error("The eraser is gone.");
      add({ did: "undo", text: String(effect.args.text), key: effect.key, principal: context.principal });
      return `Erased "${String(effect.args.text)}".`;
    },
    summarize: ({ text }) => `Noted "${text}".`,
  });
  const read = defineAction({
    kind: "read",
    name: "count_notes",
    version: 1,
    title: "Count the notes",
    description: "Counts the lines of the notebook.",
    input: z.strictObject({ fail: z.boolean().optional() }),
    output: z.object({ count: z.number(), label: z.string() }),
    run: async ({ fail }) => {
      if (fail) throw new ActionFailure("no_match", "There is no notebook.");
      return { count: lines().length, label: `n${lines().length}` };
    },
    summarize: (_args, { count }) => `There are ${count} notes.`,
  });
  return { actions: [write, read], lines };
}
