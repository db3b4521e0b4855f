/** The command line in a real terminal: a pseudo-terminal made by util-linux `script`. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { holdpoint } from "../support/child.ts";
import { bareEnvironment } from "../support/environment.ts";
import { expectCall, json, playOpenAI } from "../support/openai-server.ts";
import { serveProcess } from "../support/server-process.ts";
import { tempDir } from "../support/temp.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const UP = "\u001b[A";
const DOWN = "\u001b[B";
const ENTER = "\r";
const BACKSPACE = "\u007f";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const CTRL_C = "\u0003";

function needTerminal(context: TestContext): void {
  try {
    execFileSync("script", ["--version"], { stdio: "pipe" });
  } catch {
    context.skip("needs the command `script` of util-linux");
  }
}

interface Terminal {
  /** Waits until the screen has shown a text that it had not shown before. */
  until(text: string): Promise<void>;
  type(keys: string): void;
  /** Sends a signal to the command line itself, not to the terminal around it. */
  signal(name: NodeJS.Signals): void;
  /** Makes the terminal as wide as so many columns, while it is used. */
  resize(columns: number): void;
  ended: Promise<number | null>;
  shown(): string;
}

interface Setting {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Record<string, string>;
}

function openTerminal(home: string, args: readonly string[], setting: Setting = {}): Terminal {
  const { columns = 120, rows = 50 } = setting;
  // Without a terminal of its own around it, `script` makes one without a size.
  const words = [process.execPath, "src/cli/main.js", ...args].map((word) => `'${word}'`).join(" ");
  // The shell that says its number becomes the command line.
  const command = `stty cols ${columns} rows ${rows}; echo "number $$"; exec ${words}`;
  const env = { ...bareEnvironment(), HOLDPOINT_HOME: home, TERM: "xterm", NO_COLOR: "1", ...setting.env };
  const child: ChildProcess = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd: root,
    env,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let screen = "";
  let seen = 0;
  child.stdout?.on("data", (chunk: Buffer) => {
    screen += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const pid = () => Number(/number (\d+)/.exec(screen)?.[1]);
  return {
    async until(text) {
      const deadline = Date.now() + 15_000;
      while (screen.indexOf(text, seen) < 0) {
        if (Date.now() > deadline) throw new Error(`The screen never showed "${text}":\n${screen.slice(seen)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      seen = screen.indexOf(text, seen) + text.length;
    },
    type: (keys) => void child.stdin?.write(keys),
    signal: (name) => void process.kill(pid(), name),
    resize: (wide) => void execFileSync("stty", ["-F", readlinkSync(`/proc/${pid()}/fd/0`), "cols", String(wide)]),
    ended,
    shown: () => screen,
  };
}

/** The thread that a terminal says how to resume. */
const threadIn = (terminal: Terminal): string => /resume (t-\w+)/.exec(terminal.shown())?.[1] ?? "";

const BUY_TWO = "I want to buy 3 pairs of classic sunglasses and 1 pair of aviator sunglasses.";

describe("in a terminal", () => {
  it("asks right there, and approving runs the transaction", async (context) => {
    needTerminal(context);
    const terminal = openTerminal(tempDir(), ["Return 2 Aviator sunglasses I bought last week."]);
    await terminal.until("Staged changes");
    await terminal.until("Approve this?");
    await terminal.until("Not now");
    for (const key of [UP, UP, UP, ENTER]) terminal.type(key);
    await terminal.until("$160.00 refunded; 25 in stock now.");
    expect(await terminal.ended).toBe(0);
  });

  it("asks in the same way where a server does the work, and shows again what was not taken", async (context) => {
    needTerminal(context);
    const server = await serveProcess(tempDir());
    onTestFinished(() => server.end("SIGTERM"));
    const env = { HOLDPOINT_URL: server.url };
    const terminal = openTerminal(tempDir(), ["Return 2 Aviator sunglasses I bought last week."], { env });
    await terminal.until("Not now");
    for (const key of [UP, ENTER]) terminal.type(key);
    await terminal.until("s1 item");
    terminal.type(ENTER);
    await terminal.until("s1 quantity");
    for (const key of [BACKSPACE, "x", ENTER]) terminal.type(key);
    await terminal.until("s1 customer");
    terminal.type(ENTER);
    await terminal.until("s1 unitPrice");
    terminal.type(ENTER);
    await terminal.until("quantity must be a whole number of at least 1");
    await terminal.until("Not now");
    terminal.type(CTRL_C);
    await terminal.until(`HOLDPOINT_URL=${server.url} `);
    expect(await terminal.ended).toBe(3);
    const again = openTerminal(tempDir(), ["resume", threadIn(terminal)], { env });
    await again.until("Not now");
    for (const key of [UP, UP, UP, ENTER]) again.type(key);
    await again.until("$160.00 refunded; 25 in stock now.");
    expect(await again.ended).toBe(0);
  });

  it("records that it is not now, and says how to go on", async (context) => {
    needTerminal(context);
    const home = tempDir();
    const terminal = openTerminal(home, ["Return 2 Aviator sunglasses I bought last week.", "--as", "kim"]);
    await terminal.until("Not now");
    terminal.type(ENTER);
    await terminal.until("Waiting for a decision");
    expect(await terminal.ended).toBe(3);
    const { stdout } = await holdpoint(home, "show", threadIn(terminal));
    expect(stdout).toMatch(/kim\W+proposal\.not_now/);
  });

  it("asks for the reason of a rejection, and changes nothing", async (context) => {
    needTerminal(context);
    const terminal = openTerminal(tempDir(), ["Return 2 Aviator sunglasses I bought last week.", "--as", "kim"]);
    await terminal.until("Not now");
    for (const key of [UP, UP, ENTER]) terminal.type(key);
    await terminal.until("Why?");
    terminal.type("no receipt");
    terminal.type(ENTER);
    await terminal.until("kim rejected it: no receipt. Nothing was changed.");
    expect(await terminal.ended).toBe(0);
  });

  it("edits field by field, shows what that would change, and asks again", async (context) => {
    needTerminal(context);
    const terminal = openTerminal(tempDir(), ["Return 2 Aviator sunglasses I bought last week.", "--as", "kim"]);
    await terminal.until("Not now");
    for (const key of [UP, ENTER]) terminal.type(key);
    await terminal.until("s1 item");
    terminal.type(ENTER);
    await terminal.until("s1 quantity");
    for (const key of [BACKSPACE, "x", ENTER]) terminal.type(key);
    await terminal.until("s1 customer");
    terminal.type(ENTER);
    await terminal.until("s1 unitPrice");
    terminal.type(ENTER);
    await terminal.until("quantity must be a whole number of at least 1");
    await terminal.until("Not now");
    for (const key of [UP, ENTER]) terminal.type(key);
    await terminal.until("s1 item");
    terminal.type(ENTER);
    await terminal.until("s1 quantity");
    for (const key of [BACKSPACE, "5", ENTER]) terminal.type(key);
    await terminal.until("s1 customer");
    terminal.type(ENTER);
    await terminal.until("s1 unitPrice");
    terminal.type(ENTER);
    await terminal.until("Edited by kim: quantity 2 -> 5");
    await terminal.until("28");
    await terminal.until("Not now");
    for (const key of [UP, UP, UP, ENTER]) terminal.type(key);
    await terminal.until("$400.00 refunded; 28 in stock now.");
    expect(await terminal.ended).toBe(0);
  });

  it("lets change a plan in an editor, which opens again with what was changed while it cannot be read or is no plan for here", async (context) => {
    needTerminal(context);
    const home = tempDir();
    await holdpoint(home, "settings", "planReview=always");
    // The first save breaks the YAML; the second mends it and takes back 5, by an action that is none; the third mends that.
    const script = `
      const fs = require("node:fs");
      const [file] = process.argv.slice(-1);
      const text = fs.readFileSync(file, "utf8");
      fs.appendFileSync(${JSON.stringify(join(home, "seen"))}, text);
      const mended = text.replace("goal: [", "").replace("quantity: 2", "quantity: 5").replace("action: take_back", "action: give");
      const again = text.replace("action: give", "action: take_back");
      fs.writeFileSync(file, text.includes("action: give") ? again : text.includes("PROBLEM") ? mended : text + "goal: [");
    `;
    writeFileSync(join(home, "editor.cjs"), script);
    const editor = { EDITOR: `'${process.execPath}' '${join(home, "editor.cjs")}'` };
    const terminal = openTerminal(home, ["Return 2 Aviator sunglasses I bought last week.", "--as", "kim"], {
      env: editor,
    });
    await terminal.until("Carry out this plan?");
    await terminal.until("Not now");
    for (const key of [UP, UP, UP, ENTER]) terminal.type(key);
    await terminal.until("Open the editor again");
    terminal.type(ENTER);
    await terminal.until('"give"');
    await terminal.until("Not now");
    for (const key of [UP, UP, UP, ENTER]) terminal.type(key);
    await terminal.until("kim changed the plan");
    await terminal.until("Not now");
    const seen = readFileSync(join(home, "seen"), "utf8");
    expect(seen).toMatch(/# PROBLEM: This is no YAML.+line/);
    expect(seen).toMatch(/# PROBLEM: .*"give"[\s\S]+quantity: 5/);
    for (const key of [UP, UP, UP, UP, ENTER]) terminal.type(key);
    await terminal.until("$400.00");
    await terminal.until("Not now");
    for (const key of [UP, UP, UP, ENTER]) terminal.type(key);
    await terminal.until("28 in stock now.");
    expect(await terminal.ended).toBe(0);
  });

  it("lets decide one by one", async (context) => {
    needTerminal(context);
    const home = tempDir();
    const terminal = openTerminal(home, [BUY_TWO]);
    await terminal.until("Not now");
    for (const key of [UP, ENTER]) terminal.type(key);
    await terminal.until("s1: Sell 3");
    await terminal.until("Reject");
    terminal.type(DOWN);
    terminal.type(ENTER);
    await terminal.until("Why?");
    terminal.type("reserved");
    terminal.type(ENTER);
    await terminal.until("s2: Sell 1");
    await terminal.until("Reject");
    terminal.type(ENTER);
    await terminal.until("Not done: Sell 3");
    expect(await terminal.ended).toBe(0);
  });

  it.for<[string, string[]]>([
    ["Not now", [ENTER]],
    ["Ctrl-C", [CTRL_C]],
  ])("waits after %s, prints how to resume, and another terminal goes on", async ([, keys], context) => {
    needTerminal(context);
    const home = tempDir();
    const terminal = openTerminal(home, ["Return 2 Aviator sunglasses I bought last week."]);
    await terminal.until("Not now");
    for (const key of keys) terminal.type(key);
    await terminal.until("Waiting for a decision");
    expect(await terminal.ended).toBe(3);
    const thread = threadIn(terminal);
    const second = openTerminal(home, ["resume", thread]);
    await second.until("Approve this?");
    await second.until("Not now");
    for (const key of [UP, UP, UP, ENTER]) second.type(key);
    expect(await second.ended).toBe(0);
    expect((await holdpoint(home, "show", thread)).stdout).toContain("ended: success");
  });

  it("ends at a signal while it asks, as waiting, prints how to resume, and another terminal goes on", async (context) => {
    needTerminal(context);
    const home = tempDir();
    const terminal = openTerminal(home, ["Return 2 Aviator sunglasses I bought last week."]);
    await terminal.until("Not now");
    terminal.signal("SIGTERM");
    await terminal.until("Waiting for a decision");
    expect(await terminal.ended).toBe(3);
    const screen = terminal.shown();
    expect(screen.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(screen.lastIndexOf(HIDE_CURSOR));
    expect(screen).toMatch(/resume t-\w+ --proposal prop_\w+ --approve/);
    const thread = threadIn(terminal);
    const { run, effects } = JSON.parse((await holdpoint(home, "show", thread, "--json")).stdout);
    expect({ status: run.status, effects }).toEqual({ status: "waiting", effects: [] });
    const second = openTerminal(home, ["resume", thread]);
    await second.until("Approve this?");
    await second.until("Not now");
    for (const key of [UP, UP, UP, ENTER]) second.type(key);
    await second.until("$160.00 refunded; 25 in stock now.");
    expect(await second.ended).toBe(0);
  });
});

const LOOK = { action: "find_products", args: {}, dependsOn: [] as string[] };
/** Three reads of which two wait for the first; the model takes its time to say what came of it. */
async function playModel(afterMs: number) {
  const steps = [
    {
      ...LOOK,
      id: "s1",
      title: "日本のサングラスを探して、値段と在庫を見る、それから色も",
      args: { text: "Aviator" },
    },
    {
      ...LOOK,
      id: "s2",
      title: "Look for \u001b[2J\u202e round ones",
      args: { text: "Classic" },
      dependsOn: ["s1"],
    },
    { ...LOOK, id: "s3", title: "Look for all of them", dependsOn: ["s2"] },
  ];
  const met = { met: true, wentWell: [], missing: [], next: "done", advice: "", answer: "There are some." };
  const server = await playOpenAI(
    expectCall({}).answer(json({ outcome: "plan", message: "", goal: "Sunglasses are found.", steps })),
    expectCall({}).after(afterMs).answer(json(met)),
  );
  return { HOLDPOINT_PLANNING: "model", OPENAI_API_KEY: server.apiKey, OPENAI_BASE_URL: server.url };
}

const [BEGIN, END] = ["\u001b[?2026h", "\u001b[?2026l"];
/** What was drawn, frame by frame, without what takes away the one before. */
const framesOf = (screen: string): string[] =>
  screen
    .split(BEGIN)
    .slice(1)
    .map((frame) => stripVTControlCharacters(frame.split(END)[0] ?? "").replaceAll("\r", ""));

describe("while a run is under way", () => {
  it("draws its steps as a tree that fits the terminal, also when that is made smaller, and takes it away", async (context) => {
    needTerminal(context);
    const env = await playModel(2500);
    const terminal = openTerminal(tempDir(), ["Which sunglasses are there?"], { columns: 60, env });
    await terminal.until("checking the outcome");
    const before = framesOf(terminal.shown()).length;
    terminal.resize(34);
    await terminal.until("There are some.");
    expect(await terminal.ended).toBe(0);
    const frames = framesOf(terminal.shown());
    const tree = frames.find((frame) => frame.includes("checking the outcome")) ?? "";
    expect(tree).toContain("99 %");
    expect(tree).toMatch(/^✔ 日本のサングラスを.*… {2}\d+ ms$/m);
    expect(tree).toMatch(/^ {2}✔ Look for <U\+001B>\[2J<U\+202E> round ones {2}\d+ ms$/m);
    expect(tree).toMatch(/^ {4}✔ Look for all of them {2}\d+ ms$/m);
    for (const [place, frame] of frames.entries()) {
      for (const line of frame.split("\n")) expect(stringWidth(line)).toBeLessThan(place <= before ? 60 : 34);
    }
    expect(frames.length).toBeGreaterThan(before + 1); // the time goes on
    expect(frames.at(-1)).toBe(""); // what was drawn last is taken away
    expect(terminal.shown().split(END).at(-1)).toMatch(/^Answer \(success\)\r\n {2}There are some\.\r\n/);
  });

  it("prints a line for each change where the terminal cannot be drawn on", async (context) => {
    needTerminal(context);
    const env = { ...(await playModel(0)), TERM: "dumb" };
    const terminal = openTerminal(tempDir(), ["Which sunglasses are there?"], { env });
    await terminal.until("There are some.");
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown()).not.toContain("\u001b");
    expect(terminal.shown()).toMatch(/^\[ {2}0 %\] planning\r$/m);
    expect(terminal.shown()).toMatch(/^\[ 99 %\] s3 Look for all of them: completed in \d+ ms\r$/m);
  });

  it("leaves the terminal clean when a signal stops it", async (context) => {
    needTerminal(context);
    const env = await playModel(1500);
    const terminal = openTerminal(tempDir(), ["Which sunglasses are there?"], { env });
    await terminal.until("checking the outcome");
    terminal.signal("SIGTERM");
    await terminal.ended;
    expect(framesOf(terminal.shown()).at(-1)).toBe("");
    const screen = terminal.shown();
    expect(screen.lastIndexOf(SHOW_CURSOR)).toBeGreaterThanOrEqual(screen.lastIndexOf(HIDE_CURSOR));
  });
});
