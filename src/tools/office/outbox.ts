/**
 * The outbox: what was sent, and what is just being handed to a mail server.
 *
 * 1. A mail stands in it before any server hears of it, so that a look-up never takes what may have been sent for what
 *    was not.
 * 2. Under a key one mail is sent at the most, and another one under the same key is refused.
 */
import { canonicalJson } from "../../domain/json.ts";
import { ActionFailure } from "../../errors.ts";
import { type Db, immediately } from "../../sqlite.ts";
import type { OfficeFiles } from "./database.ts";
import { composeMail, type Mailer, MailSchema, messageIdOf, type Sending, type Sent, SentSchema } from "./mail.ts";

/** Hands a mail to a server. @throws ActionFailure when it surely did not take it; anything else: nobody knows */
export interface Transport {
  deliver(
    eml: Buffer,
    envelope: { from: string; to: readonly string[] },
    signal: AbortSignal,
  ): Promise<{ refused: Sent["refused"] }>;
}

interface Row {
  readonly request: string;
  readonly status: "sending" | "sent";
  readonly refused: string;
}

/**
 * Sends through `transport`; without one, a mail is sent when it lies in the outbox.
 * @param from whose mails these are
 */
export function createOutbox({ db, writeFiles }: OfficeFiles, from: string, transport?: Transport): Mailer {
  const recall = (tenant: string, key: string): Sent | undefined => {
    const row = findRow(db(), tenant, messageIdOf(key));
    if (row?.status !== "sending") return row && sentOf(from, key, row);
    throw new Error(
      "The mail was being handed to the mail server when that was cut off: nobody knows whether it took it.",
    );
  };
  return {
    idempotent: transport === undefined,
    find: async (key, { tenant }) => recall(tenant, key),
    send: async (sending, { tenant, signal }) => {
      const { key, mail } = sending;
      const eml = await composeMail(from, sending);
      const earlier = immediately(db(), () => {
        const known = recall(tenant, key);
        if (known) assertSame(db(), tenant, sending);
        else insertRow(db(), tenant, { sending, eml: eml.toString(), status: transport ? "sending" : "sent" });
        return known;
      });
      if (earlier) return earlier;
      const { refused } = transport
        ? await hand(db(), transport, { tenant, key, eml, from, mail, signal })
        : { refused: [] };
      writeFiles();
      return sentOf(from, key, { request: canonicalJson(mail), refused: JSON.stringify(refused) });
    },
  };
}

function insertRow(
  db: Db,
  tenant: string,
  { sending, eml, status }: { sending: Sending; eml: string; status: Row["status"] },
): void {
  db.prepare(
    `insert into mails (tenant, message_id, request, status, eml, time)
     values (@tenant, @id, @request, @status, @eml, @time)`,
  ).run({
    ...{ tenant, eml, status, time: sending.now },
    ...{ id: messageIdOf(sending.key), request: canonicalJson(sending.mail) },
  });
}

/** A server that said no leaves no trace: nothing happened. */
async function hand(
  db: Db,
  transport: Transport,
  { tenant, key, eml, from, mail, signal }: Handing,
): Promise<{ refused: Sent["refused"] }> {
  const id = messageIdOf(key);
  try {
    const { refused } = await transport.deliver(eml, { from, to: [...mail.to, ...(mail.cc ?? [])] }, signal);
    db.prepare("update mails set status = 'sent', refused = ? where tenant = ? and message_id = ?").run(
      JSON.stringify(refused),
      tenant,
      id,
    );
    return { refused };
  } catch (error) {
    if (error instanceof ActionFailure) {
      db.prepare("delete from mails where tenant = ? and message_id = ? and status = 'sending'").run(tenant, id);
    }
    throw error;
  }
}

interface Handing extends Pick<Sending, "mail" | "key"> {
  readonly tenant: string;
  readonly eml: Buffer;
  readonly from: string;
  readonly signal: AbortSignal;
}

/** A mail as it stands in the outbox. */
export interface SeenMail extends Row {
  readonly messageId: string;
}

/** Those that were sent, and those that a server may have taken. */
export function listMails({ db }: OfficeFiles, tenant: string): SeenMail[] {
  return db()
    .prepare<[string], SeenMail>(
      `select message_id as "messageId", request, status, refused from mails where tenant = ? order by message_id`,
    )
    .all(tenant);
}

function assertSame(db: Db, tenant: string, { key, mail }: Sending): void {
  if (findRow(db, tenant, messageIdOf(key))?.request === canonicalJson(mail)) return;
  throw new ActionFailure("invalid_request", `The key "${key}" stands for another mail already.`);
}

function findRow(db: Db, tenant: string, id: string): Row | undefined {
  return db
    .prepare<[string, string], Row>("select request, status, refused from mails where tenant = ? and message_id = ?")
    .get(tenant, id);
}

function sentOf(from: string, key: string, { request, refused }: Omit<Row, "status">): Sent {
  const { to, cc = [], subject } = MailSchema.parse(JSON.parse(request));
  return SentSchema.parse({ messageId: messageIdOf(key), from, to, cc, subject, refused: JSON.parse(refused) });
}
