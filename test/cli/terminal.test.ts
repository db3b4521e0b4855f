/** The command line in a real terminal: a pseudo-terminal made by util-linux `script`. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { holdpoint } from "../support/child.ts";
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
  ended: Promise<number | null>;
  shown(): string;
}

function openTerminal(home: string, args: readonly string[]): Terminal {
  // Without a terminal of its own around it, `script` makes one without a size.
  const words = [process.execPath, "src/cli/main.ts", ...args].map((word) => `'${word}'`).join(" ");
  // The shell that says its number becomes the command line.
  const command = `stty cols 120 rows 50; echo "number $$"; exec ${words}`;
  const env = { PATH: process.env.PATH ?? "", HOLDPOINT_HOME: home, TERM: "xterm", NO_COLOR: "1", COLUMNS: "120" };
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
    signal: (name) => void process.kill(Number(/number (\d+)/.exec(screen)?.[1]), name),
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
