import { describe, expect, it, onTestFailed, vi } from "vitest";
import { clientOf } from "./openai/client.ts";
import { openServer } from "./openai/server.ts";
import { expectCall, playOpenAI, text, textOf } from "./openai-server.ts";

describe("a script that is played as written", () => {
  it("answers call after call, each by the entry whose turn it is", async () => {
    const server = await playOpenAI(
      expectCall({ model: "planner-model", system: /^You plan/, user: "2 Aviator" }).answer(text("planned")),
      expectCall({ model: /^reviewer/ }).answer(text("reviewed")),
    );
    const planner = clientOf(server, { model: "planner-model" });
    const planned = await planner.invoke([
      ["system", "You plan."],
      ["user", "Return 2 Aviator sunglasses."],
    ]);
    const reviewed = await clientOf(server, { model: "reviewer-model" }).invoke("Look at this.");
    expect([planned.content, reviewed.content]).toEqual(["planned", "reviewed"]);
  });

  it("repeats an entry as often as it says, then goes on", async () => {
    const server = await playOpenAI(expectCall().fail(500).repeat(2), expectCall().answer(text("ok")));
    const client = clientOf(server);
    await expect(client.invoke("1")).rejects.toThrow("500");
    await expect(client.invoke("2")).rejects.toThrow("500");
    expect((await client.invoke("3")).content).toBe("ok");
  });

  it("repeats an entry for ever, until a call comes that only the next entry expects", async () => {
    const server = await playOpenAI(
      expectCall({ model: "planner" }).answer(text("nonsense")).repeat(Infinity),
      expectCall({ model: "reviewer" }).answer(text("reviewed")),
    );
    const planner = clientOf(server, { model: "planner" });
    for (const attempt of ["1", "2", "3"]) expect((await planner.invoke(attempt)).content).toBe("nonsense");
    expect((await clientOf(server, { model: "reviewer" }).invoke("4")).content).toBe("reviewed");
  });

  it("makes a reply from the call", async () => {
    const server = await playOpenAI(expectCall().answer((call) => text(`You said: ${textOf(call, "user")}`)));
    expect((await clientOf(server).invoke("hello")).content).toBe("You said: hello");
  });

  it("counts instructions of role developer as system, and joins parts and messages of a role", async () => {
    const server = await playOpenAI(expectCall({ system: "Be brief.", user: "first\nsecond" }).answer(text("ok")));
    await clientOf(server, { model: "gpt-5" }).invoke([
      ["system", "Be brief."],
      [
        "user",
        [
          { type: "text", text: "fi" },
          { type: "text", text: "rst" },
        ],
      ],
      ["user", "second"],
    ]);
    expect(server.calls[0]?.body.messages.map(({ role }) => role)).toEqual(["developer", "user", "user"]);
  });

  it("records every call without its key", async () => {
    const server = await playOpenAI({ apiKey: "other-key" }, expectCall().answer(text("ok")));
    await clientOf(server, { temperature: 0.5 }).invoke("hello");
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    expect(server.calls).toMatchObject([
      { number: 1, abandoned: false, body: { model: "gpt-4o", temperature: 0.5, messages: [{ content: "hello" }] } },
    ]);
    expect(server.calls[0]?.headers["content-type"]).toBe("application/json");
    expect(JSON.stringify(server.calls)).not.toContain("other-key");
  });

  it("answers a wrong key with 401, which uses no entry and is no problem", async () => {
    const server = await playOpenAI(expectCall().answer(text("ok")));
    await expect(clientOf(server, { apiKey: "wrong" }).invoke("1")).rejects.toMatchObject({ status: 401 });
    expect(server.problems()).toEqual([]);
    await clientOf(server).invoke("2");
    expect(server.calls).toHaveLength(2);
  });

  it("ends the test at once although a connection hangs", async () => {
    const server = await openServer([expectCall().hang()], "test-key");
    const call = clientOf(server).invoke("hello");
    const failed = expect(call).rejects.toThrow("Connection error");
    await vi.waitFor(() => expect(server.calls).toHaveLength(1));
    const before = performance.now();
    await server.close();
    await failed;
    expect(performance.now() - before).toBeLessThan(1000);
  });
});

describe("verification at the end of a test, without asking for it", () => {
  const reasons: (string | undefined)[] = [];
  const rememberReason = () => onTestFailed(({ task }) => void reasons.push(task.result?.errors?.[0]?.message));

  it.fails("makes a test red that leaves an entry unused", async () => {
    rememberReason();
    await playOpenAI(expectCall({ model: "planner" }).answer(text("ok")));
  });

  it.fails("makes a test red in which a call came that was not expected, even one that the code under test swallowed", async () => {
    rememberReason();
    const server = await playOpenAI();
    await clientOf(server)
      .invoke("hello")
      .catch(() => undefined);
  });

  it("made these two red for this reason, and no other", () => {
    expect(reasons).toEqual([
      'The model was not called as scripted.\n\nEntry 1 of 1 was never used: model "planner".',
      expect.stringContaining("Call 1 was not expected: the script has ended after 0 entries."),
    ]);
  });

  let url = "";

  it("comes with the end of the server", async () => {
    const server = await playOpenAI(expectCall().answer(text("ok")));
    await clientOf(server).invoke("hello");
    url = server.url;
  });

  it("ended the server of the last test", async () => {
    await expect(fetch(url)).rejects.toThrow("fetch failed");
  });
});
