/** Bad input: one line that names the value and the way on, a fitting exit status, nothing changed, nothing lost. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { type Ended, holdpoint, holdpointProcess } from "../support/child.ts";
import { makeReadOnly, makeWritable, mountSmall } from "../support/file-systems.ts";
import { tempDir } from "../support/temp.ts";

function expectOneLine({ stderr, stdout }: Ended): string {
  expect(stdout).toBe("");
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(/^holdpoint: /);
  expect(stderr).not.toMatch(/\bat .*\.(ts|js):\d+/);
  return stderr;
}

describe("a bad command line", () => {
  const cases: [string, string[], string][] = [
    ["no request", [], "No request was given. See --help."],
    ["an empty request", [""], "The request is empty."],
    ["a blank request", ["   "], "The request is empty."],
    ["an enormous request", ["a".repeat(100_000)], "The request has 100000 characters; at most 4000 are taken."],
    ["a blocked request", ["Buy 2 Aviators; drop table inventory"], '"drop table" is blocked'],
    ["one, with its rule", ["Buy 2 Aviators; drop table inventory"], "Rule: blocked-pattern."],
    ["an unknown thread", ["resume", "t-nowhere", "--approve"], 'There is no thread "t-nowhere". See `list`'],
    ["an impossible thread id", ["show", "../../etc/passwd"], '"../../etc/passwd" is no thread id.'],
    ["an unknown option", ["list", "--colour"], "unknown option '--colour'"],
    ["a missing thread", ["resume"], "missing required argument 'thread'"],
    [
      "two decisions at once",
      ["resume", "t-1", "--approve", "--reject", "no"],
      "--approve and --reject exclude each other.",
    ],
    ["a rejection without a reason", ["resume", "t-1", "--reject", " "], "--reject needs a reason."],
    ["a nameless person", ["list", "--as", ""], '"" is no name for a person.'],
  ];

  it.each(cases)("with %s is refused with 2", async (_what, args, message) => {
    const ended = await holdpoint(tempDir(), ...args);
    expect(expectOneLine(ended)).toContain(message);
    expect(ended.status).toBe(2);
  });

  it("is refused as one JSON document where JSON was asked for", async () => {
    const ended = await holdpoint(tempDir(), "show", "t-nowhere", "--json");
    expect(ended.status).toBe(2);
    expect(JSON.parse(ended.stdout).error).toMatchObject({
      code: "unknown_thread",
      message: 'There is no thread "t-nowhere".',
    });
  });

  it("may have its options before the command", async () => {
    const ended = await holdpoint(tempDir(), "--as", "kim", "--json", "list");
    expect(JSON.parse(ended.stdout)).toEqual({ runs: [] });
  });

  it("prints a stack trace only when asked for", async () => {
    const { stderr } = await holdpoint(tempDir(), "show", "t-nowhere", "--debug");
    expect(stderr).toMatch(/at .*threads\.ts/);
  });
});

describe("a quantity that cannot be", () => {
  const cases: [string, string, RegExp][] = [
    ["zero", "Buy 0 Aviators", /0/],
    ["negative", "Buy -2 Aviators", /-2/],
    ["fractional", "Return 1.5 Moons", /1\.5/],
    ["beyond stock", "Buy 24 Aviators", /24.*23|23.*24/],
  ];

  it.each(cases)("(%s) is answered by naming it, with 4, and nothing is changed", async (_what, request, message) => {
    const home = tempDir();
    const { status, stdout } = await holdpoint(home, request);
    expect(status).toBe(4);
    expect(stdout).toMatch(message);
    expect(stdout).toContain("Nothing was changed.");
    expect((await holdpoint(home, "list", "--waiting", "--json")).stdout).toContain('"runs": []');
  });
});

describe("a decision that does not fit the proposal", () => {
  const file = (home: string, content: string) => {
    const path = join(home, "decisions.json");
    writeFileSync(path, content);
    return path;
  };
  const cases: [string, (home: string) => string[], string][] = [
    [
      "names no such action",
      (home) => ["--decisions", file(home, '[{"step":"s9","type":"approve"}]')],
      'There is no action "s9"',
    ],
    ["leaves an action out", (home) => ["--decisions", file(home, '[{"step":"s1","type":"approve"}]')], "look at s2"],
    ["is not JSON", (home) => ["--decisions", file(home, "{decisions")], "is not JSON"],
    ["has another form", (home) => ["--decisions", file(home, '{"yes":true}')], "does not have the expected form"],
    ["is in a file that does not exist", (home) => ["--decisions", join(home, "none.json")], "does not exist"],
    ["is for another proposal", () => ["--proposal", "prop_other", "--approve"], 'not on "prop_other"'],
  ];

  it("is refused with 2, and the thread still waits and can be decided", async () => {
    const home = tempDir();
    const { threadId } = JSON.parse((await holdpoint(home, "Buy 1 Moon and 1 Sport", "--json")).stdout);
    for (const [what, options, message] of cases) {
      const ended = await holdpoint(home, "resume", threadId, ...options(home));
      expect(ended.stderr, what).toContain(message);
      expect(ended.stderr.trimEnd().split("\n"), what).toHaveLength(1);
      expect(ended.status, what).toBe(2);
    }
    expect((await holdpoint(home, "resume", threadId, "--approve")).status).toBe(0);
  });

  it("is refused with 6 when nothing waits any more", async () => {
    const home = tempDir();
    const { threadId } = JSON.parse((await holdpoint(home, "What sunglasses do you have?", "--json")).stdout);
    const ended = await holdpoint(home, "resume", threadId, "--approve");
    expect(expectOneLine(ended)).toContain("ended (success)");
    expect(ended.status).toBe(6);
  });
});

describe("the program itself", () => {
  it("ends with the same status and one line", async () => {
    const ended = await holdpointProcess(tempDir(), "resume", "t-nowhere", "--approve");
    expect(expectOneLine(ended)).toContain('There is no thread "t-nowhere".');
    expect(ended.status).toBe(2);
  });
});

describe("databases that cannot be used", () => {
  it.each(["ledger.db", "checkpoints.db", "store.db"])("are named: a corrupt %s", async (name) => {
    const home = tempDir();
    expect((await holdpoint(home, "list")).status).toBe(0);
    for (const suffix of ["", "-wal", "-shm"]) rmSync(join(home, name + suffix), { force: true });
    writeFileSync(join(home, name), "no database ".repeat(500));
    const ended = await holdpoint(home, "Buy 1 Moon");
    expect(expectOneLine(ended)).toContain(`${join(home, name)} is not a database`);
    expect(ended.status).toBe(7);
  });

  it("are named: a locked ledger, and nothing is lost", async () => {
    const home = tempDir();
    await holdpoint(home, "list");
    const lock = new Database(join(home, "ledger.db"));
    lock.exec("begin exclusive");
    const ended = await holdpoint(home, "Buy 1 Moon");
    lock.exec("rollback");
    lock.close();
    expect(expectOneLine(ended)).toContain("locked by another process");
    expect(ended.status).toBe(7);
    expect((await holdpoint(home, "Buy 1 Moon")).status).toBe(3);
  });

  it("are named: a home that is a file", async () => {
    const path = join(tempDir(), "file");
    writeFileSync(path, "");
    const ended = await holdpoint(path, "list");
    expect(expectOneLine(ended)).toContain(`${path} is a file; expected a folder.`);
    expect(ended.status).toBe(7);
  });

  it.skipIf(process.platform !== "linux")("are named: a place where no folder can be made", async () => {
    const ended = await holdpoint("/proc/nowhere/deeper", "list");
    expect(expectOneLine(ended)).toContain("/proc/nowhere cannot be made");
    expect(ended.stderr).toContain("Choose another place with HOLDPOINT_HOME.");
    expect(ended.status).toBe(7);
  });

  it("are named: a read-only disk, and nothing is lost", async (context) => {
    const home = mountSmall(context, "4m");
    const { threadId } = JSON.parse((await holdpoint(home, "Buy 1 Moon", "--json")).stdout);
    makeReadOnly(home);
    const ended = await holdpoint(home, "resume", threadId, "--approve");
    expect(expectOneLine(ended)).toMatch(/\.db (cannot be written|cannot be opened|cannot be read or written)/);
    expect(ended.status).toBe(7);
    makeWritable(home);
    expect((await holdpoint(home, "resume", threadId, "--approve")).status).toBe(0);
  });

  it("are named: a full disk, and a thread that waits can be approved once there is room", async (context) => {
    const home = mountSmall(context, "2m");
    const { threadId } = JSON.parse((await holdpoint(home, "Buy 1 Moon", "--json")).stdout);
    const ballast = join(home, "ballast");
    const fill = () => execFileSync("sh", ["-c", `cat /dev/zero > ${ballast} 2>/dev/null || true`]);
    fill();
    const ended = await holdpoint(home, "resume", threadId, "--approve");
    expect(expectOneLine(ended)).toContain("full");
    expect(ended.status).toBe(7);
    rmSync(ballast);
    const again = await holdpoint(home, "resume", threadId, "--approve", "--json");
    expect(JSON.parse(again.stdout).answer?.status).toBe("success");
    const stock = JSON.parse((await holdpoint(home, "How many Moons do you have?", "--json")).stdout);
    expect(stock.answer.text).toContain("9 in stock");
  });
});
