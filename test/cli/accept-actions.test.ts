/** Accepting tools of MCP servers from the command line. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { holdpoint } from "../support/child.ts";
import { tempDir } from "../support/temp.ts";
import { configFile, scripted } from "../tools/mcp/support.ts";

it("shows what waits, lets an admin accept it, records it, and shows what has changed since", async () => {
  const home = tempDir();
  const file = configFile(scripted({ env: {} }));
  const place = { home, environment: { HOLDPOINT_MCP: file } };
  const listed = await holdpoint(place, "actions", "list");
  expect(listed.stdout).toContain("the MCP server odd");
  expect(listed.stdout).toContain("odd__ok: new\n  Does it well.");
  expect(listed.stdout).toContain("actions accept --all");

  await holdpoint(place, "members", "ada", "admin", "--as", "ada");
  await holdpoint(place, "members", "olga", "operator", "--as", "ada");
  expect(await holdpoint(place, "actions", "accept", "odd__ok", "--as", "olga")).toMatchObject({
    stderr: expect.stringContaining("This takes the role admin"),
  });
  const accepted = await holdpoint(place, "actions", "accept", "odd__ok", "--as", "ada");
  expect(accepted).toMatchObject({ status: 0, stdout: "Accepted odd__ok: new\n  Does it well.\n" });
  const lock = readFileSync(join(dirname(file), "mcp.lock.json"), "utf8");
  expect(JSON.parse(lock)).toMatchObject({ servers: { odd: { ok: { acceptedBy: "ada" } } } });
  const audit = await holdpoint(place, "audit", "export", "--as", "ada");
  expect(audit.stdout).toContain("tools.accepted");

  writeFileSync(file, JSON.stringify(scripted({ env: { DESCRIPTION: "Does it badly." } })));
  const changed = await holdpoint(place, "actions", "list", "--as", "olga");
  expect(changed.stdout).toContain("odd__ok: changed\n  description - Does it well.\n  description + Does it badly.");
  const all = await holdpoint(place, "actions", "accept", "--all", "--as", "ada");
  expect(all.stdout).toContain("Accepted odd__ok: changed");
  expect((await holdpoint(place, "actions", "accept", "--all", "--as", "ada")).stdout).toBe(
    "Nothing waits to be accepted.\n",
  );
  expect(await holdpoint(place, "actions", "accept", "--as", "ada")).toMatchObject({ status: 2 });
  expect(await holdpoint(place, "actions", "accept", "none", "--as", "ada")).toMatchObject({
    stderr: expect.stringContaining('No action "none" waits'),
  });
});
