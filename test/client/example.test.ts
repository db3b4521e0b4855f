/** The example of docs/client.md, as it stands. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { spawnScript } from "../support/child.ts";
import { readmeExample } from "../support/readme.ts";
import { serveProcess } from "../support/server-process.ts";
import { tempDir } from "../support/temp.ts";

it("starts a run, decides, listens, and is told what went wrong", async () => {
  const server = await serveProcess(tempDir());
  onTestFinished(() => server.end("SIGTERM"));
  const script = join(tempDir(), "example.ts");
  const own = JSON.stringify(pathToFileURL("src/client/index.ts").href);
  writeFileSync(script, readmeExample("client", { file: "docs/client.md" }).replace('"holdpoint/client"', own));
  const { status, stdout, stderr } = await spawnScript(script, [], { env: { HOLDPOINT_URL: server.url } }).ended;
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^s1: Take back 2 × Aviator\n/);
  expect(stdout).toContain("effect.succeeded\n");
  expect(stdout).toContain("It ended: success.\n");
  expect(stdout).toContain("not_paused: ");
  expect(status).toBe(0);
});
