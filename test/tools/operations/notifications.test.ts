import { describe, expect, it } from "vitest";
import { PASSWORD, startMailServer } from "../office/mail-server.ts";
import { filesIn } from "../office/support.ts";
import { newOperations } from "./support.ts";

const NOTE = { channel: "in_app", to: ["bob", "carol"], title: "Stock count", text: "It begins at noon." };
const MAIL = { channel: "email", to: ["bob@example.org"], title: "Stock count", text: "It begins at noon." };

describe("a notification in the app", () => {
  it("is found by those who get it, and by nobody of another tenant", async () => {
    const { write, read } = newOperations();
    const send = write("send_notification");
    expect(await send.preview(NOTE)).toMatchObject([{ table: "notifications", after: { to: "bob, carol" } }]);
    await send.run(NOTE);
    await send.run(NOTE);
    expect(await read("find_notifications", { recipient: "Bob" })).toMatchObject({
      notifications: [{ title: "Stock count", corrects: null }],
    });
    expect(await read("find_notifications", { recipient: "dora" })).toEqual({ notifications: [] });
    expect(await read("find_notifications", {}, { tenant: "other" })).toEqual({ notifications: [] });
  });

  it("cannot be taken back: a correction follows it once, linked to it, and says so", async () => {
    const { write, read } = newOperations();
    const send = write("send_notification");
    const effect = await send.done(NOTE);
    expect(await send.undo(effect)).toBe(
      'The notification "Stock count" cannot be taken back: bob, carol got it. ' +
        'A correction was sent there: Correction: please disregard "Stock count".',
    );
    expect(await send.undo(effect)).toMatch(/^It was corrected already/);
    const { notifications } = (await read("find_notifications", {})) as { notifications: { id: string }[] };
    const [{ id } = { id: "" }] = notifications.slice(-1);
    expect(notifications).toMatchObject([
      { title: 'Correction: please disregard "Stock count"', corrects: id },
      { title: "Stock count", corrects: null },
    ]);
    await expect(send.run(NOTE)).rejects.toThrow("is not done again");
  });

  it("is sent once for a key, also when two are at it at once", async () => {
    const { write, read, home } = newOperations();
    const other = newOperations({ home });
    const send = [write("send_notification"), other.write("send_notification")];
    const [first, second] = await Promise.all(send.map(async (one) => await one.run(NOTE)));
    expect(second).toEqual(first);
    const { notifications } = (await read("find_notifications", {})) as { notifications: unknown[] };
    expect(notifications).toHaveLength(1);
  });

  it("that was never sent is not corrected", async () => {
    const { write, read } = newOperations();
    const send = write("send_notification");
    expect(await send.undo(send.effect("never", NOTE))).toContain("Nothing had happened");
    expect(await read("find_notifications", {})).toEqual({ notifications: [] });
    await expect(send.run(NOTE, "never")).rejects.toThrow("is not done again");
  });

  it.each([
    [{ to: undefined }, "in_app wants to, and no endpoint"],
    [{ endpoint: "ops" }, "in_app wants to, and no endpoint"],
    [{ channel: "webhook", endpoint: "ops" }, "a webhook wants endpoint, and no to"],
    [{ channel: "email" }, 'to: "bob" is no mail address'],
    [{ channel: "pigeon" }, "channel must be one of in_app, email, webhook"],
    [{ title: "a\nb" }, "title must be one line"],
    [{ text: "" }, "text must be a text of 1 to 10000 characters"],
    [
      { channel: "webhook", to: undefined, endpoint: "https://evil.example" },
      'There is no webhook "https://evil.example"',
    ],
  ])("is refused with %j, naming the field", async (wrong, message) => {
    const args = JSON.parse(JSON.stringify({ ...NOTE, ...wrong }));
    await expect(newOperations().write("send_notification").preview(args)).rejects.toThrow(message);
  });
});

describe("a notification by mail", () => {
  it("goes the way of the office's mail, and says who is outside", async () => {
    const { write, home } = newOperations();
    const send = write("send_notification");
    expect(send.action.impact?.(MAIL, [])).toMatchObject({ level: "medium", outside: ["bob@example.org"] });
    const effect = await send.done(MAIL);
    await send.undo(effect);
    const mails = filesIn(home, "outbox").join("\n");
    expect(mails).toContain("Subject: Stock count");
    expect(mails).toContain('Please disregard the notification "Stock count", sent at');
    expect(filesIn(home, "outbox")).toHaveLength(2);
  });

  it("that no server takes has not been sent, and can be asked for again under its key", async () => {
    const server = await startMailServer("refuses");
    const { write, read } = newOperations({ office: { smtpUrl: server.url } });
    const send = write("send_notification");
    await expect(send.run(MAIL)).rejects.toMatchObject({ code: "action_failed" });
    expect(await send.lookup()).toBeUndefined();
    await expect(send.run(MAIL)).rejects.toMatchObject({ code: "action_failed" });
    expect(await read("find_notifications", {})).toEqual({ notifications: [] });
  });

  it("of which the server says nothing is left open, and never sent twice", async () => {
    const server = await startMailServer("dies");
    const { write } = newOperations({ office: { smtpUrl: server.url } });
    const send = write("send_notification");
    const failure = await send.run(MAIL).catch((error: unknown) => error as Error);
    expect(failure).not.toHaveProperty("code", "action_failed");
    expect(String(failure)).not.toContain(PASSWORD);
    await expect(send.lookup()).rejects.toThrow("nobody knows");
    await expect(send.run(MAIL)).rejects.toThrow("nobody knows");
    expect(server.taken()).toHaveLength(1);
  });
});
