import { describe, expect, it } from "vitest";
import { HoldpointError } from "../../../src/errors.ts";
import { PASSWORD, startMailServer } from "./mail-server.ts";
import { filesIn, newOffice } from "./support.ts";

const MAIL = { to: ["bob@example.org"], subject: "Tuesday, 12:00–12:30", text: "Hello Bob,\n\nsee you.\n" };

describe("the outbox", () => {
  it("holds a mail as a file, under a Message-ID made of the key", async () => {
    const office = newOffice();
    const { output } = await office.send.run(MAIL, "eff_1");
    expect(output).toMatchObject({ messageId: "<eff_1@holdpoint>", from: "office@example.com", refused: [] });
    const [eml] = filesIn(office.home, "outbox");
    expect(eml).toContain("Message-ID: <eff_1@holdpoint>");
    expect(eml).toContain("Date: Sun, 22 Nov 2026 15:00:00 +0000");
  });

  it("takes a mail once for each key, and tells whether it did", async () => {
    const office = newOffice();
    expect(await office.send.lookup("eff_1")).toBeUndefined();
    const first = await office.send.run(MAIL, "eff_1");
    expect(await office.send.run(MAIL, "eff_1")).toEqual(first);
    expect(await office.send.lookup("eff_1")).toMatchObject({ output: first.output });
    expect(await office.send.lookup("eff_1", { tenant: "other" })).toBeUndefined();
    expect(filesIn(office.home, "outbox")).toHaveLength(1);
    await expect(office.send.run({ ...MAIL, subject: "Other" }, "eff_1")).rejects.toThrow(
      "stands for another mail already",
    );
  });

  it("shows the mail before it is sent, and says who outside gets it", async () => {
    const { send } = newOffice();
    const mail = { ...MAIL, cc: ["dora@example.com"] };
    const [change] = await send.preview(mail);
    expect(change).toMatchObject({
      table: "outbox",
      before: null,
      after: { to: "bob@example.org", cc: "dora@example.com" },
    });
    expect(send.action.impact?.(mail, [])).toMatchObject({
      resources: ["bob@example.org", "dora@example.com"],
      outside: ["bob@example.org"],
      reversible: false,
    });
  });

  it.each([
    ["an address that is none", { to: ["bob"] }, 'to: "bob" is no mail address, such as bob@example.com'],
    ["an address with a line end", { to: ["bob@example.com\nBcc: eve@example.com"] }, "is no mail address"],
    ["two addresses in one", { to: ["bob@example.com, eve@example.com"] }, "is no mail address"],
    ["nobody", { to: [] }, "to must name at least 1 mail address"],
    ["a subject with a line end", { subject: "Hi\r\nBcc: eve@example.com" }, "subject must be one line"],
    ["no text", { text: "" }, "text must be a text of 1 to 50000 characters"],
  ])("refuses %s, naming the field", async (_what, wrong, message) => {
    await expect(newOffice().send.preview({ ...MAIL, ...wrong })).rejects.toThrow(message);
  });

  it("drafts a mail without keeping or sending it", async () => {
    const office = newOffice();
    expect(await office.read("draft_email", MAIL)).toEqual({ ...MAIL, cc: [], from: "office@example.com" });
    expect(filesIn(office.home, "outbox")).toEqual([]);
  });
});

describe("a mail server", () => {
  it("gets the mail, and the outbox a copy", async () => {
    const server = await startMailServer();
    const office = newOffice({ smtpUrl: server.url });
    await office.send.run(MAIL, "eff_1");
    const [eml] = server.taken();
    expect(eml).toContain("X-To: bob@example.org");
    expect(eml).toContain("Message-ID: <eff_1@holdpoint>");
    expect(filesIn(office.home, "outbox")).toHaveLength(1);
    await office.send.run(MAIL, "eff_1");
    expect(server.taken()).toHaveLength(1);
  });

  it("that refuses everybody has sent nothing", async () => {
    const server = await startMailServer("refuses");
    const office = newOffice({ smtpUrl: server.url });
    await expect(office.send.run(MAIL)).rejects.toMatchObject({
      code: "action_failed",
      message: expect.stringContaining("did not take the mail"),
    });
    expect(await office.send.lookup()).toBeUndefined();
    expect([...server.taken(), ...filesIn(office.home, "outbox")]).toEqual([]);
  });

  it("that refuses the text has sent nothing either", async () => {
    const server = await startMailServer("full");
    const office = newOffice({ smtpUrl: server.url });
    await expect(office.send.run(MAIL)).rejects.toMatchObject({ code: "action_failed" });
    expect(await office.send.lookup()).toBeUndefined();
  });

  it("that refuses one of several has sent to the others, and the summary says so", async () => {
    const server = await startMailServer();
    const { send } = newOffice({ smtpUrl: server.url });
    const mail = { ...MAIL, to: ["bob@example.org", "nobody@example.org"] };
    const { output } = await send.run(mail);
    expect(send.action.summarize(mail, output)).toBe(
      'The mail "Tuesday, 12:00–12:30" was sent to bob@example.org. It was not delivered to nobody@example.org: 550 No such user here.',
    );
  });

  it("that dies with the mail in its hands leaves it open whether it was sent", async () => {
    const server = await startMailServer("dies");
    const office = newOffice({ smtpUrl: server.url });
    const failure = await office.send.run(MAIL).catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(HoldpointError);
    expect(String(failure)).toContain("did not say whether it took the mail");
    expect(server.taken()).toHaveLength(1);
    await expect(office.send.lookup()).rejects.toThrow("nobody knows whether it took it");
    await expect(office.send.run(MAIL)).rejects.toThrow("nobody knows whether it took it");
    expect(server.taken()).toHaveLength(1);
  });

  it("that is not there has sent nothing", async () => {
    const server = await startMailServer();
    await server.stop();
    const office = newOffice({ smtpUrl: server.url });
    await expect(office.send.run(MAIL)).rejects.toMatchObject({ code: "action_failed" });
    expect(await office.send.lookup()).toBeUndefined();
  });

  it("hears no secret back: neither name nor password stand in an error", async () => {
    const server = await startMailServer();
    const wrong = server.url.replace(PASSWORD, "an0ther-pass");
    const failure = await newOffice({ smtpUrl: wrong })
      .send.run(MAIL)
      .catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ code: "action_failed" });
    expect(`${(failure as Error).message} ${(failure as Error).stack}`).not.toContain("an0ther-pass");
    const broken = () => newOffice({ smtpUrl: `http://office:${PASSWORD}@example.com` });
    expect(broken).toThrow("The address of the mail server is none such as smtps://mail.example.com.");
    expect(broken).not.toThrow(PASSWORD);
  });
});
