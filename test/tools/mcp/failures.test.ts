/** What is said of a call that came to no good end: that nothing happened only where that is sure. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { answerThread } from "../../../src/work/answer.ts";
import { startRequest } from "../../../src/work/threads.ts";
import { alice, approveAll, bob, openTestRuntime } from "../../support/runtime.ts";
import { tempDir } from "../../support/temp.ts";
import { actionIn, configFile, connect, connectAccepted, outcomeOf, scripted } from "./support.ts";

const TOKEN = "hunter2-the-token";

/** Servers of our own with everything accepted; the last lines of what they wrote. */
async function openOdd(settings: object = {}, env: object = {}) {
  const log = join(tempDir(), "log");
  const said: string[] = [];
  const file = configFile(scripted({ env: { LOG: log, ...env } }, settings));
  const environment = { TOKEN };
  const mcp = await connectAccepted({ file, environment, log: (line) => said.push(line) });
  const asked = () =>
    readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("notifications/init"));
  const odd = (name: string) => actionIn(mcp, `odd__${name}`);
  return { mcp, file, odd, asked, said };
}

describe("a call", () => {
  it("is told apart by whether it can have happened", async () => {
    const { odd } = await openOdd({
      actions: {
        says_no: { errors: { nothing: ["^No such thing"] } },
        half: { errors: { nothing: ["^No such thing"] } },
      },
    });
    expect(await outcomeOf(odd("ok"))).toEqual({ output: { text: "done" } });
    expect(await outcomeOf(odd("method"))).toEqual({ failed: expect.stringContaining("Method not found") });
    expect(await outcomeOf(odd("says_no"))).toEqual({ failed: expect.stringContaining("No such thing: 7") });
    expect(await outcomeOf(odd("half"))).toEqual({ unknown: expect.stringContaining("It broke in the middle") });
    expect(await outcomeOf(odd("params"))).toEqual({ unknown: expect.stringContaining("Invalid params") });
    expect(await outcomeOf(odd("empty"))).toEqual({
      unknown: expect.stringContaining("the answer is none that MCP knows"),
    });
  });

  it("that the declaration says surely did nothing is believed", async () => {
    const { odd } = await openOdd({ actions: { params: { errors: { codes: [-32602] } } } });
    expect(await outcomeOf(odd("params"))).toEqual({ failed: expect.stringContaining("Invalid params") });
  });

  it("whose server dies is unknown, and the next one starts it again", async () => {
    const { odd, asked } = await openOdd();
    expect(await outcomeOf(odd("dies"))).toEqual({ unknown: expect.stringContaining("Connection closed") });
    expect(await outcomeOf(odd("ok"))).toEqual({ output: { text: "done" } });
    expect(asked().filter((line) => line.startsWith("call"))).toEqual(["call dies", "call ok"]);
  });

  it.each(["never", "garbage"])(
    "that gets no answer (%s) ends with its signal, is cancelled, and is unknown",
    async (name) => {
      const { odd, asked } = await openOdd();
      const started = performance.now();
      expect(await outcomeOf(odd(name), {}, AbortSignal.timeout(400))).toEqual({ unknown: expect.any(String) });
      expect(performance.now() - started).toBeLessThan(3000);
      expect(await outcomeOf(odd("ok"))).toEqual({ output: { text: "done" } });
      expect(asked()).toContain("notifications/cancelled");
    },
  );

  it("with 50 MB of output is cut off, and unknown", async () => {
    const { odd } = await openOdd({ maxOutputBytes: 1_000_000 });
    const before = process.memoryUsage().rss;
    expect(await outcomeOf(odd("big"))).toEqual({ unknown: expect.stringContaining("Connection closed") });
    expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
    expect(await outcomeOf(odd("ok"))).toEqual({ output: { text: "done" } });
  });

  it("to a server that cannot be started did not happen, and its actions say so", async () => {
    const { file } = await openOdd();
    writeFileSync(file, readFileSync(file, "utf8").replace(process.execPath, "/nowhere/node"));
    const mcp = await connect({ file, environment: { TOKEN } });
    const { failed } = await outcomeOf(actionIn(mcp, "odd__ok"));
    expect(failed).toContain('The server "odd" (/nowhere/node) cannot be reached');
    expect(await mcp.waiting()).toMatchObject({ tools: [], unreachable: [{ server: "odd" }] });
  });

  it("that is not wanted any more before it is sent did not happen", async () => {
    const { odd, asked } = await openOdd();
    const aborted = AbortSignal.abort(new Error("stopped"));
    expect(await outcomeOf(odd("ok"), {}, aborted)).toEqual({ failed: expect.any(String) });
    expect(asked().filter((line) => line === "call ok")).toEqual([]);
  });
});

describe("a transaction", () => {
  it("of which nobody knows the outcome is put before a person, and not run again", async () => {
    const { mcp, asked } = await openOdd();
    const plans = { go: [{ id: "s", action: "odd__dies", args: {} }] };
    const runtime = await openTestRuntime({ actions: mcp.actions, plans });
    const first = await startRequest(runtime, alice, { request: "go" });
    const done = await answerThread(runtime, bob, first.threadId, approveAll);
    expect(done.effects).toMatchObject([{ action: "odd__dies", status: "uncertain" }]);
    expect(done.question?.actions).toHaveLength(1);
    expect(asked().filter((line) => line === "call dies")).toHaveLength(1);
  });
});

describe("a secret", () => {
  it("is in the server's environment, and in nothing that it says", async () => {
    const env = { API_TOKEN: "${TOKEN}", DESCRIPTION: "Serves ${TOKEN}." };
    const { odd, file, asked, said } = await openOdd({}, env);
    const { output } = await outcomeOf(odd("secret"));
    expect(output).toEqual({ text: "[secret]", "[secret]": ["[secret]"] });
    const { unknown } = await outcomeOf(odd("secret"), { id: "error" });
    expect(unknown).toContain("[secret] is wrong");
    expect(said[0]).toMatch(/^odd: my token is \[\w+\]$/);
    expect(readFileSync(join(dirname(file), "mcp.lock.json"), "utf8")).toContain("Serves [secret].");
    expect(JSON.stringify([said, output, unknown])).not.toContain(TOKEN);
    // Nothing else of this process's environment.
    const names = asked()[0]?.split(" ")[1]?.split(",") ?? [];
    const given = ["API_TOKEN", "DESCRIPTION", "LOG", "HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];
    expect(names.filter((name) => !given.includes(name))).toEqual([]);
  });
});
