#!/usr/bin/env node
/** The command-line program. What it imports is compiled once and kept, which takes a third off every later start. */
import nodeModule from "node:module";
import { setFlagsFromString } from "node:v8";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(`holdpoint: Node ${process.versions.node} is too old: Node 22.13 or later is needed.\n`);
  process.exit(2);
}
nodeModule.enableCompileCache();
// V8 would take 130 MB more for young objects, to be quicker in a process that works for long.
setFlagsFromString("--semi-space-growth-factor=1");
// A server lives for long: without this V8 lets its heap grow by half as much again before it collects.
if (process.argv.includes("serve")) setFlagsFromString("--optimize-for-size");
const { config: loadDotenv } = await import("dotenv");
const { runCli } = await import("./run-cli.ts");
const { startTracing } = await import("./tracing.ts");
const { stopOnSignals } = await import("../work/stop.ts");

loadDotenv({ quiet: true });
// Whoever reads along may stop at any time, as `head` does: no reason to fail.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exitCode = 1;
  });
}
const stop = stopOnSignals();
const tracing = await startTracing(process.env);
if (tracing.problem !== undefined) process.stderr.write(`${tracing.problem}\n`);
process.exitCode = await runCli(process.argv.slice(2), {
  environment: process.env,
  stop,
  interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
  screen: process.stderr,
  write: (text) => void process.stdout.write(text),
  drained: async () => {
    if (!process.stdout.writableNeedDrain) return;
    await new Promise((resolve) => process.stdout.once("drain", resolve).once("close", resolve).once("error", resolve));
  },
  writeError: (text) => void process.stderr.write(text),
});
await tracing.end();
// A question that was left open would keep the process waiting for input.
if (stop.signal.aborted) process.exit();
