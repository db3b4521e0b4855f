/** Sending a mail: what nobody can take back. */
import type { Change, Impact } from "../../domain/proposal.ts";
import { ActionFailure, explainError } from "../../errors.ts";
import { type ActionContext, defineAction, type PreviewContext, type WriteAction } from "../action.ts";
import { EventSchema } from "./event.ts";
import type { EventRef } from "./event-ref.ts";
import { invitationOf } from "./invitation.ts";
import { type Mail, MailSchema, type Sent, SentSchema } from "./mail.ts";
import { type Office, outsiders } from "./office.ts";
import { describeEvent } from "./seen-event.ts";
import { findTold, type Told } from "./told-event.ts";

export function createSendEmail(office: Office): WriteAction<Mail, Sent> {
  const { mailer } = office;
  return defineAction({
    kind: "write",
    name: "send_email",
    version: 1,
    title: "Send a mail",
    description:
      "Sends a mail in plain text from the office's address, with the invitation to an event or its cancellation where " +
      "an event is given. It cannot be taken back.",
    input: MailSchema,
    output: SentSchema,
    example: { to: ["bob@example.com"], subject: "Review", text: "Hello Bob,\n\nsee you at ten.\n" },
    reversibility: "irreversible",
    idempotent: mailer.idempotent,
    prepare: async (mail: Mail, context: PreviewContext) => await withEvent(office, mail, context),
    preview: async (given: Mail, context: PreviewContext) => {
      return [changeOf(office, "new", await withEvent(office, given, context))];
    },
    impact: (mail) => impactOf(office, mail),
    run: async (mail: Mail, context: ActionContext) => {
      const key = context.idempotencyKey;
      const told = await toAttach(office, mail, context);
      const invitation = told && invitationOf(told, office);
      const output = await mailer.send({ mail, key, now: context.now, invitation }, context);
      return { output, changes: [changeOf(office, output.messageId, told ? withTold(mail, told) : mail)] };
    },
    lookup: async (key, context) => {
      const output = await mailer.find(key, context);
      return output && { output, changes: [] };
    },
    summarize: ({ event }, { to, cc, subject, refused }) => {
      const went = [...to, ...cc].filter((person) => !refused.some((one) => one.person === person));
      const not = refused.map(({ person, why }) => ` It was not delivered to ${person}: ${why}.`).join("");
      return `The mail "${subject}" was sent to ${went.join(", ")}${event === undefined ? "" : `, with ${attachedTo(event)}`}.${not}`;
    },
  });
}

/** The mail with its event as it will be then: a person approves what is attached. */
async function withEvent(office: Office, mail: Mail, context: PreviewContext): Promise<Mail> {
  return mail.event === undefined ? mail : withTold(mail, await findTold(office, mail.event, context));
}

const withTold = (mail: Mail, { id, event }: Told): Mail => ({
  ...mail,
  event: { ...event, ...(id === undefined ? {} : { id }) },
});

/**
 * The event that is attached now; undefined for none, and where the mail went out already.
 * @throws ActionFailure when it cannot be had: nothing was sent then
 */
async function toAttach(office: Office, { event }: Mail, context: ActionContext): Promise<Told | undefined> {
  if (event === undefined || (await office.mailer.find(context.idempotencyKey, context))) return undefined;
  return await findTold(office, event, { ...context, staged: [] }).catch((error: unknown) => {
    if (error instanceof ActionFailure) throw error;
    throw new ActionFailure("failed", `The event could not be looked at, so nothing was sent: ${explainError(error)}`);
  });
}

const attachedTo = (event: EventRef): string =>
  typeof event !== "string" && event.status === "cancelled"
    ? "the cancellation of the event"
    : "an invitation to the event";

function changeOf(
  { address: from, timeZone }: Office,
  key: string,
  { to, cc = [], subject, text, event }: Mail,
): Change {
  const copies = cc.length > 0 ? { cc: cc.join(", ") } : {};
  const attached = event === undefined ? {} : { attached: `${attachedTo(event)}${inWords(event, timeZone)}` };
  return {
    table: "outbox",
    key,
    before: null,
    after: { from, to: to.join(", "), ...copies, subject, text, ...attached },
  };
}

/** Without words for an event that only its id is known of. */
function inWords(event: EventRef, zone: string): string {
  if (typeof event === "string") return ` ${event}`;
  const { id: _id, when: _when, ...fields } = event;
  const whole = EventSchema.safeParse(fields);
  return whole.success ? ` ${describeEvent(whole.data, zone)}` : "";
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
