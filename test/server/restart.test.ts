/** The server as a process of its own: what paused and running runs are after it was killed. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { bareEnvironment } from "../support/environment.ts";
import { readmeExample } from "../support/readme.ts";
import { BUY } from "../support/server.ts";
import { tempDir } from "../support/temp.ts";

async function startProcess(home: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["src/cli/main.js", "serve", "--dev", "--port", "0", "--json"], {
    env: { ...bareEnvironment(), HOLDPOINT_HOME: home, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [chunk] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [Buffer];
  const { url } = JSON.parse(String(chunk)) as { url: string };
  const send = async (line: string, body?: object) => {
    const [method = "GET", path] = line.split(" ");
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${url}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    // biome-ignore lint/suspicious/noExplicitAny: JSON of any form
    return { status: answer.status, body: (await answer.json()) as any };
  };
  const end = async (signal: NodeJS.Signals) => {
    const ended = once(child, "exit");
    child.kill(signal);
    const [status] = (await ended) as [number | null];
    return { status, stderr };
  };
  return { url, send, end };
}

describe("a server that is killed", () => {
  it("has everything again when it is started: what waits is decided, and once", async () => {
    const home = tempDir();
    const first = await startProcess(home);
    const waiting = (await first.send("POST /api/v1/runs", { request: BUY })).body;
    const done = (await first.send("POST /api/v1/runs", { request: BUY })).body;
    await first.send(`POST /api/v1/actions/executions/${done.question.proposalId}:s1/approve`);
    await first.end("SIGKILL");
    const second = await startProcess(home);
    const { items } = (await second.send("GET /api/v1/actions/approvals")).body;
    expect(items.map(({ proposalId }: { proposalId: string }) => proposalId)).toEqual([waiting.question.proposalId]);
    expect((await second.send(`GET /api/v1/runs/${done.run.id}`)).body.run.answer.status).toBe("success");
    const decided = await second.send(`POST /api/v1/actions/executions/${waiting.question.proposalId}:s1/approve`);
    expect(decided.body.run.answer.text).toContain("19 left in stock");
    const ended = await second.end("SIGTERM");
    expect(ended.status).toBe(0);
    const logged = ended.stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(logged.every(({ level, msg }) => level === "info" && ["answered", "a run ended"].includes(msg))).toBe(true);
  });

  it("in the middle of a decision does it once, whether it had begun or not", async () => {
    const home = tempDir();
    const first = await startProcess(home);
    const asked: { question: { proposalId: string }; run: { id: string } }[] = [];
    for (let index = 0; index < 4; index++)
      asked.push((await first.send("POST /api/v1/runs", { request: "Buy 1 aviator." })).body);
    const path = ({ question }: (typeof asked)[number]) =>
      `POST /api/v1/actions/executions/${question.proposalId}:s1/approve`;
    const answers = asked.map((one) => first.send(path(one)).catch(() => undefined));
    await answers[0];
    await first.end("SIGKILL");
    await Promise.all(answers);
    const second = await startProcess(home);
    const status = async (id: string) => (await second.send(`GET /api/v1/runs/${id}`)).body.run;
    for (const one of asked) {
      if ((await status(one.run.id)).status === "waiting") await second.send(path(one));
      else if ((await status(one.run.id)).status === "running")
        await second.send(`POST /api/v1/runs/${one.run.id}/resume`, {});
    }
    for (const one of asked)
      await expect.poll(async () => (await status(one.run.id)).answer?.status, { timeout: 60_000 }).toBe("success");
    const stock = (await second.send("POST /api/v1/runs", { request: "Do you have any aviator in stock?" })).body;
    expect(stock.run.answer.text).toContain("19");
    await second.end("SIGTERM");
  }, 120_000);
});

describe("the README", () => {
  it("serves, asks, lists and approves as it says", async () => {
    const [start, ...lines] = readmeExample("server", { language: "sh" }).trim().split("\n");
    expect(start).toMatch(/^npm start -- serve --dev/);
    const server = await startProcess(tempDir());
    let id = "";
    const said: string[] = [];
    for (const line of lines) {
      const command = line.replaceAll("localhost:8787", new URL(server.url).host).replace("<id>", id);
      const { stdout } = await promisify(execFile)("bash", ["-c", command]);
      said.push(stdout);
      id = JSON.parse(stdout).items?.[0]?.id ?? id;
    }
    expect(said).toHaveLength(3);
    expect(JSON.parse(said[0] ?? "").run.status).toBe("waiting");
    expect(JSON.parse(said[2] ?? "").run.answer).toMatchObject({
      status: "success",
      text: expect.stringContaining("25"),
    });
    await server.end("SIGTERM");
  });
});

describe("serve", () => {
  it.each([
    [["--dev", "--host", "0.0.0.0"], "--dev serves this machine only"],
    [["--dev", "--port", "99999"], "no port"],
    [[], "there is no key"],
  ])("refuses %j", async (words, why) => {
    const { holdpointProcess } = await import("../support/child.ts");
    const { status, stderr } = await holdpointProcess(tempDir(), "serve", ...words);
    expect(status).toBe(2);
    expect(stderr).toContain(why);
  });
});
