/** What an undo restores, and that it says so only where it did. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import type { Effect } from "../../../src/domain/proposal.ts";
import type { ActionContext, AnyWrite, PreviewContext } from "../../../src/tools/action.ts";
import { httpActions } from "../../../src/tools/http/index.ts";
import { folderWith } from "./tracker.ts";

let seen: string[] = [];
let answer = { status: 200, text: "{}" };
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (part) => {
    body += String(part);
  });
  request.on("end", () => {
    seen.push(`${request.method} ${request.url} ${body}`.trim());
    response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.text);
  });
});

let host = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen = [];
  answer = { status: 200, text: "{}" };
});

interface Given {
  readonly gone?: string;
  readonly result?: string;
  readonly body?: string;
  readonly undo?: string;
  readonly says?: string;
  readonly capture?: string;
}

function open({
  body = "{ title: { $ref: args.title } }",
  undo,
  says,
  gone,
  result,
  capture = "{ $ref: response.title }",
}: Given = {}) {
  const path = folderWith({
    "rename.yaml": `
name: rename
version: 1
title: Rename
description: Renames.
kind: write
input: { type: object, properties: { title: { type: string }, note: { type: string } }, required: [title] }
output: {}
request: { method: PATCH, url: "http://${host}/t", body: ${body} }
reversibility: reversible
captureUndo: { request: { method: GET, url: "http://${host}/t" }, result: { title: ${capture} } }
undo:
  request: ${undo ?? `{ method: PATCH, url: "http://${host}/t", body: { title: { $ref: captured.title } } }`}
  says: ${says ?? "It is called as before."}
  ${gone ?? ""}
result: ${result ?? "{ $ref: response }"}
summary: Renamed.
`,
  });
  const [action] = httpActions({ path, localHosts: [host] }) as AnyWrite[];
  if (!action) throw new Error("there is none");
  const context: ActionContext & PreviewContext = {
    ...{ tenant: "acme", principal: "ann", idempotencyKey: "k", now: "2026-11-22T10:00:00.000Z", staged: [] },
    ...{ signal: AbortSignal.timeout(5000), allowedHosts: async () => [host] },
  };
  const args = { title: "New" };
  return {
    preview: async () => await action.preview(args, context),
    capture: async () => await action.captureUndo?.(args, context),
    run: async () => await action.run(args, context),
    undo: async (undoData: Json, output: Json = {}) =>
      await action.undo?.({ args, output, undoData, key: "k" } as unknown as Effect, context),
  };
}

describe("an undo", () => {
  const byId = () => `{ method: DELETE, url: "http://${host}/t/\${output.id}" }`;

  it("is of the same resource, however large its number", async () => {
    answer.text = '{"id":9007199254740993,"small":7,"rate":0.1}';
    const { run, undo } = open({ undo: byId() });
    const { output } = await run();
    expect(output).toEqual({ id: "9007199254740993", small: 7, rate: 0.1 });
    await undo({}, output as Json);
    expect(seen.at(-1)).toBe("DELETE /t/9007199254740993");
  });

  it("that is answered with 404 has failed, unless the file says what that means", async () => {
    answer.status = 404;
    await expect(open({ undo: byId() }).undo({}, { id: "1" })).rejects.toThrow("was answered with 404");
    const { undo } = open({ undo: byId(), gone: "gone: [404]" });
    expect(await undo({}, { id: "1" })).toBe("There was nothing to take back: it is gone.");
  });
});

describe("what is shown of a request", () => {
  it("names no time but that of sending", async () => {
    const { preview, run } = open({ body: "{ at: { $ref: call.now } }" });
    expect(await preview()).toMatchObject([{ after: { body: '{"at":"(time of sending)"}' } }]);
    await run();
    expect(seen).toEqual(['PATCH /t {"at":"2026-11-22T10:00:00.000Z"}']);
  });
});

describe("what an undo needs", () => {
  it("is looked for before anything is sent", async () => {
    const { capture, preview } = open();
    const failure = { code: "action_failed", status: "failed", message: expect.stringContaining("no response.title") };
    await expect(capture()).rejects.toMatchObject(failure);
    expect(seen).toEqual(["GET /t"]);
    await expect(preview()).resolves.toHaveLength(1);
    const part = open({ capture: "{ $ref: response }" });
    const undo = { undo: `{ method: PATCH, url: "http://${host}/t", body: { title: { $ref: captured.title.text } } }` };
    await expect(part.capture()).resolves.toEqual({ title: {} });
    const deep = open({ capture: "{ $ref: response }", ...undo });
    await expect(deep.capture()).rejects.toThrow(
      "It could not be undone, and was not done: there is no captured.title.text",
    );
  });

  it("of the arguments is looked for before anybody approves", async () => {
    const { preview, run } = open({ says: '"It has no note ${args.note} again."' });
    await expect(preview()).rejects.toThrow("there is no args.note");
    await expect(run()).rejects.toMatchObject({ status: "failed" });
    expect(seen).toEqual([]);
  });

  it("may be null, where the receiver says so", async () => {
    answer.text = '{"title":null}';
    const { capture, undo } = open();
    expect(await capture()).toEqual({ title: null });
    expect(await undo({ title: null })).toBe("It is called as before.");
    expect(seen).toEqual(["GET /t", 'PATCH /t {"title":null}']);
  });

  it.each<[string, Given]>([
    ["request", {}],
    ["sentence", { undo: "{ method: DELETE, url: URL }", says: '"It is ${captured.title} again."' }],
  ])("and is missing from its %s keeps the undo from being sent", async (_what, given) => {
    const { undo } = open({
      ...given,
      ...(given.undo ? { undo: given.undo.replace("URL", `"http://${host}/t"`) } : {}),
    });
    await expect(undo({})).rejects.toThrow("It cannot be undone: there is no captured.title. Nothing was sent.");
    expect(seen).toEqual([]);
  });
});
