/**
 * Telling people or programs something. What was told cannot be taken back: undoing it tells them to disregard it.
 */
import type { Effect, Impact } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import { type ActionContext, defineAction, type WriteAction } from "../action.ts";
import { outsiders } from "../office/office.ts";
import { endpointNamed, hand, send } from "./channels.ts";
import {
  correctionOf,
  type Notification,
  NotificationSchema,
  notificationIdOf,
  notificationInsert,
  recipientsOf,
  type Sent,
  SentSchema,
} from "./notifications.ts";
import type { Operations } from "./operations.ts";
import { type Done, findDone, findRequest, isStanding, undoOnce } from "./receipts.ts";

const NAME = "send_notification";
/** With room for every attempt at a webhook and the pauses between them. */
const TIMEOUT_MS = 60_000;

export function createSendNotification(operations: Operations): WriteAction<Notification, Sent> {
  const names = [...operations.endpoints.keys()];
  return defineAction({
    kind: "write",
    name: NAME,
    version: 1,
    title: "Send a notification",
    description:
      "Tells people something in the app or by mail, or a program by a webhook. It cannot be taken back: undoing it " +
      `sends a correction. Endpoints of webhooks: ${names.join(", ") || "none is configured"}.`,
    input: NotificationSchema,
    example: { channel: "in_app", to: ["ann"], title: "Stock count", text: "The stock count begins at noon." },
    output: SentSchema,
    reversibility: "compensatable",
    idempotent: true,
    timeoutMs: TIMEOUT_MS,
    retry: { attempts: 1 }, // it repeats by itself what can be repeated
    preview: async (args: Notification) => {
      if (args.channel === "webhook") endpointNamed(operations, args);
      return [notificationInsert("new", args)];
    },
    impact: (args) => impactOf(operations, args),
    run: async (args: Notification, context: ActionContext) => await send(operations, { action: NAME, args, context }),
    lookup: async (key, context) => await find(operations, key, context),
    undo: async (effect, context) => await correct(operations, effect, context),
    summarize: (_args, { channel, recipients, title, refused }) => {
      const not = refused.map(({ person, why }) => ` It was not delivered to ${person}: ${why}.`).join("");
      const went = recipients.filter((one) => !refused.some(({ person }) => person === one));
      return `The notification "${title}" was sent to ${channel === "webhook" ? "the webhook " : ""}${went.join(", ")}.${not}`;
    },
  });
}

/** @throws Error when it was begun, and nobody knows what came of it */
async function find(operations: Operations, key: string, context: ActionContext): Promise<Done<Sent> | undefined> {
  const { files, mailer } = operations;
  try {
    return findDone(files.db(), key, { action: NAME, tenant: context.tenant, output: SentSchema });
  } catch (error) {
    const args = NotificationSchema.parse(findRequest(files.db(), key, context.tenant));
    if (args.channel !== "email") throw error;
    const mail = await mailer.find(key, context); // the outbox knows more
    return mail && { output: { ...hand(args, key, context), refused: mail.refused }, changes: [] };
  }
}

function impactOf({ address }: Operations, notification: Notification): Impact {
  const { channel } = notification;
  const people = recipientsOf(notification);
  const outside = {
    in_app: [],
    email: outsiders({ address }, people),
    webhook: people.map((name) => `the webhook ${name}`),
  }[channel];
  return {
    level: channel === "in_app" ? "low" : people.length > 10 ? "high" : "medium",
    resources: people.map((one) => `${channel}/${one}`),
    reversible: false,
    durationMs: 1000,
    ...(outside.length > 0 ? { outside } : {}),
  };
}

/** Tells those who were told that it does not hold. @throws whatever keeps that from being delivered */
async function correct(operations: Operations, effect: Effect, context: ActionContext): Promise<string> {
  const db = operations.files.db();
  const { key, action } = effect;
  const settle = (said: string) => undoOnce(db, { key, action }, context, { work: () => said, already: "corrected" });
  if (!isStanding(db, key, context.tenant)) return settle("");
  const notification = NotificationSchema.parse(effect.args);
  const sentAt = SentSchema.safeParse(effect.output).data?.sentAt;
  const args = correctionOf(notification, sentAt);
  try {
    const corrects = notificationIdOf(context.tenant, key);
    await send(operations, { action: `${NAME}:undo`, args, context, corrects });
  } catch (error) {
    if (!(error instanceof ActionFailure)) throw error;
    const text = `The notification "${notification.title}" cannot be taken back, and the correction could not be sent. ${error.message}`;
    throw new ActionFailure("failed", text, { cause: error });
  }
  const who = recipientsOf(notification).join(", ");
  return settle(
    `The notification "${notification.title}" cannot be taken back: ${who} got it. A correction was sent there: ${args.title}.`,
  );
}
