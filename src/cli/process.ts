/** The command line as a process: its streams, its signals, its memory, what it says at its end. */
import { useLittleMemory } from "./memory.ts";

useLittleMemory({ forLong: process.argv.includes("serve") });
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
const lost = await tracing.end();
if (lost !== undefined) process.stderr.write(`${lost}\n`);
// A question that was left open would keep the process waiting for input.
if (stop.signal.aborted) process.exit();
