/** Sending a mail: what nobody can take back. */
import type { Change, Impact } from "../../domain/proposal.ts";
import { type ActionContext, defineAction, type PreviewContext, type WriteAction } from "../action.ts";
import { type Mail, MailSchema, type Sent, SentSchema } from "./mail.ts";
import { type Office, outsiders } from "./office.ts";

export function createSendEmail(office: Office): WriteAction<Mail, Sent> {
  const { mailer, address } = office;
  return defineAction({
    kind: "write",
    name: "send_email",
    version: 1,
    title: "Send a mail",
    description: "Sends a mail in plain text from the office's address. It cannot be taken back.",
    input: MailSchema,
    output: SentSchema,
    example: { to: ["bob@example.com"], subject: "Review", text: "Hello Bob,\n\nsee you at ten.\n" },
    reversibility: "irreversible",
    idempotent: mailer.idempotent,
    preview: async (mail: Mail, _context: PreviewContext) => [changeOf("new", address, mail)],
    impact: (mail) => impactOf(office, mail),
    run: async (mail: Mail, context: ActionContext) => {
      const output = await mailer.send({ mail, key: context.idempotencyKey, now: context.now }, context);
      return { output, changes: [changeOf(output.messageId, address, mail)] };
    },
    lookup: async (key, context) => {
      const output = await mailer.find(key, context);
      return output && { output, changes: [] };
    },
    summarize: (_args, { to, cc, subject, refused }) => {
      const went = [...to, ...cc].filter((person) => !refused.some((one) => one.person === person));
      const not = refused.map(({ person, why }) => ` It was not delivered to ${person}: ${why}.`).join("");
      return `The mail "${subject}" was sent to ${went.join(", ")}.${not}`;
    },
  });
}

function changeOf(key: string, from: string, { to, cc = [], subject, text }: Mail): Change {
  const copies = cc.length > 0 ? { cc: cc.join(", ") } : {};
  return { table: "outbox", key, before: null, after: { from, to: to.join(", "), ...copies, subject, text } };
}

/** By how many people get it. */
function impactOf(office: Office, { to, cc = [] }: Mail): Impact {
  const people = [...new Set([...to, ...cc])];
  const outside = outsiders(office, people);
  return {
    level: people.length > 10 ? "high" : "medium",
    resources: people,
    reversible: false,
    durationMs: 1000,
    ...(outside.length > 0 ? { outside } : {}),
  };
}
