/** The action whose effects are counted: it sends a text to a receiver, and says of itself what that can do. */
import { z } from "zod";
import { ActionFailure } from "../src/errors.ts";
import { type Action, type ActionContext, defineAction } from "../src/tools/action.ts";
import type { Kind } from "./receiver.ts";

/** When the receiver is to kill this process: at the how manieth call of which sort. */
export interface KillByReceiver {
  readonly did: "write" | "undo";
  readonly nth: number;
  readonly when: "before" | "after";
}

/** Stands between two stages. */
export const look: Action = defineAction({
  ...{ kind: "read", name: "look", version: 1, title: "Look", description: "Looks whether it may go on." },
  input: z.strictObject({}),
  output: z.object({ clear: z.boolean() }),
  run: async () => ({ clear: true }),
  summarize: () => "It may go on.",
});

export function createSend(kind: Kind, url: string, kill?: KillByReceiver): Action {
  let calls = 0;
  const call = async (did: "write" | "undo", key: string, text: string): Promise<void> => {
    const now = kill?.did === did && ++calls === kill.nth;
    const body = JSON.stringify({ did, key, text, ...(now ? { kill: { pid: process.pid, when: kill.when } } : {}) });
    const response = await fetch(url, { method: "POST", body });
    if (response.status === 422) throw new ActionFailure("failed", "The receiver refused.");
    if (!response.ok) throw new Error(`The receiver answered ${response.status}.`);
  };
  const changes = (text: string) => [{ table: "received", key: text, before: null, after: { text } }];
  const lookup = async (key: string) => {
    const found = (await (await fetch(`${url}?key=${key}`)).json()) as { text: string } | null;
    return found ? { output: found, changes: changes(found.text) } : undefined;
  };
  return defineAction({
    ...{ kind: "write", name: "send", version: 1, title: "Send", description: "Sends a text." },
    input: z.strictObject({ text: z.string() }),
    dedupeKey: ({ text }: { text: string }) => text.trim(),
    output: z.object({ text: z.string() }),
    reversibility: "reversible",
    idempotent: kind === "idempotent",
    preview: async ({ text }) => changes(text),
    run: async ({ text }: { text: string }, context: ActionContext) => {
      await call("write", context.idempotencyKey, text);
      return { output: { text }, changes: changes(text) };
    },
    ...(kind === "look-up" ? { lookup } : {}),
    undo: async ({ key, args }) => {
      await call("undo", key, String(args.text));
      return "Taken back.";
    },
    summarize: (_args, { text }) => `Sent "${text}".`,
  });
}
