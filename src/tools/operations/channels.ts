/** The ways that notifications take. */
import { canonicalJson } from "../../domain/json.ts";
import { ActionFailure } from "../../errors.ts";
import { immediately } from "../../sqlite.ts";
import type { ActionContext } from "../action.ts";
import type { Endpoint } from "./endpoints.ts";
import {
  insertNotification,
  type Notification,
  notificationIdOf,
  notificationInsert,
  recipientsOf,
  type Sent,
  SentSchema,
} from "./notifications.ts";
import type { Operations } from "./operations.ts";
import { type Begun, begin, type Call, type Done, forget, settle } from "./receipts.ts";
import { deliver, forSlack } from "./webhook.ts";

interface Sending {
  readonly action: string;
  readonly args: Notification;
  readonly context: ActionContext;
  /** The id of the notification that this one corrects. */
  readonly corrects?: string;
}

/**
 * Sends a notification once for its key.
 * @throws ActionFailure when it surely was not sent; anything else means that nobody knows
 */
export async function send(operations: Operations, sending: Sending): Promise<Done<Sent>> {
  const { action, args, context, corrects = null } = sending;
  const db = operations.files.db();
  const call: Call<Sent> = { action, args, context, output: SentSchema };
  const known = begin(db, call);
  if ("output" in known) return known;
  let refused: Sent["refused"] = [];
  try {
    if (args.channel !== "in_app") refused = await leave(operations, sending, known);
  } catch (error) {
    if (!(error instanceof ActionFailure)) throw error;
    // An earlier call may have been the one that was heard.
    if (known.isRepeat) throw new Error(`An earlier attempt may have been heard. ${error.message}`);
    forget(db, context);
    throw error;
  }
  const output = { ...hand(args, context.idempotencyKey, context), refused };
  const done = { output, changes: [notificationInsert(output.id, args)] };
  immediately(db, () => {
    const { id, channel, recipients, title, sentAt } = output;
    insertNotification(db, context.tenant, { id, channel, recipients, title, text: args.text, corrects, sentAt });
    settle(db, call, done);
  });
  return done;
}

/** What is known of a notification once it was sent. */
export function hand(args: Notification, key: string, { tenant, now }: Pick<ActionContext, "tenant" | "now">): Sent {
  const id = notificationIdOf(tenant, key);
  return { id, channel: args.channel, recipients: recipientsOf(args), title: args.title, sentAt: now, refused: [] };
}

/** Hands it to whoever is outside of this machine. @returns to whom it was not delivered */
async function leave(
  operations: Operations,
  { args, context, corrects }: Sending,
  { isRepeat, since }: Begun,
): Promise<Sent["refused"]> {
  const { tenant, signal, now, idempotencyKey: key } = context;
  if (args.channel === "email") {
    const mail = { to: recipientsOf(args), subject: args.title, text: args.text };
    return (await operations.mailer.send({ mail, key, now: since }, { tenant, signal })).refused;
  }
  const endpoint = endpointNamed(operations, args);
  if (isRepeat && endpoint.style === "slack") {
    throw new Error(
      `It was being handed to the webhook "${endpoint.name}" when that was cut off, which cannot tell a repeat.`,
    );
  }
  const id = notificationIdOf(tenant, key);
  const body = bodyOf(endpoint, args, { since, corrects });
  await deliver(endpoint, { id, body, now, isRepeat }, { signal, settings: operations.delivery });
  return [];
}

/** @throws ActionFailure `invalid_request` that says which endpoints there are */
export function endpointNamed({ endpoints }: Operations, { endpoint = "" }: Notification): Endpoint {
  const found = endpoints.get(endpoint);
  if (found) return found;
  const names = [...endpoints.keys()].join(", ");
  const hint = names === "" ? "None is configured; see docs/operations.md." : `There are: ${names}.`;
  throw new ActionFailure("invalid_request", `There is no webhook "${endpoint}". ${hint}`);
}

/** The same at every attempt. @param since when the first was made, ISO 8601 UTC */
function bodyOf(
  { style }: Endpoint,
  { title, text }: Notification,
  { since, corrects }: { since: string; corrects: string | undefined },
): string {
  if (style === "slack") return JSON.stringify({ text: `*${forSlack(title)}*\n${forSlack(text)}` });
  const type = corrects === undefined ? "notification.sent" : "notification.corrected";
  return canonicalJson({
    type,
    timestamp: since,
    data: { title, text, ...(corrects === undefined ? {} : { corrects }) },
  });
}
