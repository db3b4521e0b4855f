/** Writing a mail without sending it. */
import { z } from "zod";
import { defineAction, type ReadAction } from "../action.ts";
import { type Mail, MailSchema } from "./mail.ts";
import type { Office } from "./office.ts";

const OutputSchema = MailSchema.extend({ from: z.string(), cc: z.array(z.string()) });
type Output = z.infer<typeof OutputSchema>;

export function createDraftEmail(office: Office): ReadAction<Mail, Output> {
  return defineAction({
    kind: "read",
    name: "draft_email",
    version: 1,
    title: "Draft a mail",
    description: "Checks a mail and shows it as it would be. Nothing is kept or sent: send_email does that.",
    input: MailSchema,
    output: OutputSchema,
    example: { to: ["bob@example.com"], subject: "Review", text: "Hello Bob,\n\nsee you at ten.\n" },
    run: async (mail: Mail) => ({ ...mail, from: office.address, cc: mail.cc ?? [] }),
    summarize: (_args, { to, subject }) => `A mail "${subject}" to ${to.join(", ")} is drafted.`,
  });
}
