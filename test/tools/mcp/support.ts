/** MCP servers for tests: the real ones from npm, and hostile ones of our own. */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { Action, ActionContext, AnyRead, AnyWrite } from "../../../src/tools/action.ts";
import { connectMcp, type McpConnection, type McpOptions } from "../../../src/tools/mcp/index.ts";
import { readmeExample } from "../../support/readme.ts";
import { tempDir } from "../../support/temp.ts";

/** The program of a server from npm, as `npx` would find it. */
export function programOf(name: string): string {
  const packageFile = createRequire(import.meta.url).resolve(`@modelcontextprotocol/server-${name}/package.json`);
  return join(dirname(packageFile), "dist/index.js");
}

/** The declaration of docs/mcp.md, with the server from npm in place of `npx`. */
export function filesystemFile(root: string): string {
  const yaml = readmeExample("filesystem", { file: "docs/mcp.md", language: "yaml" });
  const file = join(root, "mcp.yaml");
  writeFileSync(
    file,
    yaml
      .replace("command: npx", `command: ${process.execPath}`)
      .replace(/args: \["-y", "@modelcontextprotocol.*\n/, `args: ["${programOf("filesystem")}", "\${FILES_ROOT}"]\n`),
  );
  return file;
}

/** Writes a file of servers. */
export function configFile(content: object): string {
  const file = join(tempDir(), "mcp.json");
  writeFileSync(file, JSON.stringify(content, null, 1));
  return file;
}

/** Opens the servers after an admin has accepted all that they offer. */
export async function connectAccepted(options: McpOptions): Promise<McpConnection> {
  const first = await connectMcp({ log: () => undefined, ...options });
  const { tools } = await first.waiting();
  first.accept(tools, { principal: "ada", at: "2026-11-22T10:00:00.000Z" });
  await first.close();
  return await connect(options);
}

export async function connect(options: McpOptions): Promise<McpConnection> {
  const mcp = await connectMcp({ log: () => undefined, ...options });
  onTestFinished(() => mcp.close());
  return mcp;
}

/** The scripted server, with its parts as an operator would declare them. */
export function scripted(server: object = {}, settings: object = {}): { mcpServers: object; holdpoint: object } {
  const program = fileURLToPath(new URL("scripted-server.ts", import.meta.url));
  const start = { command: process.execPath, args: [program], ...server };
  return { mcpServers: { odd: start }, holdpoint: { odd: settings } };
}

export function actionIn({ actions }: { readonly actions: readonly Action[] }, name: string): Action {
  const found = actions.find((action) => action.name === name);
  if (!found) throw new Error(`There is no ${name} among ${actions.map((action) => action.name).join(", ")}.`);
  return found;
}

export const context = (signal: AbortSignal = new AbortController().signal): ActionContext => ({
  ...{ tenant: "acme", principal: "alice", idempotencyKey: "key_1", now: "2026-11-22T10:00:00.000Z", signal },
});

/** What came of a call: its output, "nothing happened", or "nobody knows". */
export async function outcomeOf(
  action: Action,
  args: JsonObject = {},
  signal?: AbortSignal,
): Promise<{ output?: unknown; failed?: string; unknown?: string }> {
  try {
    const at = context(signal);
    if (action.kind === "read") return { output: await (action as AnyRead).run(args, at) };
    return { output: (await (action as AnyWrite).run(args, at)).output };
  } catch (error) {
    const { name, message } = error as Error;
    return name === "ActionFailure" ? { failed: message } : { unknown: message };
  }
}
