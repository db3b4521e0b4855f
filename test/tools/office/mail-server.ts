/** A real mail server in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { tempDir } from "../../support/temp.ts";

export const PASSWORD = "s3cret-pass";

/**
 * `refuses` every recipient; says that the mailbox is `full` once it has the text; `dies` when it has taken the mail;
 * `fine` refuses only nobody@.
 */
type Behaviour = "fine" | "refuses" | "full" | "dies";

/** Starts it; it ends with the test. */
export async function startMailServer(behaviour: Behaviour = "fine") {
  const folder = tempDir();
  const script = fileURLToPath(new URL("smtp-server-script.ts", import.meta.url));
  const child = spawn(process.execPath, [script, folder, behaviour], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  const [said] = await once(child.stdout, "data");
  const port = Number(String(said).trim());
  return {
    port,
    url: `smtp://office:${PASSWORD}@127.0.0.1:${port}`,
    /** The mails that it took. */
    taken: () => readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8")),
    stop: async () => {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
