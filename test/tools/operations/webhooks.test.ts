import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { newOperations } from "./support.ts";
import { type Answer, QUICK, SECRET, startReceiver } from "./webhook-receiver.ts";

const NOTE = { channel: "webhook", endpoint: "ops", title: "Stock <low>", text: "Aviator & Moon" };

/** Operations with one endpoint, and its receiver. */
async function opened(answers: Answer[] = [], style: "standard" | "slack" = "standard") {
  const receiver = await startReceiver(...answers);
  const environment = { OPS_URL: receiver.url, OPS_SECRET: SECRET };
  const secret = style === "standard" ? { secret: "${OPS_SECRET}" } : {};
  const webhooks = { ops: { url: "${OPS_URL}", style, ...secret } };
  const { write, snapshot } = newOperations({ webhooks, environment, delivery: QUICK });
  return { receiver, send: write("send_notification"), snapshot };
}

const failing = async (work: Promise<unknown>): Promise<Error & { code?: string }> =>
  await work.then(
    () => new Error("it did not fail"),
    (error: unknown) => error as Error,
  );

describe("a webhook", () => {
  it("is signed so that whoever has the secret can verify it, and nobody can alter it", async () => {
    const { receiver, send } = await opened();
    const { output } = await send.run(NOTE, "key-1", { now: new Date().toISOString() });
    const [{ headers, body } = { headers: {}, body: "" }] = receiver.received;
    const given = headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(body, given)).toMatchObject({
      type: "notification.sent",
      data: { title: "Stock <low>", text: "Aviator & Moon" },
    });
    expect(given["webhook-id"]).toBe((output as { id: string }).id);
    expect(() => new Webhook(SECRET).verify(body.replace("Moon", "Sun"), given)).toThrow();
    expect(() => new Webhook(SECRET).verify(body, { ...given, "webhook-id": "msg_other" })).toThrow();
  });

  it("is sent again under the same id, with the same body, when the server is in trouble", async () => {
    const { receiver, send } = await opened([500, 429, 200]);
    await send.run(NOTE);
    expect(receiver.received).toHaveLength(3);
    expect(new Set(receiver.ids()).size).toBe(1);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    await send.run(NOTE);
    expect(receiver.received).toHaveLength(3);
  });

  it.each<[string, Answer[], number, string]>([
    ["answers 500 for ever", [500], 4, "tried 4 times: it answered 500"],
    ["never answers", ["hang"], 4, "it gave no answer (150 ms)"],
    ["cuts the connection", ["cut"], 4, "it gave no answer (ECONNRESET)"],
    ["answers 500 and then no", [500, 400], 2, "it answered 400 (it answered 500)"],
    ["answers 409", [409], 1, "it answered 409"],
    ["answers with a page elsewhere", [302], 1, "it answered 302, and redirects are not followed"],
  ])("that %s leaves it open whether it was acted on", async (_what, answers, attempts, message) => {
    const { receiver, send, snapshot } = await opened(answers);
    const failure = await failing(send.run(NOTE));
    expect(failure.message).toContain('Nobody knows whether the webhook "ops" acted on it');
    expect(failure.message).toContain(message);
    expect(failure.code).toBeUndefined();
    expect(receiver.received.map(({ path }) => path)).toEqual(Array(attempts).fill("/hooks/T0K3N"));
    expect(new Set(receiver.ids()).size).toBe(1);
    await expect(send.lookup()).rejects.toThrow("nobody knows");
    expect(snapshot()).toMatchObject({ notifications: [] });
  });

  it.each<[string, Answer[], number]>([
    ...[400, 401, 403, 404, 410, 308].map((status): [string, Answer[], number] => [`answers ${status}`, [status], 1]),
    ["has too many requests for ever", [429], 4],
  ])("that %s has surely done nothing", async (_what, answers, attempts) => {
    const { receiver, send } = await opened(answers);
    const failure = await failing(send.run(NOTE));
    expect(failure).toMatchObject({ code: "action_failed", message: expect.stringContaining('"ops" did not take it') });
    expect(receiver.received).toHaveLength(attempts);
    expect(await send.lookup()).toBeUndefined();
  });

  it("that is not there has surely done nothing, and no error holds its address", async () => {
    const { receiver, send } = await opened();
    receiver.stop();
    const failure = await failing(send.run(NOTE));
    expect(failure).toMatchObject({ code: "action_failed", message: expect.stringContaining("(ECONNREFUSED)") });
    expect(`${failure.message} ${failure.stack} ${failure.cause}`).not.toMatch(/127\.0\.0\.1|T0K3N|whsec_/);
  });

  it("gets no more than its answer's status read", async () => {
    const { receiver, send } = await opened(["flood"]);
    await send.run(NOTE);
    expect(receiver.received).toHaveLength(1);
  });

  it("is left alone when the call is not wanted any more", async () => {
    const { receiver, send } = await opened(["hang"]);
    const aborted = await failing(send.run(NOTE, "a", { signal: AbortSignal.abort() }));
    expect(aborted).toMatchObject({ code: "action_failed" });
    const late = await failing(send.run(NOTE, "b", { signal: AbortSignal.timeout(50) }));
    expect(late.message).toContain("Nobody knows");
    expect(receiver.received).toHaveLength(1);
  });

  it("hears of a call that was cut off once more, under the same id; and of its correction under another", async () => {
    const { receiver, send } = await opened([500, 500, 500, 500, 200]);
    await failing(send.run(NOTE));
    const effect = await send.done(NOTE, "key-1", { now: "2026-11-23T15:00:00.000Z" });
    expect(new Set(receiver.ids()).size).toBe(1);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(await send.undo(effect)).toContain("cannot be taken back: ops got it. A correction was sent there");
    const [original] = receiver.ids();
    const last = receiver.received.at(-1);
    expect(JSON.parse(last?.body ?? "")).toMatchObject({
      type: "notification.corrected",
      data: { corrects: original },
    });
    expect(last?.headers["webhook-id"]).not.toBe(original);
  });

  it("that does not take the correction is said to have none", async () => {
    const { send } = await opened([200, 410]);
    const effect = await send.done(NOTE);
    await expect(send.undo(effect)).rejects.toThrow(
      'The notification "Stock <low>" cannot be taken back, and the correction could not be sent. The webhook "ops" did not take it',
    );
  });
});

describe("a webhook of Slack's kind", () => {
  it("gets a text that can mean nothing else, and no signature", async () => {
    const { receiver, send } = await opened([], "slack");
    await send.run(NOTE);
    expect(receiver.received).toMatchObject([{ body: '{"text":"*Stock &lt;low&gt;*\\nAviator &amp; Moon"}' }]);
    expect(receiver.received[0]?.headers).not.toHaveProperty("webhook-signature");
  });

  it("is not sent twice, as Slack cannot tell a repeat; when it surely was not posted, it is", async () => {
    const { receiver, send } = await opened([429, 500], "slack");
    expect((await failing(send.run(NOTE))).message).toContain("Nobody knows");
    expect(receiver.received).toHaveLength(2);
    expect((await failing(send.run(NOTE))).message).toContain("cannot tell a repeat");
    expect(receiver.received).toHaveLength(2);
  });
});

describe("a webhook that is not configured any more", () => {
  const ARGS = { ...NOTE, endpoint: "ops" };

  it("may have heard an attempt before: nobody knows", async () => {
    const receiver = await startReceiver("cut");
    const webhooks = { ops: { url: receiver.url, style: "slack" as const } };
    const before = newOperations({ webhooks, environment: {}, delivery: QUICK });
    await failing(before.write("send_notification").run(ARGS));
    expect(receiver.received.length).toBeGreaterThan(0);
    const since = newOperations({ home: before.home, environment: {} }).write("send_notification");
    const failure = await failing(since.run(ARGS));
    expect(failure.message).toContain('An earlier attempt may have been heard. There is no webhook "ops".');
    expect(failure.code).toBeUndefined();
    await expect(since.lookup()).rejects.toThrow("nobody knows");
  });

  it("has surely done nothing where none was made", async () => {
    const { write } = newOperations({ environment: {} });
    const failure = await failing(write("send_notification").run(ARGS));
    expect(failure).toMatchObject({ code: "action_failed", message: expect.stringContaining("There is no webhook") });
    expect(await write("send_notification").lookup()).toBeUndefined();
  });
});

describe("endpoints", () => {
  const URL = "https://hooks.example.com/T0K3N";
  it.each([
    [{ url: "ftp://x/T0K3N", secret: SECRET }, 'The webhook "ops" has a url that is no http(s) address.'],
    [{ url: "http://hooks.example.com/T0K3N", secret: SECRET }, "has a url without encryption: use https"],
    [{ url: "https://me:T0K3N@hooks.example.com", secret: SECRET }, "has a url with a name or a password"],
    [{ url: URL }, 'has a secret that is not "whsec_" and 24 to 64 bytes in base64'],
    [{ url: URL, secret: "whsec_T0K3N" }, "24 to 64 bytes"],
    [{ url: URL, secret: SECRET, style: "slack" }, "has a secret, which Slack does not know"],
    [{ url: "${NO_SUCH}", secret: SECRET }, "wants the environment variable NO_SUCH, which is not set"],
    [{ url: URL, secret: SECRET, method: "PUT" }, "is not { url, secret, style }"],
  ])("that do not fit are refused without showing a value (%#)", (endpoint, message) => {
    const open = () => newOperations({ webhooks: { ops: endpoint as { url: string } }, environment: {} });
    expect(open).toThrow(message);
    expect(open).not.toThrow("T0K3N");
  });
});
