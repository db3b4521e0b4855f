/** One file of servers, for Holdpoint and for LangChain's adapters. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MultiServerMCPClient } from "@langchain/mcp-adapters";
import { expect, it, onTestFinished } from "vitest";
import { tempDir } from "../../support/temp.ts";
import { actionIn, configFile, connectAccepted, outcomeOf, programOf } from "./support.ts";

it("names servers as LangChain's adapters do, and the same file works with them", async () => {
  const folder = tempDir();
  const memory = join(folder, "memory.jsonl");
  const content = {
    mcpServers: {
      memory: {
        ...{ transport: "stdio", command: process.execPath, args: [programOf("memory")] },
        env: { MEMORY_FILE_PATH: memory },
      },
      everything: { transport: "stdio", command: process.execPath, args: [programOf("everything"), "stdio"] },
    },
    holdpoint: {
      memory: {
        actions: {
          create_entities: {
            undo: { tool: "delete_entities", args: { entityNames: ["${args.entities.0.name}"] } },
            reversibility: "compensatable",
          },
          read_graph: { kind: "read" },
        },
      },
    },
  };
  const file = configFile(content);
  const mcp = await connectAccepted({ file });
  const create = actionIn(mcp, "memory__create_entities");
  expect(create).toMatchObject({ kind: "write", reversibility: "compensatable", idempotent: false });
  const entities = [{ name: "Ada", entityType: "person", observations: ["likes numbers"] }];
  expect(await outcomeOf(create, { entities })).toEqual({ output: { entities } });
  expect(readFileSync(memory, "utf8")).toContain("likes numbers");
  expect(await outcomeOf(actionIn(mcp, "memory__read_graph"))).toEqual({ output: { entities, relations: [] } });
  expect(await outcomeOf(actionIn(mcp, "everything__echo"), { message: "hi" })).toEqual({
    output: { text: "Echo: hi" },
  });
  await mcp.close();

  const { mcpServers } = JSON.parse(readFileSync(file, "utf8"));
  const client = new MultiServerMCPClient({ mcpServers, prefixToolNameWithServerName: true });
  onTestFinished(() => client.close());
  const names = (await client.getTools()).map(({ name }) => name);
  expect(names).toContain("memory__create_entities");
  expect(names).toContain("everything__echo");
  expect(mcp.actions.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  expect(existsSync(memory)).toBe(true);
});
