import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, type ThreadState } from "@langchain/langgraph-sdk";
import { afterAll, beforeAll } from "vitest";
import type { Question } from "../../src/nodes/question.ts";
import type { State } from "../../src/state.ts";
import { bareEnvironment } from "./environment.ts";
import { createNotebook, type Notebook } from "./notebook.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const GRAPHS = { agent: "src/graph/index.ts", trial: "test/support/scripts/trial-graph.ts" };
/** In milliseconds, on a busy machine. */
const PATIENCE_MS = 120_000;

/** A value of the state, with what is asked when the thread waits. */
export type Values = State & { __interrupt__?: Asked[] };
export interface Asked {
  id: string;
  value: Question;
  response_schema: { anyOf: Record<string, unknown>[] };
}

/**
 * The local Agent Server as `npm run dev` starts it, in processes of its own and in a folder of its own, with the
 * project's graph as `agent` and that of trial-graph.ts as `trial`.
 */
export class AgentServer {
  readonly folder = mkdtempSync(join(tmpdir(), "holdpoint-server-"));
  readonly home = join(this.folder, "home");
  /** What the actions of `trial` really did. */
  readonly notebook: Notebook = createNotebook(join(this.home, "trial"));
  url = "";
  log = "";
  client = new Client();
  readonly #env: Record<string, string>;
  #process: ChildProcess | undefined;

  constructor(env: Record<string, string> = {}) {
    this.#env = { ...bareEnvironment(), HOLDPOINT_HOME: this.home, ...env };
  }

  /** Starts it, with or without authentication, and waits until it answers. */
  async start(graphs: Record<string, string> = GRAPHS, { auth = true }: { auth?: boolean } = {}): Promise<void> {
    const port = await findFreePort();
    const config = JSON.parse(readFileSync(join(root, "langgraph.json"), "utf8"));
    const paths = Object.entries(graphs).map(([id, path]) => [id, `${relative(this.folder, join(root, path))}:graph`]);
    config.graphs = Object.fromEntries(paths);
    config.auth = auth ? { ...config.auth, path: relative(this.folder, join(root, config.auth.path)) } : undefined;
    config.http.app = relative(this.folder, join(root, config.http.app));
    writeFileSync(join(this.folder, "langgraph.json"), JSON.stringify(config));
    this.log = "";
    this.url = `http://127.0.0.1:${port}`;
    this.client = new Client({ apiUrl: this.url, callerOptions: { maxRetries: 0 } });
    const child = spawn(
      process.execPath,
      ["scripts/dev.ts", "--no-reload", "--port", String(port), "--config", this.folder],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: this.#env },
    );
    const keep = (chunk: Buffer) => {
      this.log += chunk.toString();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    this.#process = child;
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`No server:\n${this.log}`);
      await sleep(100);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const { status } = await fetch(`${this.url}/ok`);
      return status === 200 || status === 401;
    } catch {
      return false;
    }
  }

  /** Stops it as Ctrl-C does, and returns its exit status. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    child.kill("SIGINT");
    return await new Promise((resolve) => child.once("exit", resolve));
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs the graph on a thread until it ends or waits. @throws the graph's error, or the server's refusal */
  async run(threadId: string, payload: Parameters<Client["runs"]["wait"]>[2], graph = "trial"): Promise<Values> {
    return (await this.client.runs.wait(threadId, graph, payload)) as unknown as Values;
  }

  /** Starts a request on a thread of its own, and returns that with what is asked. */
  async ask(request: string, graph = "trial"): Promise<{ threadId: string; asked: Asked }> {
    const { thread_id: threadId } = await this.client.threads.create();
    const { __interrupt__: interrupts = [] } = await this.run(threadId, { input: { request } }, graph);
    if (!interrupts[0]) throw new Error(`"${request}" did not ask:\n${this.log}`);
    return { threadId, asked: interrupts[0] };
  }

  async state(threadId: string): Promise<ThreadState<State>> {
    return await this.client.threads.getState<State>(threadId);
  }

  /** What a thread asks, or undefined. */
  async asked(threadId: string): Promise<Asked | undefined> {
    const { tasks } = await this.state(threadId);
    return tasks.flatMap((task) => task.interrupts)[0] as unknown as Asked | undefined;
  }

  /** The ids of the threads that wait for a person. */
  async waiting(): Promise<string[]> {
    const threads = await this.client.threads.search({ status: "interrupted", limit: 1000 });
    return threads.map((thread) => thread.thread_id);
  }

  /** How often each of the given texts was written into the notebook. */
  written(...texts: string[]): number[] {
    const lines = this.notebook.lines();
    return texts.map((text) => lines.filter((line) => line.text === text).length);
  }
}

/** A server for the tests of a file: started before the first, stopped after the last. */
export function useAgentServer(env: Record<string, string> = {}): AgentServer {
  const server = new AgentServer(env);
  beforeAll(() => server.start(), PATIENCE_MS);
  afterAll(() => server.remove(), PATIENCE_MS);
  return server;
}

async function findFreePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const holder = createServer().once("error", reject);
    holder.listen(0, "127.0.0.1", () => {
      const address = holder.address();
      holder.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
