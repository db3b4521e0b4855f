/** Notifications, and the rows of those that were sent. */
import { z } from "zod";
import { derivedId } from "../../domain/json.ts";
import type { Change } from "../../domain/proposal.ts";
import type { Db } from "../../sqlite.ts";
import { isAddress, line, lines } from "../office/fields.ts";

export const CHANNELS = ["in_app", "email", "webhook"] as const;
const MAX_PEOPLE = 50;

/** A correction repeats the title: it needs room for that. */
export const NotificationSchema = z
  .strictObject({
    channel: z
      .enum(CHANNELS, `channel must be one of ${CHANNELS.join(", ")}`)
      .describe("in_app: a list that people look at. email: mail addresses. webhook: a configured endpoint."),
    to: z
      .array(line("to", 254), "to must be a list of names or mail addresses")
      .min(1, "to must name at least one")
      .max(MAX_PEOPLE, `to must name at most ${MAX_PEOPLE}`)
      .optional()
      .describe("Who gets it: for in_app names, for email mail addresses."),
    endpoint: line("endpoint", 40).optional().describe("For webhook: the name of the endpoint, never an address."),
    title: line("title", 150),
    text: lines("text", 10_000).describe("Plain text."),
  })
  .superRefine(({ channel, to, endpoint }, context) => {
    const fault = faultOf(channel, to, endpoint);
    if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
  });
export type Notification = z.infer<typeof NotificationSchema>;

function faultOf(channel: string, to: readonly string[] | undefined, endpoint: string | undefined): string | undefined {
  if (channel === "webhook") {
    return endpoint === undefined || to
      ? "a webhook wants endpoint, and no to: the endpoint says where it goes"
      : undefined;
  }
  if (!to || endpoint !== undefined) return `${channel} wants to, and no endpoint`;
  const wrong = channel === "email" ? to.find((one) => !isAddress(one)) : undefined;
  return wrong === undefined ? undefined : `to: "${wrong.slice(0, 80)}" is no mail address, such as bob@example.com`;
}

export const SentSchema = z.strictObject({
  /** For webhooks the `webhook-id`. */
  id: z.string(),
  channel: z.enum(CHANNELS),
  recipients: z.array(z.string()),
  title: z.string(),
  sentAt: z.string(),
  /** To whom the mail server does not deliver it, and why. */
  refused: z.array(z.strictObject({ person: z.string(), why: z.string() })),
});
export type Sent = z.infer<typeof SentSchema>;

/** The id of what is sent under a key: the same at every attempt. */
export const notificationIdOf = (tenant: string, key: string): string => derivedId("msg", { tenant, key });

export const recipientsOf = ({ to, endpoint }: Notification): string[] => to ?? [endpoint ?? ""];

export function notificationInsert(key: string, notification: Notification): Change {
  const { channel, title, text } = notification;
  const after = { channel, to: recipientsOf(notification).join(", "), title, text };
  return { table: "notifications", key, before: null, after };
}

/** What is said in place of what cannot be taken back. */
export function correctionOf(notification: Notification, sentAt: string | undefined): Notification {
  const when = sentAt === undefined ? "" : `, sent at ${sentAt}`;
  return {
    ...notification,
    title: `Correction: please disregard "${notification.title}"`,
    text: `Please disregard the notification "${notification.title}"${when}: what it told of was undone.`,
  };
}

export interface NotificationRow {
  readonly id: string;
  readonly channel: Notification["channel"];
  readonly recipients: string[];
  readonly title: string;
  readonly text: string;
  /** The id of the one that it corrects. */
  readonly corrects: string | null;
  readonly sentAt: string;
}

/** Call inside the transaction that settles its receipt. */
export function insertNotification(db: Db, tenant: string, row: NotificationRow): void {
  db.prepare(
    `insert or ignore into notifications (tenant, id, channel, recipients, title, text, corrects, sent_at)
     values (@tenant, @id, @channel, @recipients, @title, @text, @corrects, @sentAt)`,
  ).run({ ...row, tenant, recipients: JSON.stringify(row.recipients) });
}

/** The newest first. */
export function readNotifications(db: Db, tenant: string): NotificationRow[] {
  return db
    .prepare<[string], Omit<NotificationRow, "recipients"> & { recipients: string }>(
      `select id, channel, recipients, title, text, corrects, sent_at as sentAt from notifications
       where tenant = ? order by sent_at desc, rowid desc`,
    )
    .all(tenant)
    .map((row) => ({ ...row, recipients: z.array(z.string()).parse(JSON.parse(row.recipients)) }));
}
