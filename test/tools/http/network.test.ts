/** What is sent where, and what each way to fail says of whether it happened. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTls } from "node:https";
import { type AddressInfo, createServer as createNet } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import { ActionFailure } from "../../../src/errors.ts";
import type { ActionContext, AnyRead, AnyWrite } from "../../../src/tools/action.ts";
import { type HttpActionsOptions, httpActions } from "../../../src/tools/http/index.ts";
import { selfSigned } from "../../support/certificate.ts";
import { folderWith } from "./tracker.ts";

const SECRET = "s3cret/with+odd chars";
const HOST = "api.example.com";
const { cert, key } = selfSigned(HOST);

type Handler = (response: ServerResponse, request: IncomingMessage) => void;
let handler: Handler;
let seen: { url: string; headers: IncomingMessage["headers"]; body: string }[] = [];

const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  let body = "";
  for await (const part of request) body += String(part);
  seen.push({ url: request.url ?? "", headers: request.headers, body });
  handler(response, request);
};
const server = createTls({ cert, key }, take);
const plain = createServer(take);
const portOf = (one: { address(): unknown }) => (one.address() as AddressInfo).port;

beforeAll(async () => {
  for (const one of [server, plain]) await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  for (const one of [server, plain]) {
    one.closeAllConnections();
    one.close();
  }
});

const json: Handler = (response) => response.writeHead(200, { "content-type": "application/json" }).end('{"id":"1"}');

interface Given extends Partial<HttpActionsOptions> {
  kind?: "read" | "write";
  url?: string;
  more?: string;
  allowed?: string[];
  signal?: AbortSignal;
}

/** One action on the TLS server, as `api.example.com`, with what is to be otherwise. */
function open({ kind = "write", url, more = "", allowed, signal, ...options }: Given = {}) {
  seen = [];
  const port = portOf(server);
  const origin = `https://${HOST}:${port}`;
  const method = kind === "write" ? "POST" : "GET";
  const path = folderWith({
    "thing.yaml": `
name: thing
version: 1
title: A thing
description: Does a thing.
kind: ${kind}
input:
  type: object
  properties: { id: { type: string }, note: { type: string }, items: { type: array } }
output: {}
request:
  method: ${method}
  url: ${url ?? `${origin}/things/\${args.id}`}
  query: { q: "\${args.note}" }
  headers: { x-note: "\${args.note}", authorization: "Bearer \${secret.TOKEN}" }
${kind === "write" ? "  body: { items: { $ref: args.items }, text: '${args.note}', same: 1 }" : ""}
summary: Done.
${more}
`,
  });
  const [action] = httpActions({
    ...{ path, ca: cert, secrets: () => SECRET, localHosts: [`${HOST}:${port}`, `127.0.0.1:${portOf(plain)}`] },
    ...{ resolve: async () => [{ address: "127.0.0.1", family: 4 }], ...options },
  });
  const context: ActionContext = {
    ...{ tenant: "acme", principal: "ann", idempotencyKey: "eff_1", now: "2026-11-22T15:00:00.000Z" },
    signal: signal ?? new AbortController().signal,
    allowedHosts: async () => allowed ?? [`${HOST}:${port}`, `127.0.0.1:${portOf(plain)}`],
  };
  const run = async (args: Json = { id: "T1", note: "n", items: [1] }): Promise<unknown> => {
    const done: unknown = await (action as AnyRead | AnyWrite).run(args, context);
    return kind === "write" ? (done as { output: unknown }).output : done;
  };
  return { run, context, action: action as AnyWrite };
}

/** What a call came to: whether it says that nothing happened, and its words. */
async function cameTo(call: Promise<unknown>): Promise<{ nothing: boolean; message: string }> {
  const error = await call.then(
    (output) => new Error(`it came to an end: ${JSON.stringify(output)}`),
    (thrown: unknown) => thrown as Error,
  );
  expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain("s3cret");
  return { nothing: error instanceof ActionFailure, message: error.message };
}

describe("a request", () => {
  it("goes over TLS to the name, at the address that was looked up once, with everything filled in", async () => {
    handler = json;
    let asked = 0;
    const resolve = async () => {
      asked++;
      return [{ address: "127.0.0.1", family: 4 }];
    };
    const { run } = open({ resolve, more: "idempotency: { header: idempotency-key, honoured: true }" });
    expect(await run({ id: "a/b ?#%ü", note: "x&y=z", items: [{ deep: true }] })).toEqual({ id: "1" });
    expect(asked).toBe(1);
    const [{ url, headers, body } = { url: "", headers: {}, body: "" }] = seen;
    expect(url).toBe("/things/a%2Fb%20%3F%23%25%C3%BC?q=x%26y%3Dz");
    expect(headers).toMatchObject({
      ...{ host: `${HOST}:${portOf(server)}`, authorization: `Bearer ${SECRET}`, "idempotency-key": "eff_1" },
      ...{ "x-note": "x&y=z", "content-type": "application/json", "content-length": String(body.length) },
    });
    expect(JSON.parse(body)).toEqual({ items: [{ deep: true }], text: "x&y=z", same: 1 });
  });

  it("takes what stands in arguments as it is, references and secrets too", async () => {
    handler = json;
    await open().run({ id: "T1", note: "${secret.TOKEN} ${args.id}", items: [{ $ref: "secret.TOKEN" }] });
    expect(JSON.parse(seen[0]?.body ?? "")).toMatchObject({
      text: "${secret.TOKEN} ${args.id}",
      items: [{ $ref: "secret.TOKEN" }],
    });
  });

  it.each<[string, Json]>([
    ["a way up", { id: "..", note: "n" }],
    ["a way up that is encoded", { id: "%2e%2E", note: "n" }],
    ["a way up inside", { id: "a/../../admin", note: "n" }],
    ["another one, with backslashes", { id: "a\\..\\admin", note: "n" }],
    ["nothing", { id: "", note: "n" }],
    ["a line end", { id: "a\r\nb", note: "n" }],
    ["a header of its own", { id: "T1", note: "n\r\nx-admin: yes" }],
    ["half a character", { id: "\ud800", note: "n" }],
    ["no text", { id: "T1", note: { a: 1 } }],
    ["no value", { id: "T1" }],
  ])("is not made with %s", async (_what, args) => {
    handler = json;
    const { nothing, message } = await cameTo(open().run(args));
    expect(message).toMatch(/^The request cannot be made: /);
    expect(nothing).toBe(true);
    expect(seen).toEqual([]);
  });

  it("is not sent without its secret, or with one too short to be masked", async () => {
    handler = json;
    expect((await cameTo(open({ secrets: () => undefined }).run())).message).toContain("The secret TOKEN is not there");
    expect((await cameTo(open({ secrets: () => "short" }).run())).message).toContain("fewer than 8 characters");
    expect(seen).toEqual([]);
  });

  it("is shown without its secret where the file does not say what it changes", async () => {
    const { action, context } = open();
    const changes = await action.preview({ id: "T1", note: "n" }, { ...context, staged: [] });
    const url = `https://${HOST}:${portOf(server)}/things/T1`;
    expect(changes).toEqual([
      {
        ...{ table: "request", key: `POST ${url}`, before: null },
        after: { method: "POST", url: `${url}?q=n`, body: '{"text":"n","same":1}' },
      },
    ]);
  });
});

describe("nothing has happened, surely,", () => {
  it("where the tenant does not allow the host", async () => {
    const { nothing, message } = await cameTo(open({ allowed: [HOST] }).run());
    expect([nothing, message]).toEqual([true, expect.stringContaining("the setting allowedHosts does not name it")]);
    expect(seen).toEqual([]);
  });

  it("where the name leads to a private address, also when it led to a public one before (rebinding)", async () => {
    const answers = ["198.51.100.7", "93.184.216.34", "127.0.0.1"];
    const resolve = async () => [{ address: answers.shift() ?? "", family: 4 }];
    const { run } = open({ resolve, localHosts: [], signal: AbortSignal.timeout(300) });
    expect(await cameTo(run())).toMatchObject({
      nothing: true,
      message: expect.stringContaining("198.51.100.7, which"),
    });
    // What was checked is what is connected to: nobody answers there, and the server on this machine hears nothing.
    expect(await cameTo(run())).toMatchObject({ nothing: true, message: expect.stringContaining("was not reached") });
    expect(answers).toEqual(["127.0.0.1"]);
    const after = open({ resolve, localHosts: [] });
    expect(await cameTo(after.run())).toMatchObject({ nothing: true, message: expect.stringContaining("no public") });
    expect(seen).toEqual([]);
  });

  it("where the name is not found, nobody listens, or the certificate is another's", async () => {
    const notFound = async () => {
      throw new Error("queryA ENOTFOUND");
    };
    expect(await cameTo(open({ resolve: notFound }).run())).toMatchObject({ nothing: true });
    const gone = createNet();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${portOf(gone)}`;
    await new Promise((resolve) => gone.close(resolve));
    const refused = open({ url: `http://${host}/x`, localHosts: [host], allowed: [host] });
    expect(await cameTo(refused.run())).toEqual({ nothing: true, message: expect.stringContaining("ECONNREFUSED") });
    const { cert: ca } = selfSigned(HOST);
    expect(await cameTo(open({ ca }).run())).toMatchObject({ nothing: true });
    const other = `other.example.com:${portOf(server)}`;
    const wrongName = open({ url: `https://${other}/x`, localHosts: [other], allowed: [other] });
    expect(await cameTo(wrongName.run())).toEqual({
      nothing: true,
      message: expect.stringContaining("other.example.com"),
    });
    expect(seen).toEqual([]);
  });

  it("where TLS does not come about in time", async () => {
    const mute = createNet(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void mute.close());
    const host = `${HOST}:${portOf(mute)}`;
    const signal = AbortSignal.timeout(100);
    const { run } = open({ url: `https://${host}/x`, localHosts: [host], allowed: [host], signal });
    expect(await cameTo(run())).toEqual({ nothing: true, message: expect.stringContaining("not reached in time") });
  });

  it.each([307, 308, 400, 401, 403, 404, 405, 409, 410, 415, 422, 425, 429])("at status %i", async (status) => {
    handler = (response) => response.writeHead(status, { location: "http://127.0.0.1/" }).end("no");
    expect(await cameTo(open().run())).toMatchObject({ nothing: true, message: expect.stringContaining(`${status}`) });
    expect(seen).toHaveLength(1);
  });

  it("of this call alone, whatever came of one before: what is not there any more may be what that one did", async () => {
    handler = (response) => response.writeHead(404).end();
    const read =
      "preview: { read: { method: GET, url: 'URL' }, changes: [{ table: t, key: k, before: null, after: null }] }";
    const { run } = open({ more: read.replace("URL", `https://${HOST}:${portOf(server)}/things`) });
    await expect(run()).rejects.toMatchObject({ code: "action_failed", status: "failed" });
    await expect(open().run({ id: "..", note: "n" })).rejects.toMatchObject({ status: "failed" });
  });

  it("where the file says so of a status", async () => {
    handler = (response) => response.writeHead(503).end();
    expect(await cameTo(open({ more: "errors: { nothingHappened: [503] }" }).run())).toMatchObject({ nothing: true });
  });
});

const packed =
  (text: string | Buffer, coding: string): Handler =>
  (response) =>
    response.writeHead(200, { "content-type": "application/json", "content-encoding": coding }).end(text);

describe("nobody knows whether it happened", () => {
  it.each([300, 301, 302, 303, 304, 408, 500, 502, 503, 504])("at status %i", async (status) => {
    const elsewhere = `http://127.0.0.1:${portOf(plain)}/stolen`;
    handler = (response) => response.writeHead(status, { location: elsewhere }).end();
    expect(await cameTo(open().run())).toMatchObject({ nothing: false });
    expect(seen.map(({ url }) => url)).toEqual(["/things/T1?q=n"]); // a redirect is not followed
  });

  it("at a conflict where keys are sent, or where the file says so of a status", async () => {
    handler = (response) => response.writeHead(409).end();
    const keys = "idempotency: { header: idempotency-key, honoured: false }";
    expect(await cameTo(open({ more: keys }).run())).toMatchObject({ nothing: false });
    expect(await cameTo(open({ more: "errors: { unknown: [409] }" }).run())).toMatchObject({ nothing: false });
  });

  it.each<[string, Handler, string]>([
    ["it is torn off before the answer", (response) => response.destroy(), "gave no answer"],
    [
      "it is torn off inside the answer",
      (response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
        response.write("{", () => response.destroy());
      },
      "gave no answer",
    ],
    [
      "the answer is no JSON",
      (response) => void response.setHeader("content-type", "application/json").end("<p>"),
      "no JSON",
    ],
    [
      "the answer is a picture",
      (response) => void response.setHeader("content-type", "image/png").end("x"),
      "image/png",
    ],
    ["the answer has no type", (response) => void response.end("x"), "no type of content"],
    [
      "the answer is no text",
      (response) => void response.setHeader("content-type", "text/plain").end(Buffer.from([255, 254])),
      "no UTF-8",
    ],
    ["the answer is too long", packed(" ".repeat(1_100_000), "identity"), "more than 1000000 bytes"],
    [
      "the answer unpacks to too much",
      packed(gzipSync(Buffer.alloc(50_000_000, 32)), "gzip"),
      "more than 1000000 bytes",
    ],
    ["the answer is packed wrongly", packed("no", "gzip"), "gave no answer"],
    ["the answer is packed in an unknown way", packed("no", "zstd"), "not understood"],
    ["the answer is too deep", packed("[".repeat(1000) + "]".repeat(1000), "identity"), "no JSON, or too deep"],
  ])("where %s", async (_what, given, words) => {
    handler = given;
    expect(await cameTo(open().run())).toEqual({ nothing: false, message: expect.stringContaining(words) });
  });

  it("where the answer does not end in time", async () => {
    handler = (response) => void response.writeHead(200, { "content-type": "application/json" }).write("{");
    const { run } = open({ signal: AbortSignal.timeout(200) });
    expect(await cameTo(run())).toEqual({ nothing: false, message: expect.stringContaining("in time") });
  });

  it.each<[string, string]>([
    ["another protocol", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
    ["no HTTP", "garbage\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!"],
    ["endless headers", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`],
    ["parts without an end", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n"],
  ])("where the answer is %s", async (_what, text) => {
    const raw = createNet((socket) => {
      socket.on("error", () => undefined).once("data", () => socket.end(text));
    });
    await new Promise<void>((resolve) => raw.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void raw.close());
    const host = `127.0.0.1:${portOf(raw)}`;
    const { run } = open({ url: `http://${host}/x`, localHosts: [host], allowed: [host] });
    expect(await cameTo(run())).toMatchObject({ nothing: false });
  });

  it("but that it was refused, where the rest of the refusal cannot be read", async () => {
    handler = (response) => {
      response.writeHead(422, { "content-length": "100" });
      response.write("no", () => response.destroy());
    };
    expect(await cameTo(open().run())).toMatchObject({ nothing: true });
  });
});

describe("an answer", () => {
  it("that is packed is unpacked", async () => {
    handler = packed(gzipSync('{"id":"zipped"}'), "gzip");
    expect(await open().run()).toEqual({ id: "zipped" });
  });

  it("with a secret in it is masked, however it is written, in what it says and in errors", async () => {
    const forms = [SECRET, encodeURIComponent(SECRET), Buffer.from(SECRET).toString("base64")];
    handler = (response) =>
      void response.setHeader("content-type", "application/json").end(JSON.stringify({ forms, [SECRET]: 1 }));
    expect(await open().run()).toEqual({ forms: ["***", "***", "***"], "***": 1 });
    handler = (response) => response.writeHead(403).end(`${forms.join(" ")} is not known`);
    expect((await cameTo(open().run())).message).toContain("and said: *** *** *** is not known");
    // As PHP writes JSON.
    const said = JSON.stringify({ message: `${SECRET} has expired` }).replaceAll("/", "\\/");
    handler = (response) => response.writeHead(422, { "content-type": "application/json" }).end(said);
    expect((await cameTo(open().run())).message).toContain('and said: {"message":"*** has expired"}');
  });

  it("to a read: what may be otherwise next time is read again, and what is not is said", async () => {
    const at = async (status: number) => {
      handler = (response) => response.writeHead(status).end();
      return (await cameTo(open({ kind: "read" }).run({ id: "1", note: "n" }))).nothing;
    };
    expect([await at(500), await at(429), await at(404), await at(422), await at(401)]).toEqual([
      ...[false, false, true, true, true],
    ]);
    const resolve = async () => [];
    expect(await cameTo(open({ kind: "read", resolve }).run({ id: "1", note: "n" }))).toMatchObject({ nothing: false });
  });
});
