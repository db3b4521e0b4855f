/** What a server did before it died is never said to have failed, whatever is heard of it afterwards. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { AnyWrite } from "../../../src/tools/action.ts";
import { answerThread } from "../../../src/work/answer.ts";
import { startRequest } from "../../../src/work/threads.ts";
import { alice, approveAll, openTestRuntime } from "../../support/runtime.ts";
import { tempDir } from "../../support/temp.ts";
import { actionIn, configFile, connectAccepted, context } from "./support.ts";

const program = fileURLToPath(new URL("tickets-server.ts", import.meta.url));

async function openTickets(create: object) {
  const tickets = join(tempDir(), "tickets.json");
  const server = { command: process.execPath, args: [program], env: { TICKETS: tickets } };
  const declared = { kind: "write", idempotent: { argument: "request_id" }, ...create };
  const file = configFile({ mcpServers: { s: server }, holdpoint: { s: { actions: { create: declared } } } });
  const mcp = await connectAccepted({ file });
  const make = async (title: string) => {
    const plans = { go: [{ id: "s1", action: "s__create", args: { title } }] };
    const runtime = await openTestRuntime({ actions: mcp.actions, plans });
    const asked = await startRequest(runtime, alice, { request: "go" });
    const done = await answerThread(runtime, alice, asked.threadId, approveAll);
    return { done, kept: Object.values(JSON.parse(readFileSync(tickets, "utf8")) as object) };
  };
  return { make, action: actionIn(mcp, "s__create") as AnyWrite };
}

it("a repeat that finds what the first call made leaves it to a person", async () => {
  const row = { text: { $ref: "output.text" } };
  const read = { tool: "get", args: { title: { $ref: "args.title" } }, row, absent: ["^No such"] };
  const ticket = { table: "ticket", key: "${args.title}", only: "new", read, after: { text: { $ref: "args.title" } } };
  const { make } = await openTickets({ changes: { ticket } });
  const { done, kept } = await make("T1");
  expect(kept).toEqual(["T1"]);
  expect(done.effects).toMatchObject([{ status: "uncertain" }]);
});

it("a look-up tells that nothing is there by errors and declared places, never by what was found", async () => {
  const { make, action } = await openTickets({
    lookup: {
      ...{ tool: "find", args: { request_id: { $ref: "key" } }, absent: ["not found"] },
      ...{ absentWhen: { $ref: "output.ticket" }, output: { text: { $ref: "output.ticket.title" } } },
    },
  });
  expect(await action.lookup?.("another", context())).toBeUndefined();
  const { done, kept } = await make("Page not found on the shop");
  expect(kept).toEqual(["Page not found on the shop"]);
  expect(done.effects).toMatchObject([{ status: "succeeded", attempts: 1 }]);
});
