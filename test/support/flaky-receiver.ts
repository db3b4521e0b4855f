import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { type Action, defineAction } from "../../src/tools/action.ts";
import type { CallSettings } from "../../src/tools/call-settings.ts";
import { smallImpact } from "./ledger.ts";

/** `silent` takes a mail and never answers. */
type Mood = "up" | "down" | "silent";

export interface FlakyReceiver {
  url: string;
  /** What it was sent, in order, whatever came of it. */
  readonly sent: string[];
  /** What it was asked, as {@link sent}. */
  readonly asked: string[];
  mood: Mood;
  /** What else happens when a mail comes in, before it is answered. */
  onSent: () => Promise<void>;
}

/** A mail server over HTTP that works or does not, as it is told. */
export async function openFlakyReceiver(): Promise<FlakyReceiver> {
  const receiver: FlakyReceiver = { url: "", sent: [], asked: [], mood: "up", onSent: async () => undefined };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (request.method === "POST") receiver.sent.push(body);
    else receiver.asked.push(request.url ?? "");
    if (request.method === "POST") await receiver.onSent();
    if (receiver.mood === "silent") return;
    response.writeHead(receiver.mood === "up" ? 200 : 503).end(JSON.stringify({ count: receiver.sent.length }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return receiver;
}

/**
 * `send_mail`, `archive_mail`, which does the same, and `count_mails` on a receiver. A mail that was not answered with 200 counts as not sent where `canTell`;
 * otherwise nobody can tell.
 */
export function mailActions(receiver: FlakyReceiver, settings: CallSettings & { canTell?: boolean } = {}): Action[] {
  const { canTell = true, ...call } = settings;
  const change = (text: string) => ({ table: "mails", key: text, before: null, after: { text } });
  const send = defineAction({
    ...{ kind: "write", name: "send_mail", version: 1, title: "Send a mail", description: "Sends a mail.", ...call },
    input: z.strictObject({ text: z.string() }),
    output: z.object({ text: z.string() }),
    reversibility: "reversible",
    preview: async ({ text }) => [change(text)],
    impact: () => ({ ...smallImpact, resources: [] }),
    run: async ({ text }, { signal }) => {
      const response = await fetch(receiver.url, { method: "POST", body: text, signal });
      if (!response.ok) throw new Error(`The mail server answered ${response.status}.`);
      return { output: { text }, changes: [change(text)] };
    },
    ...(canTell ? { lookup: async () => undefined } : {}),
    undo: async () => "Called back.",
    summarize: (_args, { text }) => `Sent "${text}".`,
  });
  const count = defineAction({
    ...{ kind: "read", name: "count_mails", version: 1, title: "Count mails", description: "Counts mails.", ...call },
    input: z.strictObject({}),
    output: z.object({ count: z.number() }),
    run: async (_args, { signal }) => {
      const response = await fetch(receiver.url, { signal });
      if (!response.ok) throw new Error(`The mail server answered ${response.status}.`);
      return z.object({ count: z.number() }).parse(await response.json());
    },
    summarize: (_args, { count: mails }) => `There are ${mails} mails.`,
  });
  return [send, { ...send, name: "archive_mail" }, count];
}
