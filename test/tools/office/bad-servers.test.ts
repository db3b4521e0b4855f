/** Servers that die, talk nonsense, say nothing, or say too much: what surely did not happen, and what nobody knows. */
import { once } from "node:events";
import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { ActionFailure } from "../../../src/errors.ts";
import { newOffice, TUESDAY } from "./support.ts";

const MAIL = { to: ["bob@example.com"], subject: "Review", text: "Hello Bob.\n" };

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** A mail server that answers each line by what it begins with; it goes away at `dies`. */
async function startSmtp(answers: Record<string, string>) {
  const sockets = new Set<Socket>();
  let inText = false;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    const answer = (text: string | undefined) => {
      if (text === "dies") socket.destroy();
      else if (text !== undefined) socket.write(`${text}\r\n`);
    };
    answer(answers.greeting);
    socket.on("data", (data) => {
      for (const line of String(data).split("\r\n").filter(Boolean)) {
        if (inText && line !== ".") continue;
        const word = inText ? "." : line.slice(0, 4).toUpperCase();
        inText = word === "DATA";
        answer(answers[word]);
      }
    });
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `smtp://127.0.0.1:${await portOf(server)}`;
}

const POLITE = {
  greeting: "220 here",
  EHLO: "250 hello",
  MAIL: "250 ok",
  RCPT: "250 ok",
  DATA: "354 go on",
  ".": "250 taken",
};
const soon = () => ({ signal: AbortSignal.timeout(300) });

describe("a mail server", () => {
  it.each<[string, Record<string, string>]>([
    ["greets with nonsense", { greeting: "<html>hello</html>" }],
    ["never greets", {}],
    ["talks without an end", { greeting: "x".repeat(3_000_000) }],
    ["hangs up at once", { greeting: "dies" }],
    ["hangs up when it hears the sender", { ...POLITE, MAIL: "dies" }],
    ["never answers to a recipient", { greeting: "220 here", EHLO: "250 hello", MAIL: "250 ok" }],
    ["hangs up when it is told that a text comes", { ...POLITE, DATA: "dies" }],
    ["does not want the text", { ...POLITE, DATA: "554 no" }],
    ["refuses the text once it has it", { ...POLITE, ".": "554 no" }],
  ])("that %s has surely not sent it", async (_what, answers) => {
    const { send } = newOffice({ smtpUrl: await startSmtp(answers) });
    await expect(send.run(MAIL, "k1", soon())).rejects.toBeInstanceOf(ActionFailure);
    expect(await send.lookup("k1")).toBeUndefined();
  });

  it.each<[string, string]>([
    ["hangs up", "dies"],
    ["talks nonsense", "<html>ok</html>"],
    ["says nothing more", ""],
  ])("that %s once it has the text leaves it open whether it was sent", async (_what, last) => {
    const { ".": _taken, ...before } = POLITE;
    const { send } = newOffice({ smtpUrl: await startSmtp(last === "" ? before : { ...before, ".": last }) });
    const failure = await send.run(MAIL, "k1", soon()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(ActionFailure);
    await expect(send.lookup("k1")).rejects.toThrow("nobody knows whether it took it");
  });

  it("hears nothing of a mail that is not wanted any more", async () => {
    const { send } = newOffice({ smtpUrl: await startSmtp(POLITE) });
    await expect(send.run(MAIL, "k1", { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(ActionFailure);
    expect(await send.lookup("k1")).toBeUndefined();
    await send.run(MAIL, "k1");
  });
});

const EMPTY = '<?xml version="1.0"?><multistatus xmlns="DAV:"/>';

/** A calendar server without events, where something is wrong with what it says. */
async function startDav(answer: RequestListener) {
  const server = createHttp(answer);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${await portOf(server)}/work/`;
}

/** To what is written the given answer, to questions that there is nothing. */
const puts =
  (answer: RequestListener): RequestListener =>
  (request, response) => {
    request.resume();
    if (request.method === "REPORT") response.writeHead(207, { "content-type": "text/xml" }).end(EMPTY);
    else answer(request, response);
  };

describe("a calendar server", () => {
  it.each<[string, RequestListener]>([
    ["answers with no XML", (_, response) => response.writeHead(207, { "content-type": "text/xml" }).end("{}]<<<")],
    [
      "answers with an event that is none",
      (_, response) =>
        response
          .writeHead(207, { "content-type": "text/xml" })
          .end(
            '<multistatus xmlns="DAV:"><response><href>/x.ics</href><propstat><prop><getetag>"1"</getetag><calendar-data xmlns="urn:ietf:params:xml:ns:caldav">BEGIN:NOTHING</calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>',
          ),
    ],
    [
      "sends without an end",
      (_, response) => void setInterval(() => response.destroyed || response.write("x".repeat(4_000_000)), 1).unref(),
    ],
    ["never answers", () => undefined],
    ["hangs up", (request) => void request.socket.destroy()],
    ["sends elsewhere", (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()],
  ])("that %s makes nobody free, and nothing is written", async (_what, answer) => {
    const methods: (string | undefined)[] = [];
    const url = await startDav((request, response) => {
      methods.push(request.method);
      answer(request, response);
    });
    const { read, create } = newOffice({ caldavUrl: url });
    const asked = { people: ["bob@example.com"], minutes: 30, day: "2026-11-24" };
    await expect(read("find_free_slot", asked, { signal: AbortSignal.timeout(600) })).rejects.toThrow();
    await expect(create.run(TUESDAY, "k1", { signal: AbortSignal.timeout(600) })).rejects.toThrow();
    expect(methods).not.toContain("PUT");
  });

  it.each<[string, RequestListener]>([
    ["answers with an error of its own", (_, response) => response.writeHead(500).end()],
    ["never answers", () => undefined],
    ["hangs up", (request) => void request.socket.destroy()],
    [
      "answers with a page",
      (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>Hi</html>"),
    ],
  ])("that %s to an event leaves it open whether it keeps it", async (_what, answer) => {
    const { create } = newOffice({ caldavUrl: await startDav(puts(answer)) });
    const failure = await create
      .run(TUESDAY, "k1", { signal: AbortSignal.timeout(400) })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(ActionFailure);
  });

  it("that refuses an event has surely not kept it", async () => {
    const { create } = newOffice({ caldavUrl: await startDav(puts((_, response) => response.writeHead(403).end())) });
    await expect(create.run(TUESDAY, "k1")).rejects.toBeInstanceOf(ActionFailure);
  });
});

describe("an address", () => {
  it.each([
    ["a line end", "bob@example.com\r\nBcc: eve@example.com"],
    ["a line end that only Unicode knows", "bob@example.com\u2028Bcc:eve@example.com"],
    ["a character that nobody sees", "bob@exa\u200Bmple.com"],
    ["letters that turn the direction", "bob@\u202Eelpmaxe.com"],
    ["a sign that looks like the at", "bob\uFF20example.com"],
    ["a dot that is none", "bob@example\u3002com\u0000"],
    ["a name", "Bob <bob@example.com>"],
    ["quotation marks", '"bob@evil.example"@example.com'],
    ["two ats", "bob@evil.example@example.com"],
    ["letters in the name that only look the same", "b\u043Eb@example.com"],
    ["no domain", "bob@"],
    ["too much", `${"b".repeat(250)}@example.com`],
  ])("with %s is refused by every action", async (_what, person) => {
    const { send, create, read } = newOffice();
    await expect(send.preview({ ...MAIL, to: [person] })).rejects.toThrow("is no mail address");
    await expect(create.preview({ ...TUESDAY, people: [person] })).rejects.toThrow("is no mail address");
    await expect(read("find_events", { people: [person] })).rejects.toThrow("is no mail address");
  });

  it("whose domain only looks like another one is shown as what it is, and counts as outside", async () => {
    const { send } = newOffice();
    const mail = { ...MAIL, to: ["bob@ex\u0430mple.com", "carol@\uFF45xample.com"] };
    const [change] = await send.preview(mail);
    expect(change?.after?.to).toBe("bob@xn--exmple-4nf.com, carol@example.com");
    expect(send.action.impact?.(send.action.input.parse(mail), [])).toMatchObject({
      outside: ["bob@xn--exmple-4nf.com"],
    });
  });
});
