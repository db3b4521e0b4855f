import { describe, expect, it } from "vitest";
import { clientOf } from "./client.ts";
import { type Entry, expectCall } from "./expect-call.ts";
import { json, text } from "./reply.ts";
import { type OpenAIServer, openServer } from "./server.ts";

/** What a server without automatic verification says at the end of a script that went wrong. */
async function verdict(script: Entry[], run: (server: OpenAIServer) => Promise<unknown>): Promise<string> {
  const server = await openServer(script, "test-key");
  await run(server).catch(() => undefined);
  await server.close();
  try {
    server.verify();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("a call that is not expected", () => {
  it("is answered with a status 500 that says why, and changes nobody's turn", async () => {
    const server = await openServer([expectCall({ model: "planner" }).answer(text("ok"))], "test-key");
    await expect(clientOf(server, { model: "reviewer" }).invoke("1")).rejects.toMatchObject({
      status: 500,
      message: expect.stringContaining('model: expected "planner", got "reviewer"'),
    });
    expect((await clientOf(server, { model: "planner" }).invoke("2")).content).toBe("ok");
    expect(server.problems()).toHaveLength(1);
    await server.close();
  });

  it.each<[name: string, entry: Entry, difference: string]>([
    ["model", expectCall({ model: "gpt" }).answer(text("")), 'model: expected "gpt", got "gpt-4o"'],
    ["system", expectCall({ system: /plan/ }).answer(text("")), 'system: expected /plan/, got "Be brief."'],
    ["user", expectCall({ user: "bye" }).answer(text("")), 'user: expected "bye", got "hello"'],
    ["assistant", expectCall({ assistant: "yes" }).answer(text("")), 'assistant: expected "yes", got "no"'],
    ["tool result", expectCall({ toolResult: "7" }).answer(text("")), 'toolResult: expected "7", got "8"'],
    ["schema", expectCall({ schema: "plan" }).answer(json({})), 'schema: expected "plan", got ""'],
    ["tool", expectCall({ tool: "find" }).answer(text("")), 'tool: expected "find", got "findall"'],
    ["streaming", expectCall({ streaming: true }).answer(text("")), 'streaming: expected true, got "false"'],
  ])("is told by its %s", async (_name, entry, difference) => {
    const message = await verdict([entry], (server) =>
      clientOf(server)
        .bindTools([{ type: "function", function: { name: "findall", parameters: {} } }])
        .invoke([
          { role: "system", content: "Be brief." },
          { role: "user", content: "hello" },
          { role: "assistant", content: "no" },
          { role: "tool", content: "8", tool_call_id: "call_1" },
        ]),
    );
    expect(message).toContain(difference);
  });

  it("is shown beside the entry that was expected, with its messages shortened", async () => {
    const message = await verdict([expectCall({ model: "planner", user: /Return 2/ }).answer(text(""))], (server) =>
      clientOf(server).invoke([
        ["system", `start ${"x".repeat(1000)} end`],
        ["user", "Return 3"],
      ]),
    );
    expect(message).toMatchInlineSnapshot(`
      "The model was not called as scripted.

      Call 1 is not the expected one. Entry 1 of 1 expects model "planner", user /Return 2/.
        model: expected "planner", got "gpt-4o"
        user: expected /Return 2/, got "Return 3"
        The call: POST /v1/chat/completions, model "gpt-4o"
          system: "start xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx … xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx end" (1012 characters)
          user: "Return 3"

      Entry 1 of 1 was never used: model "planner", user /Return 2/."
    `);
  });

  it("is one after the end of the script too", async () => {
    const message = await verdict([], (server) => clientOf(server).invoke("hello"));
    expect(message).toContain("Call 1 was not expected: the script has ended after 0 entries.");
  });

  it("is a request for anything else too, answered with 404 as JSON", async () => {
    const server = await openServer([], "test-key");
    const answer = await fetch(`${server.url}/models`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { error: { type: "invalid_request_error" } }]);
    expect(server.problems()).toEqual(["Unknown request: GET /v1/models"]);
    await server.close();
  });

  it("is a body that is no chat completion request too, answered with 400", async () => {
    const server = await openServer([], "test-key");
    const answer = await fetch(`${server.url}/chat/completions`, { method: "POST", body: '{"model": 5' });
    expect([answer.status, server.problems().length]).toEqual([400, 1]);
    await server.close();
  });

  it("is told apart from a reply that cannot be made", async () => {
    const broken = expectCall().answer(() => {
      throw new Error("no such order");
    });
    const message = await verdict([broken], (server) => clientOf(server).invoke("hello"));
    expect(message).toContain("The scripted server failed: Error: no such order");
  });

  it.each<[how: string, entry: Entry, calls: number, message: string]>([
    ["never", expectCall({ model: "x" }).answer(text("")), 0, 'Entry 1 of 1 was never used: model "x".'],
    ["too few times", expectCall().answer(text("")).repeat(3), 2, "Entry 1 of 1 was used 2 of 3 times: any call."],
    ["never, although it may be for ever", expectCall().hang().repeat(Infinity), 0, "was never used"],
    ["for ever", expectCall().answer(text("")).repeat(Infinity), 2, ""],
  ])("an entry may be used %s", async (_how, entry, calls, message) => {
    const said = await verdict([entry], async (server) => {
      for (let i = 0; i < calls; i++) await clientOf(server).invoke("hello");
    });
    expect(said).toContain(message);
    expect(said === "").toBe(message === "");
  });
});
