/** The server as a process of its own, as `holdpoint serve --dev` starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

export interface ServerProcess {
  readonly url: string;
  /** From the start of the process to the moment that it took requests, in milliseconds. */
  readonly startedIn: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any form
  send(line: string, body?: object): Promise<any>;
  /** What the process holds in memory, in bytes. */
  resident(): number;
  stop(): Promise<void>;
}

export async function startServer(home: string): Promise<ServerProcess> {
  const begun = performance.now();
  const words = ["src/cli/main.js", "serve", "--dev", "--port", "0", "--json"];
  const environment = { HOLDPOINT_HOME: home, HOLDPOINT_REQUESTS_PER_MINUTE: "9999999", HOLDPOINT_LOG: "error" };
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, words, {
    env: { PATH, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  const [chunk] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [Buffer | number];
  if (typeof chunk === "number") throw new Error(`The server ended with ${chunk}.`);
  const { url } = JSON.parse(String(chunk)) as { url: string };
  const startedIn = performance.now() - begun;
  return {
    ...{ url, startedIn },
    send: async (line, body) => {
      const [method = "GET", path] = line.split(" ");
      const headers = { "content-type": "application/json" };
      const sent = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
      const answer = await fetch(`${url}${path}`, sent);
      if (!answer.ok) throw new Error(`${line} answered ${answer.status}: ${await answer.text()}`);
      return await answer.json();
    },
    resident: () => residentOf(child),
    stop: async () => {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

function residentOf({ pid }: ChildProcess): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
