/** An action that writes into a file, which the runtimes of several threads share. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Action, defineAction } from "../src/tools/action.ts";

const fileIn = (home: string) => join(home, "notebook");

/** A write takes a moment, so that others come in the middle of it. */
const WRITING_MS = 1;

/** @param home the folder of the file */
export function createNotebookAction(home: string): Action {
  const change = (text: string) => ({ table: "notebook", key: text, before: null, after: { text } });
  return defineAction({
    ...{ kind: "write", name: "note", version: 1, title: "Note", description: "Writes a note." },
    input: z.strictObject({ text: z.string() }),
    output: z.object({ text: z.string() }),
    preview: async ({ text }) => [change(text)],
    run: async ({ text }) => {
      await sleep(WRITING_MS);
      appendFileSync(fileIn(home), `${text}\n`);
      return { output: { text }, changes: [change(text)] };
    },
    summarize: (_args, { text }) => `Noted "${text}".`,
  });
}

/** What was written, in order. */
export function readNotebook(home: string): string[] {
  if (!existsSync(fileIn(home))) return [];
  return readFileSync(fileIn(home), "utf8").split("\n").filter(Boolean);
}
