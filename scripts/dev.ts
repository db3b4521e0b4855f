/**
 * Starts the local Agent Server, the back end of LangGraph Studio: for this machine only, without a browser, without
 * usage statistics. Further words go to `langgraphjs dev`, and win: `npm run dev -- --port 3000`.
 *
 * The server gets one signal, from here, and time to store its threads. In the terminal's process group Ctrl-C would
 * reach each of its processes, some of them twice, and end it before anything is stored.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** How long the server may take to end, in milliseconds. */
const PATIENCE_MS = 10_000;

const pathOf = (specifier: string) => fileURLToPath(import.meta.resolve(specifier));
const cli = pathOf("@langchain/langgraph-cli/dist/cli/cli.mjs");
const server = spawn(process.execPath, [cli, "dev", "--no-browser", "--host", "127.0.0.1", ...process.argv.slice(2)], {
  detached: true,
  stdio: ["ignore", "inherit", "inherit"],
  env: {
    ...process.env,
    LANGGRAPH_CLI_NO_ANALYTICS: "1",
    LANGGRAPH_NODE_LOADER: pathOf("./agent-server-preload.ts"),
  },
});
server.on("exit", (status) => {
  process.exitCode ??= status ?? 1;
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    process.exitCode = 128 + constants.signals[signal];
    void stop();
  });
}

async function stop(): Promise<void> {
  server.kill("SIGTERM");
  const deadline = Date.now() + PATIENCE_MS;
  while (signalAll(0) && Date.now() < deadline) await sleep(50);
  signalAll("SIGKILL");
}

/** Sends a signal to every process of the server. @returns false when none of them lives */
function signalAll(signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-(server.pid ?? Number.NaN), signal);
  } catch {
    return false;
  }
}
