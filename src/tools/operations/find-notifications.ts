/** Answering what people were told. */
import { z } from "zod";
import { defineAction, type ReadAction } from "../action.ts";
import { line } from "../office/fields.ts";
import { CHANNELS, readNotifications } from "./notifications.ts";
import type { Operations } from "./operations.ts";

const MAX_FOUND = 100;

const InputSchema = z.strictObject({
  recipient: line("recipient", 254).optional().describe("A name, a mail address or an endpoint."),
});
type Filter = z.infer<typeof InputSchema>;

const OutputSchema = z.strictObject({
  notifications: z.array(
    z.strictObject({
      id: z.string(),
      channel: z.enum(CHANNELS),
      recipients: z.array(z.string()),
      title: z.string(),
      text: z.string(),
      corrects: z.string().nullable(),
      sentAt: z.string(),
    }),
  ),
});
type Found = z.infer<typeof OutputSchema>;

export function createFindNotifications({ files }: Operations): ReadAction<Filter, Found> {
  return defineAction({
    kind: "read",
    name: "find_notifications",
    version: 1,
    title: "Find notifications",
    description: `Finds what was sent with send_notification, the newest first, at most ${MAX_FOUND}; of one recipient where that is named.`,
    input: InputSchema,
    example: {},
    output: OutputSchema,
    run: async ({ recipient }: Filter, { tenant }) => {
      const isFor = (one: string) => recipient === undefined || one.toLowerCase() === recipient.toLowerCase();
      const all = readNotifications(files.db(), tenant).filter(({ recipients }) => recipients.some(isFor));
      return { notifications: all.slice(0, MAX_FOUND) };
    },
    summarize: (_filter, { notifications }) => {
      if (notifications.length === 0) return "There are no such notifications.";
      const said = notifications.map(
        ({ title, recipients, sentAt }) => `${sentAt} to ${recipients.join(", ")}: ${title}`,
      );
      return `${said.join("; ")}.`;
    },
  });
}
