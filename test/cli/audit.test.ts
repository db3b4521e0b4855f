/** `holdpoint audit`: verify, export and anchor, as a person or another program runs them. */

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { fillAudit, rewriteAudit } from "../../chaos/tampering.ts";
import { openSqliteLedger } from "../../src/ledger/database.ts";
import { holdpoint, holdpointProcess } from "../support/child.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { tempDir } from "../support/temp.ts";

const ENTRIES = 2500;

/** A folder with a log of its own. */
async function filled(entries = 20): Promise<string> {
  const home = tempDir();
  await fillAudit(await openLedgerOf(home), entries, "default");
  return home;
}

async function verified(home: string, ...options: string[]) {
  const { status, stdout } = await holdpoint(home, "audit", "verify", "--json", ...options);
  return { status, ...JSON.parse(stdout) };
}

describe("audit verify", () => {
  it("says that a log is whole, or which entry is not, with a status of its own", async () => {
    const home = await filled();
    expect(await holdpoint(home, "audit", "verify")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^The audit log of tenant "default" is whole: 20 entries, up to 20 [0-9a-f]{64}\.\n$/,
      ),
    });
    const ledger = await openLedgerOf(home);
    await ledger.updateTable("auditLog").set({ principal: "mallory" }).where("seq", "=", 7).execute();
    expect(await holdpoint(home, "audit", "verify")).toMatchObject({
      status: 10,
      stdout: expect.stringContaining("Entry 7 was altered"),
    });
    expect(await verified(home)).toMatchObject({
      status: 10,
      exitStatus: 10,
      entries: 6,
      fault: { seq: 7, kind: "altered" },
    });
  });

  it("takes a log without entries for whole", async () => {
    expect(await verified(tempDir())).toMatchObject({ status: 0, entries: 0, fault: null });
  });
});

describe("audit anchor", () => {
  it("finds a log that was written anew as a whole, which nothing in the database tells", async () => {
    const home = await filled();
    const anchors = join(tempDir(), "anchors.jsonl");
    expect(await holdpoint(home, "audit", "anchor", "--to", anchors)).toMatchObject({ status: 0 });
    expect(await holdpoint(home, "audit", "anchor", "--to", anchors)).toMatchObject({ status: 0 });
    expect(
      readFileSync(anchors, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { tenant: "default", seq: 20, hash: expect.stringMatching(/^[0-9a-f]{64}$/), at: expect.any(String) },
      { seq: 20 },
    ]);
    await fillAudit(await openLedgerOf(home), 5, "default");
    expect(await verified(home, "--anchor", anchors)).toMatchObject({ status: 0, entries: 25, anchors: 2 });
    await rewriteAudit(await openLedgerOf(home), "default");
    expect(await verified(home)).toMatchObject({ status: 0, entries: 25 });
    expect(await verified(home, "--anchor", anchors)).toMatchObject({
      status: 10,
      fault: { seq: 20, kind: "rewritten" },
    });
  });

  it("finds a log that was cut short together with its head", async () => {
    const home = await filled();
    const anchors = join(tempDir(), "anchors.jsonl");
    await holdpoint(home, "audit", "anchor", "--to", anchors);
    const ledger = await openLedgerOf(home);
    await ledger.deleteFrom("auditLog").where("seq", ">", 15).execute();
    const last = await ledger.selectFrom("auditLog").select("hash").where("seq", "=", 15).executeTakeFirstOrThrow();
    await ledger.updateTable("auditHeads").set({ seq: 15, hash: last.hash }).execute();
    expect(await verified(home)).toMatchObject({ status: 0 });
    expect(await verified(home, "--anchor", anchors)).toMatchObject({
      status: 10,
      fault: { seq: 16, kind: "truncated" },
    });
  });

  it("posts the head to an address, and says when it was not taken", async () => {
    const home = await filled();
    const received: unknown[] = [];
    const server = createServer(async (request, response) => {
      received.push({ type: request.headers["content-type"], ...JSON.parse(await readText(request)) });
      response.writeHead(request.url === "/full" ? 507 : 204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await holdpoint(home, "audit", "anchor", "--to", address)).toMatchObject({ status: 0 });
    expect(received).toMatchObject([{ type: "application/json", tenant: "default", seq: 20 }]);
    const refused = await holdpoint(home, "audit", "anchor", "--to", `${address}/full`);
    expect(refused).toMatchObject({
      status: 7,
      stderr: expect.stringContaining("did not take the head: it answered 507"),
    });
  });

  it.each([
    ["http://example.com/", 2, "https addresses"],
    ["/nowhere/anchors.jsonl", 2, "/nowhere/anchors.jsonl"],
  ])("refuses %s", async (to, status, message) => {
    const refused = await holdpoint(await filled(3), "audit", "anchor", "--to", to);
    expect(refused).toMatchObject({ status, stderr: expect.stringContaining(message) });
  });

  it("refuses a file of anchors that says nothing of the log", async () => {
    const home = await filled(3);
    const file = join(tempDir(), "anchors.jsonl");
    writeFileSync(file, "");
    expect(await holdpoint(home, "audit", "verify", "--anchor", file)).toMatchObject({ status: 2 });
    writeFileSync(file, "{}\n");
    expect(await holdpoint(home, "audit", "verify", "--anchor", file)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Line 1"),
    });
    expect(await holdpoint(home, "audit", "verify", "--anchor", "/nowhere")).toMatchObject({ status: 2 });
  });
});

describe("audit export", () => {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-export-"));
  let lines: string[] = [];
  beforeAll(async () => {
    const ledger = await openSqliteLedger(join(home, "ledger.db"));
    await fillAudit(ledger, ENTRIES, "default");
    await ledger.destroy();
    const { stdout } = await holdpointProcess(home, "audit", "export");
    lines = stdout.trim().split("\n");
  });

  /** What is said of a file with these lines, by a process that has no database. */
  async function verifiedFile(content: readonly string[], ...options: string[]) {
    const elsewhere = tempDir();
    const file = join(elsewhere, "export.jsonl");
    writeFileSync(file, `${content.join("\n")}\n`);
    const said = await verified(join(elsewhere, "home"), "--file", file, ...options);
    return said;
  }

  it("prints every entry with its hashes, and can be verified without the database", async () => {
    expect(lines).toHaveLength(ENTRIES + 1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      tenant: "default",
      seq: 1,
      event: "proposal.opened",
      detail: { proposal: "prop_0" },
    });
    expect(await verifiedFile(lines)).toMatchObject({ status: 0, tenant: "default", entries: ENTRIES, fault: null });
  });

  it.each<[what: string, change: (lines: string[]) => string[], seq: number, kind: string]>([
    ["an altered field", (all) => all.with(9, (all[9] ?? "").replace("alice", "mallory")), 10, "altered"],
    ["altered data", (all) => all.with(9, (all[9] ?? "").replace("SG001", "SG002")), 10, "altered"],
    ["a line that is gone", (all) => all.toSpliced(9, 1), 10, "missing"],
    ["lines in another order", (all) => all.with(9, all[10] ?? "").with(10, all[9] ?? ""), 10, "missing"],
    ["a line twice", (all) => all.toSpliced(10, 0, all[9] ?? ""), 10, "out_of_order"],
    ["a beginning that is gone", (all) => all.slice(5), 1, "missing"],
    ["an end that is gone", (all) => all.slice(0, -3), ENTRIES - 1, "truncated"],
    ["an end that is gone but for its last line", (all) => all.toSpliced(-4, 3), ENTRIES - 2, "truncated"],
    ["another end", (all) => all.with(-1, (all.at(-1) ?? "").replace(/[0-9a-f]{64}/, "0".repeat(64))), ENTRIES, "head"],
    ["a line that is none", (all) => all.with(9, "{"), 10, "unreadable"],
    [
      "a line of another tenant",
      (all) => all.with(9, (all[9] ?? "").replace('"default"', '"other"')),
      10,
      "unreadable",
    ],
    ["an empty file", () => [], 1, "truncated"],
  ])("finds %s", async (_what, change, seq, kind) => {
    expect(await verifiedFile(change(lines))).toMatchObject({ status: 10, fault: { seq, kind } });
  });

  it("prints a part, which is verified within itself, and against anchors that are in it", async () => {
    const { stdout } = await holdpoint(home, "audit", "export", "--from", "1200", "--to", "2300");
    const part = stdout.trim().split("\n");
    expect(part).toHaveLength(1102);
    const anchors = join(tempDir(), "anchors.jsonl");
    const { hash } = JSON.parse(lines[1999] ?? "");
    const anchor = (seq: number, of: string) =>
      `${JSON.stringify({ tenant: "default", seq, hash: of, at: "2026-11-01T10:00:00.000Z" })}\n`;
    writeFileSync(anchors, anchor(2000, hash) + anchor(3, hash));
    expect(await verifiedFile(part, "--anchor", anchors)).toMatchObject({ status: 0, entries: 1101, anchors: 1 });
    writeFileSync(anchors, anchor(2000, "1".repeat(64)));
    expect(await verifiedFile(part, "--anchor", anchors)).toMatchObject({ fault: { seq: 2000, kind: "rewritten" } });
    expect(await verifiedFile(part.slice(1))).toMatchObject({ fault: { seq: 1200, kind: "missing" } });
  });

  it.each(["0", "-1", "x", "1.5"])("refuses to begin at %s", async (from) => {
    expect(await holdpoint(home, "audit", "export", "--from", from)).toMatchObject({ status: 2, stdout: "" });
  });
});
