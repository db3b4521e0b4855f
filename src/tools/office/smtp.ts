/**
 * Mail over SMTP.
 *
 * 1. Until the server has asked for the text of a mail, nothing was sent, whatever fails. After that only its own word
 *    counts: without one, nobody knows.
 * 2. Name and password stand in no error, and go over no line that is not encrypted, but to this machine.
 */
import { Readable } from "node:stream";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import { printable } from "../../domain/printable.ts";
import { ActionFailure, HoldpointError } from "../../errors.ts";
import type { Transport } from "./outbox.ts";

const CONNECT_MS = 10_000;
const SILENT_MS = 20_000;
const MAX_SAID = 200;

interface Server {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly login: { readonly user: string; readonly pass: string } | undefined;
}

/**
 * Hands mails to the server at `smtp://name:password@host:port`, or `smtps:` for encryption from the start.
 * @throws HoldpointError `usage` when the address does not fit
 */
export function createSmtp(address: string): Transport {
  const server = parseServer(address);
  return { deliver: (eml, envelope, signal) => deliver(server, { eml, envelope, signal }) };
}

function parseServer(address: string): Server {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const secure = url?.protocol === "smtps:";
  if (!url?.hostname || !(secure || url.protocol === "smtp:")) {
    throw new HoldpointError("usage", "The address of the mail server is none such as smtps://mail.example.com.", {
      hint: "Mend SMTP_URL, or smtpUrl. It is not shown, as it may hold a password.",
    });
  }
  const [user, pass] = [decode(url.username), decode(url.password)];
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { host, port: Number(url.port) || (secure ? 465 : 587), secure, login: user ? { user, pass } : undefined };
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

interface Delivery {
  readonly eml: Buffer;
  readonly envelope: Parameters<Transport["deliver"]>[1];
  readonly signal: AbortSignal;
}

type Delivered = Awaited<ReturnType<Transport["deliver"]>>;

async function deliver(server: Server, { eml, envelope, signal }: Delivery): Promise<Delivered> {
  const { host, port, secure, login } = server;
  if (signal.aborted) throw new ActionFailure("failed", "Nothing was sent: it is not wanted any more.");
  const isHere = ["localhost", "127.0.0.1", "::1"].includes(host);
  const connection = new SMTPConnection({
    ...{ host, port, secure, requireTLS: !secure && login !== undefined && !isHere },
    ...{ connectionTimeout: CONNECT_MS, greetingTimeout: CONNECT_MS, socketTimeout: SILENT_MS },
  });
  let asked = false;
  const text = new Readable({
    read() {
      asked = true; // it is not read before the server has said that it takes it
      this.push(eml);
      this.push(null);
    },
  });
  const stop = () => connection.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await converse(connection, { login, envelope, text });
  } catch (error) {
    const said = typeof error === "object" && error !== null && "responseCode" in error && Boolean(error.responseCode);
    if (asked && !said)
      throw new Error(`The mail server ${host} did not say whether it took the mail: ${say(error, server)}`);
    throw new ActionFailure("failed", `The mail server ${host} did not take the mail: ${say(error, server)}`, {
      hint: "Nothing was sent. Look at the addresses and at the server, then ask for it again.",
    });
  } finally {
    signal.removeEventListener("abort", stop);
    connection.close();
  }
}

/** Connects, signs in and sends. */
function converse(
  connection: SMTPConnection,
  { login, envelope, text }: Pick<Server, "login"> & Pick<Delivery, "envelope"> & { text: Readable },
): Promise<Delivered> {
  return new Promise((resolve, reject) => {
    connection.on("error", reject);
    connection.on("end", () => reject(new Error("the connection was closed")));
    const send = () =>
      connection.send({ from: envelope.from, to: [...envelope.to] }, text, (error, info) => {
        if (error) reject(error);
        else resolve({ refused: (info.rejectedErrors ?? []).map(refusalOf) });
      });
    connection.connect((error) => {
      if (error) reject(error);
      else if (login === undefined) send();
      else connection.login({ credentials: login }, (refused) => (refused ? reject(refused) : send()));
    });
  });
}

const refusalOf = (error: { recipient?: string | undefined; response?: string | undefined }) => ({
  person: error.recipient ?? "",
  why: oneLine(error.response ?? "no reason was given"),
});

/** What went wrong, without a word of the name and the password. */
function say(error: unknown, { login }: Server): string {
  const message = oneLine(error instanceof Error ? error.message : String(error));
  const secrets = [login?.pass, login?.user].filter((secret) => secret !== undefined && secret !== "") as string[];
  const told = secrets.reduce((text, secret) => text.replaceAll(secret, "***"), message);
  return /[.!?]$/.test(told) ? told : `${told}.`;
}

const oneLine = (text: string): string => printable(text.replace(/\s+/g, " ")).trim().slice(0, MAX_SAID);
