import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import SlowestFirst from "./scripts/slowest-first.ts";
import { folderInMemory } from "./scripts/test-folder.ts";

// For the workers and the processes that they start. Compiled code is kept from run to run.
const folder = folderInMemory();
if (folder) process.env.TMPDIR = folder;
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url));

export default defineConfig({
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    pool: "forks", // child processes, file locks and signals behave as they do in production
    isolate: false, // files share what they import: no module keeps state, and loading it took a third of the time
    maxWorkers: 3, // on two cores: much of the time is waiting for other processes
    testTimeout: 30_000, // milliseconds, as is the next
    hookTimeout: 30_000,
    globalSetup: "./scripts/test-folder.ts",
    sequence: { sequencer: SlowestFirst },
    reporters: ["default", "./scripts/skipped-reporter.ts"],
    update: process.env.CI ? "none" : "new", // in CI a missing snapshot fails instead of being written
  },
});
