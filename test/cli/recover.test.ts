/** Invariant 4 on the command line: what a crash left is found, and what nobody can tell is asked. */
import { describe, expect, it } from "vitest";
import { holdpoint } from "../support/child.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { tempDir } from "../support/temp.ts";

const RETURN = "Return 2 Aviator sunglasses I bought last week.";

/** A thread whose transaction is under way, as a crash leaves it, with its effect in the given status. */
async function cutOff(status: string) {
  const home = tempDir();
  const asked = JSON.parse((await holdpoint(home, RETURN, "--json")).stdout);
  await holdpoint(home, "resume", asked.threadId, "--approve", "--as", "kim");
  const ledger = await openLedgerOf(home);
  await ledger.updateTable("effects").set({ status, output: "null" }).execute();
  await ledger.updateTable("proposals").set({ status: "approved" }).execute();
  await ledger.updateTable("runs").set({ status: "running", answer: null }).execute();
  return { home, threadId: asked.threadId as string };
}

async function stockOf(home: string): Promise<string> {
  const { stdout } = await holdpoint(home, "Do you have Aviator sunglasses?");
  return /(\d+) in stock/.exec(stdout)?.[1] ?? "";
}

describe("recover", () => {
  it("finds nothing where nothing was left", async () => {
    expect(await holdpoint(tempDir(), "recover")).toMatchObject({ status: 0, stdout: "No run was left under way.\n" });
  });

  it("carries on what was cut off, and repeats nothing", async () => {
    const { home, threadId } = await cutOff("executing");
    const { status, stdout } = await holdpoint(home, "recover");
    expect(stdout).toContain(threadId);
    expect(stdout).toContain("25 in stock now");
    expect(status).toBe(0);
    expect(await stockOf(home)).toBe("25");
    expect((await holdpoint(home, "recover", "--json")).stdout).toContain('"recovered": []');
  });

  it("puts what nobody can tell before a person, and leaves it waiting", async () => {
    const { home, threadId } = await cutOff("uncertain");
    const { status, stdout } = await holdpoint(home, "recover");
    expect(stdout).toContain("waits for a person");
    expect(status).toBe(0);
    const shown = await holdpoint(home, "resume", threadId);
    expect(shown).toMatchObject({ status: 3, stdout: expect.stringContaining("Did this happen?") });
    for (const flag of ["--happened", "--not-happened", "--look-again"]) expect(shown.stdout).toContain(flag);
    expect((await holdpoint(home, "list", "--waiting")).stdout).toContain(threadId);
  });
});

describe("an outcome that nobody can tell", () => {
  it("takes no yes or no to whether something may run", async () => {
    const { home, threadId } = await cutOff("uncertain");
    await holdpoint(home, "recover");
    for (const flags of [["--approve"], ["--reject", "no"]]) {
      const refused = await holdpoint(home, "resume", threadId, ...flags);
      expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining("asks whether writes happened") });
    }
    const other = JSON.parse((await holdpoint(home, RETURN, "--json")).stdout);
    const refused = await holdpoint(home, "resume", other.threadId, "--happened");
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining("asks whether writes may run") });
  });

  it.each([
    ["--happened", "happened", 0],
    ["--look-again", "25 in stock now", 0],
    ["--not-happened", "kim says that it did not happen", 5],
  ] as const)("is told with %s", async (flag, text, status) => {
    const { home, threadId } = await cutOff("uncertain");
    await holdpoint(home, "recover");
    const done = await holdpoint(home, "resume", threadId, flag, "--as", "kim");
    expect(done).toMatchObject({ status, stderr: "" });
    const record = await holdpoint(home, "show", threadId);
    expect(record.stdout).toContain("reconciled by kim");
    expect(`${done.stdout}${record.stdout}`).toContain(text);
  });
});
