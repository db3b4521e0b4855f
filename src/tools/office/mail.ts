/** Mails, and what the actions need of whoever sends them. */
import { createHash } from "node:crypto";
import MailComposer from "nodemailer/lib/mail-composer";
import { z } from "zod";
import type { Asking } from "./calendar.ts";
import { EventRefSchema } from "./event-ref.ts";
import { addresses, line, lines } from "./fields.ts";

/** What is attached to a mail about an event, as iCalendar text. */
export interface Invitation {
  readonly method: "REQUEST" | "CANCEL";
  readonly ics: string;
}

/** What a mail says. */
export const MailSchema = z.strictObject({
  to: addresses("to").describe("Mail addresses."),
  cc: addresses("cc").optional(),
  subject: line("subject", 200),
  text: lines("text", 50_000).describe("Plain text."),
  event: EventRefSchema.optional(),
});
export type Mail = z.infer<typeof MailSchema>;

export const SentSchema = z.strictObject({
  messageId: z.string(),
  from: z.string(),
  to: z.array(z.string()),
  cc: z.array(z.string()),
  subject: z.string(),
  /** To whom the server does not deliver it, and why. */
  refused: z.array(z.strictObject({ person: z.string(), why: z.string() })),
});
export type Sent = z.infer<typeof SentSchema>;

/** A mail under the key of whoever wants it sent. */
export interface Sending {
  readonly mail: Mail;
  readonly key: string;
  /** ISO 8601 UTC. */
  readonly now: string;
  /** What is attached. */
  readonly invitation?: Invitation | undefined;
}

export interface Mailer {
  /** Whether sending again under the same key has no second effect, even where nobody knows what became of the first. */
  readonly idempotent: boolean;
  /** @throws ActionFailure when it was surely not sent; anything else means that nobody knows */
  send(sending: Sending, asking: Asking): Promise<Sent>;
  /** What was sent under a key; undefined for nothing. @throws Error when nobody knows */
  find(key: string, asking: Asking): Promise<Sent | undefined>;
}

/** The Message-ID of what is sent under a key: the same at every attempt. */
export function messageIdOf(key: string): string {
  const name = /^[\w.-]{1,100}$/.test(key) ? key : createHash("sha256").update(key).digest("hex");
  return `<${name}@holdpoint>`;
}

/** A mail as it goes over the line (RFC 5322). */
export async function composeMail(from: string, { mail, key, now, invitation }: Sending): Promise<Buffer> {
  const { to, cc = [], subject, text } = mail;
  const attached = invitation && {
    icalEvent: { method: invitation.method, content: invitation.ics, filename: "invite.ics" },
  };
  const options = { ...attached, from, to, cc, subject, text, messageId: messageIdOf(key), date: new Date(now) };
  return await new MailComposer({ ...options, disableFileAccess: true, disableUrlAccess: true }).compile().build();
}
