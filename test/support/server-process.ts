/** `holdpoint serve` as a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { bareEnvironment } from "./environment.ts";

export interface ServerProcess {
  readonly url: string;
  /** Ends it, and waits until it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Serves whoever calls, on a port of this machine; it is the caller's to end it. */
export async function serveProcess(
  home: string,
  { port = 0, env = {} }: { port?: number; env?: Record<string, string> } = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, ["src/cli/main.js", "serve", "--dev", "--port", String(port), "--json"], {
    env: { ...bareEnvironment(), HOLDPOINT_HOME: home, HOLDPOINT_LOG: "silent", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [chunk] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [Buffer];
  const { url } = JSON.parse(String(chunk)) as { url: string };
  const ended = once(child, "exit");
  return {
    url,
    end: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}
