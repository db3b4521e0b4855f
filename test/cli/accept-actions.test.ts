/** Accepting tools of MCP servers from the command line. */
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, vi } from "vitest";
import { holdpoint } from "../support/child.ts";
import { tempDir } from "../support/temp.ts";
import { configFile, filesystemFile, programOf, scripted } from "../tools/mcp/support.ts";

it("shows what waits, lets an admin accept it, records it, and shows what has changed since", async () => {
  const home = tempDir();
  const file = configFile(scripted({ env: {} }));
  const place = { home, environment: { HOLDPOINT_MCP: file } };
  const listed = await holdpoint(place, "actions", "list");
  expect(listed.stdout).toContain("the MCP server odd");
  expect(listed.stdout).toContain("odd__ok: new\n  Does it well.");
  expect(listed.stdout).toMatch(/HOLDPOINT_MCP=\S+ .*actions accept --all/);

  await holdpoint(place, "members", "ada", "admin", "--as", "ada");
  await holdpoint(place, "members", "olga", "operator", "--as", "ada");
  expect(await holdpoint(place, "actions", "accept", "odd__ok", "--as", "olga")).toMatchObject({
    stderr: expect.stringContaining("This takes the role admin"),
  });
  const accepted = await holdpoint(place, "actions", "accept", "odd__ok", "--as", "ada");
  expect(accepted).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Accepted odd__ok: new\n {2}Does it well\.\n[\s\S]*from the next start on\.\n$/),
  });
  expect(accepted.stdout).toContain('  inputSchema: {"type":"object","properties":{"id":{"type":"string"}}}');
  const lock = readFileSync(join(dirname(file), "mcp.lock.json"), "utf8");
  expect(JSON.parse(lock)).toMatchObject({ servers: { odd: { ok: { acceptedBy: "ada", acceptedIn: "default" } } } });
  const audit = await holdpoint(place, "audit", "export", "--as", "ada");
  expect(audit.stdout).toContain("tools.accepted");

  writeFileSync(file, JSON.stringify(scripted({ env: { DESCRIPTION: "Does it badly." } })));
  const changed = await holdpoint(place, "actions", "list", "--as", "olga");
  expect(changed.stdout).toContain('odd__ok: changed\n  description: "Does it well." -> "Does it badly."');
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

it("is for admins of the operating tenant alone, and says when there is nothing to accept", async () => {
  const file = configFile(scripted({ env: {} }));
  const place = { home: tempDir(), environment: { HOLDPOINT_MCP: file } };
  const other = await holdpoint(place, "actions", "accept", "--all", "--tenant", "other");
  expect(other.status).not.toBe(0);
  expect(other.stderr).toContain('An admin of the tenant "default" may.');
  expect(existsSync(join(dirname(file), "mcp.lock.json"))).toBe(false);
  expect(await holdpoint(tempDir(), "actions", "accept", "--all")).toMatchObject({
    stdout: "No MCP servers are configured: set HOLDPOINT_MCP.\n",
  });
});

it("tries an accepted tool on the servers of a file that stand in for the real ones", async () => {
  const folder = realpathSync(tempDir());
  mkdirSync(join(folder, "scratch"));
  writeFileSync(join(folder, "scratch", "a.txt"), "one\n");
  const real = filesystemFile(folder);
  const program = ["args", JSON.stringify([programOf("filesystem"), join(folder, "scratch")])].join(": ");
  const scratch = join(folder, "scratch.yaml");
  writeFileSync(scratch, readFileSync(real, "utf8").replace(/args: \["[^"]*", "[^"]*"\]/, program));
  const place = { home: tempDir(), environment: { HOLDPOINT_MCP: real } };
  const test = (...words: string[]) => holdpoint(place, "actions", "test", "files__write_file", ...words);
  vi.stubEnv("FILES_ROOT", folder);
  await holdpoint(place, "actions", "accept", "--all");
  const shown = (await holdpoint(place, "actions", "show", "files__write_file")).stdout;
  for (const part of ["declared:", '"undo": {', '"tool": "write_file"', '"summary": "Wrote ${args.path}."']) {
    expect(shown).toContain(part);
  }
  expect(await test()).toMatchObject({ status: 2, stderr: expect.stringContaining("--against mcp.yaml") });
  const args = JSON.stringify({ path: join(folder, "scratch", "a.txt"), content: "two\n" });
  const tried = await test("--against", scratch, "--args", args);
  expect(tried).toMatchObject({ status: 0, stdout: expect.stringMatching(/kept +│ It changes as many rows/) });
  expect(readFileSync(join(folder, "scratch", "a.txt"), "utf8")).toBe("one\n");
  const outside = JSON.stringify({ path: join(folder, "scratch.yaml"), content: "two\n" });
  expect((await test("--against", scratch, "--args", outside)).status).toBe(5);
});
