/** Calendar servers whose answers lead out of the calendar, or leave it open what became of a write. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { ActionFailure } from "../../../src/errors.ts";
import { newOffice, TUESDAY } from "./support.ts";

const LUNCH = [
  ...["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:e1", "DTSTAMP:20260101T000000Z"],
  ...["SUMMARY:Lunch", "DTSTART:20270101T100000Z", "DTEND:20270101T110000Z", "END:VEVENT", "END:VCALENDAR", ""],
].join("\r\n");

const answerOf = (href: string, ics: string): string =>
  `<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response><d:href>${href}</d:href><d:propstat>` +
  `<d:prop><d:getetag>"1"</d:getetag><c:calendar-data>${ics}</c:calendar-data></d:prop>` +
  `<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`;
const NONE = '<d:multistatus xmlns:d="DAV:"/>';

/** A server that keeps what it heard. */
async function startServer(answer: (heard: Heard, response: ServerResponse) => void) {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, authorization: headers.authorization, body };
      heard.push(one);
      answer(one, response);
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const address = server.address();
  return { heard, host: `127.0.0.1:${typeof address === "object" && address ? address.port : 0}` };
}

interface Heard {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

describe("an event that the server says is", () => {
  it.each([
    ["on another server", "http://ELSEWHERE/acme/cal/e1.ics"],
    ["in the calendar of another tenant", "/other/cal/e1.ics"],
    ["in a calendar whose name only begins alike", "/acme/cal2/e1.ics"],
    ["out of the calendar by dots", "/acme/cal/../../other/cal/e1.ics"],
    ["out of the calendar by encoded dots", "/acme/cal/..%2f..%2fother/cal/e1.ics"],
    ["the calendar itself", "/acme/cal/"],
    ["at another name's", "http://eve:x@HERE/acme/cal/e1.ics"],
    ["no address", "http://["],
  ])("%s is neither read nor written", async (_what, href) => {
    const elsewhere = await startServer((_heard, response) => void response.writeHead(204).end());
    const dav = await startServer((heard, response) => {
      const at = href.replace("ELSEWHERE", elsewhere.host).replace("HERE", dav.host);
      if (heard.method === "REPORT") response.writeHead(207, { "content-type": "text/xml" }).end(answerOf(at, LUNCH));
      else response.writeHead(204).end();
    });
    const { update } = newOffice({ caldavUrl: `http://me:the-password@${dav.host}/{tenant}/cal/` });
    const changing = update.run({ id: "e1", title: "Dinner" });
    await expect(changing).rejects.toBeInstanceOf(ActionFailure);
    await expect(changing).rejects.toThrow("holds something that cannot be read");
    expect(elsewhere.heard).toEqual([]);
    expect(dav.heard.map(({ method }) => method)).toEqual(["REPORT"]);
  });

  it.each([
    ["by its path", "/a%40b/cal/e1.ics"],
    ["with other signs encoded", "/a@b/%63al/e1.ics"],
    ["by its whole address", "http://HERE/a%40b/cal/e1.ics"],
    ["in a folder below", "/a%40b/cal/2027/e%2F1.ics"],
  ])("in the calendar, %s, is changed there", async (_what, href) => {
    const dav = await startServer((heard, response) => {
      const at = href.replace("HERE", dav.host);
      if (heard.method === "REPORT") response.writeHead(207, { "content-type": "text/xml" }).end(answerOf(at, LUNCH));
      else response.writeHead(204).end();
    });
    const { update } = newOffice({ caldavUrl: `http://me:the-password@${dav.host}/a%40b/cal/` });
    await update.run({ id: "e1", title: "Dinner" });
    expect(dav.heard.at(-1)).toMatchObject({ method: "PUT", url: href.replace("http://HERE", "") });
  });
});

describe("a new event", () => {
  /** A server that answers to a write with a status, and says then that it holds `after`. */
  const startWith = (status: number, after: (written: string) => string | undefined) => {
    let written: string | undefined;
    return startServer((heard, response) => {
      if (heard.method === "PUT") {
        written = heard.body;
        response.writeHead(status).end();
        return;
      }
      const ics = written === undefined ? undefined : after(written);
      const text = ics === undefined ? NONE : answerOf("/cal/e1.ics", ics);
      response.writeHead(207, { "content-type": "text/xml" }).end(text);
    });
  };
  const creating = async (host: string) => {
    const { create } = newOffice({ caldavUrl: `http://${host}/cal/` });
    return await create.run(TUESDAY).catch((error: unknown) => error);
  };

  it("that something in between gave up on may have been written", async () => {
    const failure = await creating((await startWith(408, (written) => written)).host);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(ActionFailure);
  });

  it.each([425, 429])("that is answered with %d was surely not written", async (status) => {
    expect(await creating((await startWith(status, () => undefined)).host)).toBeInstanceOf(ActionFailure);
  });

  it("that is there already as it was to be written has been written", async () => {
    expect(await creating((await startWith(412, (written) => written)).host)).toMatchObject({
      output: { title: "Review" },
    });
  });

  it("in the place of somebody else's was surely not written", async () => {
    const others = (written: string) => written.replace(/X-HOLDPOINT-DONE:(.*\r\n )*.*\r\n/gu, "");
    const failure = await creating((await startWith(412, others)).host);
    expect(failure).toBeInstanceOf(ActionFailure);
    expect(String(failure)).toContain("was changed by somebody else meanwhile");
  });
});
