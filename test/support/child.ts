import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runCli } from "../../src/cli/run-cli.ts";
import { bareEnvironment } from "./environment.ts";

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a TypeScript file of this project in a process of its own. `script` is a path from the project's root. */
export function spawnScript(
  script: string,
  args: readonly string[],
  options: { env?: Record<string, string>; uid?: number } = {},
): { process: ChildProcess; ended: Promise<Ended> } {
  const env = { ...bareEnvironment(), NO_COLOR: "1", ...options.env };
  const child = spawn(process.execPath, [script, ...args], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
  return { process: child, ended };
}

/** Runs the command line in a process of its own, without a terminal, with its databases in `home`. */
export async function holdpointProcess(home: string, ...args: string[]): Promise<Ended> {
  return await spawnScript("src/cli/main.js", args, { env: { HOLDPOINT_HOME: home } }).ended;
}

type Place = string | { home: string; environment?: Record<string, string> };

/** Runs the command line in this process, without a terminal, with its databases in a home folder. */
export async function holdpoint(place: Place, ...args: string[]): Promise<Ended> {
  const { home, environment = {} } = typeof place === "string" ? { home: place } : place;
  let stdout = "";
  let stderr = "";
  const status = await runCli(args, {
    environment: { HOLDPOINT_HOME: home, ...environment },
    interactive: false,
    write: (text) => {
      stdout += text;
    },
    writeError: (text) => {
      stderr += text;
    },
  });
  return { status, stdout, stderr };
}
