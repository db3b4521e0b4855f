import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    pool: "forks", // child processes, file locks and signals behave as they do in production
    maxWorkers: 3, // on two cores: much of the time is waiting for other processes
    testTimeout: 30_000, // milliseconds, as is the next
    hookTimeout: 30_000,
    reporters: ["default", "./scripts/skipped-reporter.ts"],
    update: process.env.CI ? "none" : "new", // in CI a missing snapshot fails instead of being written
  },
});
