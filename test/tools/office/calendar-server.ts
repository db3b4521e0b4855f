/** A real CalDAV server: Debian's radicale, where it is installed. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { tempDir } from "../../support/temp.ts";

export const hasRadicale = spawnSync("radicale", ["--version"]).status === 0;
export const PASSWORD = "s3cret-pass";

/** Starts it with an empty calendar of the user "office"; it ends with the test. */
export async function startCalendarServer() {
  const folder = tempDir();
  const users = join(folder, "users");
  writeFileSync(users, `office:${PASSWORD}\n`);
  const port = await freePort();
  const options = [
    ...["--config", "", "--server-hosts", `127.0.0.1:${port}`, "--auth-type", "htpasswd"],
    ...["--auth-htpasswd-filename", users, "--auth-htpasswd-encryption", "plain"],
    ...["--storage-filesystem-folder", join(folder, "collections"), "--logging-level", "critical"],
  ];
  const child = spawn("radicale", options, { stdio: "ignore" });
  onTestFinished(() => void child.kill());
  const url = `http://127.0.0.1:${port}/office/work/`;
  const request = async (method: string, path = "", body?: string, headers: Record<string, string> = {}) => {
    const authorization = `Basic ${Buffer.from(`office:${PASSWORD}`).toString("base64")}`;
    return await fetch(`${url}${path}`, { method, headers: { authorization, ...headers }, ...(body ? { body } : {}) });
  };
  await untilItAnswers(() => request("MKCALENDAR"));
  return {
    url: url.replace("//", `//office:${PASSWORD}@`),
    /** What somebody else puts there, or finds there. */
    put: async (name: string, ics: string) => {
      const response = await request("PUT", `${name}.ics`, ics.replace(/\r?\n/g, "\r\n"), {
        "content-type": "text/calendar",
      });
      if (!response.ok) throw new Error(`The server did not take ${name}: ${response.status}`);
    },
    get: async (name: string) => await (await request("GET", `${encodeURIComponent(name)}.ics`)).text(),
    remove: async (name: string) => await request("DELETE", `${encodeURIComponent(name)}.ics`),
    /** An empty calendar in place of this one. */
    clear: async () => {
      await request("DELETE");
      await request("MKCALENDAR");
    },
    /** A further calendar of the same user. */
    make: async (name: string) => {
      const response = await request("MKCALENDAR", `../${name}/`);
      if (!response.ok) throw new Error(`The server did not make ${name}: ${response.status}`);
    },
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

async function untilItAnswers(ask: () => Promise<Response>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const response = await ask().catch(() => undefined);
    if (response?.ok) return;
    if (tries > 200) throw new Error(`radicale does not answer: ${response?.status}`);
    await sleep(100);
  }
}
