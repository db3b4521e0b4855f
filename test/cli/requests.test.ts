/** The command line as a new user meets it. What one process leaves, another takes up. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { holdpoint, holdpointProcess } from "../support/child.ts";
import { tempDir } from "../support/temp.ts";

const RETURN = "Return 2 Aviator sunglasses I bought last week.";
const TWO = "I want to buy 3 pairs of classic sunglasses and 1 pair of aviator sunglasses.";

async function ask(home: string, request: string, ...options: string[]) {
  const { status, stdout, stderr } = await holdpoint(home, request, "--json", ...options);
  expect(stderr).toBe("");
  return { ...JSON.parse(stdout), exit: status };
}

describe("a request that writes, without a terminal", () => {
  it("prints plan, changes, impact and reasons, then the thread and the command that resumes it, and exits with 3", async () => {
    const home = join(tempDir(), "new", "folder");
    const { status, stdout, stderr } = await holdpointProcess(home, RETURN);
    expect(stderr.split("\n")).toEqual([
      ...["[  0 %] planning", "[  0 %] looking what would change", "[  0 %] reviewing", "[  0 %] waiting for a person"],
      "",
    ]);
    expect(status).toBe(3);
    for (const text of [
      "Plan",
      "Take back 2 × Aviator",
      "Staged changes",
      "nothing has run yet",
      "Impact",
      "Why you are asked",
    ]) {
      expect(stdout).toContain(text);
    }
    expect(stdout).toMatch(/quantity_in_stock\s*│ 23\s*│ 25/);
    expect(stdout).toMatch(/balance[^\n]*\$500\.00[^\n]*\$340\.00/);
    expect(stdout).toContain("TXN002");
    expect(
      readdirSync(home)
        .filter((name) => name.endsWith(".db"))
        .toSorted(),
    ).toEqual(["checkpoints.db", "ledger.db", "store.db"]);
    const command = /^ +(HOLDPOINT_HOME=\S+ )node src\/cli\/main\.js (resume \S+ --proposal \S+ --approve)$/m.exec(
      stdout,
    );
    expect(command?.[1]).toBe(`HOLDPOINT_HOME=${home} `);
    const approved = await holdpointProcess(home, ...(command?.[2] ?? "").split(" "));
    expect(approved.stderr).toMatch(/^(\[ *\d+ %\] .*\n)+$/);
    expect(approved.status).toBe(0);
    expect(approved.stdout).toContain("Took back 2 × Aviator (SG001); $160.00 refunded; 25 in stock now.");
    expect(approved.stdout).toMatch(/quantity_in_stock\s*│ 23\s*│ 25/);
  });

  it("that takes two people waits on after the first, who is told that the approval is recorded", async () => {
    const home = tempDir();
    await holdpoint(home, "settings", "approvals.high.people=2", "approvals.medium.people=2", "approvals.low.people=2");
    const { threadId } = await ask(home, RETURN);
    const first = await holdpoint(home, "resume", threadId, "--approve", "--as", "bob");
    expect(first).toMatchObject({ status: 3, stderr: "" });
    expect(first.stdout).toMatch(/Staged changes[\s\S]*Approved by bob. 1 more person[\s\S]*The approval is recorded/);
    const again = await holdpoint(home, "resume", threadId, "--approve", "--as", "bob", "--json");
    expect(again.status).toBe(3);
    expect(JSON.parse(again.stdout)).toMatchObject({ threadId, status: "waiting", exitStatus: 3, question: {} });
    expect((await holdpoint(home, "resume", threadId, "--approve", "--as", "carol")).status).toBe(0);
  });

  it("can be rejected by another process with a reason, which changes nothing and exits with 0", async () => {
    const home = tempDir();
    const { threadId } = await ask(home, RETURN);
    const { status, stdout } = await holdpoint(home, "resume", threadId, "--reject", "no receipt", "--as", "carol");
    expect(status).toBe(0);
    expect(stdout).toContain("carol rejected it: no receipt. Nothing was changed.");
    const question = await ask(home, "How many Aviators do you have?");
    expect(question.answer.text).toContain("23 in stock");
  });

  it("can be decided action by action from a file", async () => {
    const home = tempDir();
    const { threadId, exit } = await ask(
      home,
      "I want to buy 3 pairs of classic sunglasses and 1 pair of aviator sunglasses.",
    );
    expect(exit).toBe(3);
    const file = join(home, "decisions.json");
    writeFileSync(
      file,
      JSON.stringify({
        decisions: [
          { step: "s2", type: "approve" },
          { step: "s1", type: "reject", message: "reserved" },
        ],
      }),
    );
    const { stdout } = await holdpoint(home, "resume", threadId, "--decisions", file, "--json", "--as", "dora");
    const result = JSON.parse(stdout);
    expect(result.answer.status).toBe("success");
    expect(result.effects.map((effect: { step: string; status: string }) => [effect.step, effect.status])).toEqual([
      ["s2", "succeeded"],
    ]);
    expect(result.answer.text).toContain("reserved");
  });

  it("can be cancelled, after which nothing can be approved", async () => {
    const home = tempDir();
    const { threadId } = await ask(home, "Purchase 3 Wayfarer sunglasses for customer Alice.");
    const cancelled = await holdpoint(home, "cancel", threadId, "--reason", "wrong shop");
    expect(cancelled.status).toBe(0);
    expect(cancelled.stdout).toContain("cancelled it: wrong shop. Nothing was changed.");
    const late = await holdpoint(home, "resume", threadId, "--approve");
    expect(late.status).toBe(6);
    expect(late.stderr).toContain("was already decided: cancelled by");
    expect(late.stderr.trim().split("\n")).toHaveLength(1);
  });

  it.each<[string, unknown, string]>([
    [
      "approves other arguments than those proposed",
      { decisions: [{ step: "s1", type: "approve", editedAction: { args: { item: "SG001", quantity: 1 } } }] },
      "approves other arguments of s1",
    ],
    [
      "was shown other arguments",
      [{ type: "accept", args: { action: "take_back", args: { item: "SG001", quantity: 7 } } }],
      "approves other arguments of s1",
    ],
    ["is somebody else's", { decisions: [{ type: "approve" }], by: "mallory" }, 'is from "mallory"'],
  ])("is not decided by a file that %s", async (_what, content, message) => {
    const home = tempDir();
    const { threadId } = await ask(home, RETURN);
    const file = join(home, "decisions.json");
    writeFileSync(file, JSON.stringify(content));
    const refused = await holdpoint(home, "resume", threadId, "--decisions", file, "--as", "kim");
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
    expect(JSON.parse((await holdpoint(home, "show", threadId, "--json")).stdout).decisions).toEqual([]);
  });

  it("is rejected as a whole by the page of one action, and edited by a file, marked where it says otherwise", async () => {
    const home = tempDir();
    const { threadId } = await ask(home, TWO);
    const file = join(home, "decisions.json");
    const args = { item: "SG005", quantity: 1 };
    writeFileSync(file, `\uFEFF${JSON.stringify([{ type: "edit", step: "s1", editedAction: { args } }])}`);
    const edited = await holdpoint(home, "resume", threadId, "--decisions", file, "--as", "kim");
    expect(edited).toMatchObject({ status: 3, stdout: expect.stringContaining("Edited by kim: quantity 3 -> 1") });
    expect(edited.stdout).toContain("edited since");
    expect(edited.stdout).toContain("(edited)");
    writeFileSync(file, JSON.stringify([{ type: "ignore", args: null }]));
    const ignored = await holdpoint(home, "resume", threadId, "--decisions", file, "--json");
    expect(JSON.parse(ignored.stdout).answer.status).toBe("rejected");
  });

  it("is decided once by two processes of one person, and the other is told", async () => {
    const home = tempDir();
    for (let round = 0; round < 2; round++) {
      const { threadId } = await ask(home, TWO);
      const files = ["s1", "s2"].map((approved) => {
        const file = join(home, `${approved}.json`);
        const decisions = ["s1", "s2"].map((step) =>
          step === approved ? { step, type: "approve" } : { step, type: "reject", message: `not ${step}` },
        );
        writeFileSync(file, JSON.stringify({ decisions }));
        return file;
      });
      const results = await Promise.all(
        files.map((file) => holdpointProcess(home, "resume", threadId, "--decisions", file, "--as", "kim", "--json")),
      );
      expect(results.map(({ status }) => status).toSorted()).toEqual([0, 6]);
      await holdpoint(home, "reseed");
    }
  });

  it("is decided once when one process approves while another rejects", async () => {
    const home = tempDir();
    const { threadId } = await ask(home, RETURN);
    const [approval, rejection] = await Promise.all([
      holdpointProcess(home, "resume", threadId, "--approve", "--as", "alice", "--json"),
      holdpointProcess(home, "resume", threadId, "--reject", "no", "--as", "bob", "--json"),
    ]);
    expect([approval.status, rejection.status].toSorted()).toEqual([0, 6]);
    const shown = JSON.parse((await holdpoint(home, "show", threadId, "--json")).stdout);
    expect(shown.decisions).toHaveLength(1);
    const approved = approval.status === 0;
    expect(shown.decisions[0]).toMatchObject(
      approved ? { verdict: "approved", principal: "alice" } : { verdict: "rejected", principal: "bob" },
    );
    expect(shown.answer.status).toBe(approved ? "success" : "rejected");
    expect(shown.effects).toHaveLength(approved ? 1 : 0);
  });
});

describe("a request that only reads", () => {
  it("is answered at once, asks nobody and exits with 0, also when it is not quoted", async () => {
    const words = "Do you have any round sunglasses in stock that are under $100?".split(" ");
    const { status, stdout } = await holdpoint(tempDir(), ...words);
    expect(status).toBe(0);
    expect(stdout).toContain("Classic");
    expect(stdout).toContain("$60.00");
    expect(stdout).not.toContain("Waiting");
  });
});

describe("a request that is not understood", () => {
  it("is refused with what can be asked, and exits with 4", async () => {
    const { status, stdout } = await holdpoint(tempDir(), "Make me a sandwich");
    expect(status).toBe(4);
    expect(stdout).toContain("sandwich");
    expect(stdout).toContain("Purchase 3 Wayfarer sunglasses for customer Alice.");
  });
});

describe("output that nobody reads to its end", () => {
  it("is no failure", async () => {
    const home = tempDir();
    const command = `HOLDPOINT_HOME='${home}' '${process.execPath}' src/cli/main.js list | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", command], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout.trim()).toBe("0");
  });
});

describe("looking around", () => {
  it("lists, shows, and restores the store, for people and for programs", async () => {
    const home = tempDir();
    const { threadId, run } = await ask(home, RETURN, "--as", "erin", "--thread", "my-thread");
    expect(threadId).toBe("my-thread");
    const listed = await holdpoint(home, "list");
    expect(listed.stdout).toMatch(/my-thread.*waiting.*erin.*Return 2 Aviator/);
    expect(JSON.parse((await holdpoint(home, "list", "--waiting", "--json")).stdout).runs[0]).toMatchObject({
      id: run.id,
    });
    await holdpoint(home, "resume", threadId, "--approve", "--as", "fred");
    const shown = await holdpoint(home, "show", threadId);
    for (const text of ["ended: success", "asked by erin", "approved by fred", "effect.succeeded", "take_back"]) {
      expect(shown.stdout).toContain(text);
    }
    const reseeded = await holdpoint(home, "reseed");
    expect(reseeded.stdout).toMatch(/SG001.*Aviator.*23/);
    expect(reseeded.stdout).not.toContain("TXN002");
    expect(existsSync(join(home, "store.db"))).toBe(true);
  });

  it.each([[], ["run"], ["resume"], ["show"], ["list"], ["cancel"], ["reseed"]])(
    "explains itself: %s --help",
    async (...words) => {
      const { status, stdout, stderr } = await holdpoint(tempDir(), ...words, "--help");
      expect(status).toBe(0);
      expect(stderr).toBe("");
      expect(stdout).toContain("Usage: holdpoint");
      if (words.length > 0) expect(stdout).toContain("--json");
      else expect(stdout).toContain("3 waiting for a decision");
    },
  );
});
