/** Each action keeps the contract, by every way that it has; webhooks with a real receiver. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import { type ContractReport, checkContract } from "../../../src/tools/contract.ts";
import { newOperations } from "./support.ts";
import { QUICK, SECRET, startReceiver } from "./webhook-receiver.ts";

const NOTE = { title: "Stock count", text: "It begins at noon." };
const STAYS = ["It can be taken back, which leaves the target as it was: it is made good by something else"];

/** What is not kept of an action's promises, when all that can be seen is compared. */
async function lapses(name: string, given?: JsonObject): Promise<string[]> {
  const receiver = await startReceiver();
  const webhooks = {
    ops: { url: receiver.url, secret: SECRET },
    sales: { url: receiver.url, style: "slack" as const },
  };
  const { operations, home } = newOperations({ webhooks, delivery: QUICK });
  const outbox = () => {
    try {
      return readdirSync(join(home, "outbox"));
    } catch {
      return [];
    }
  };
  const action = operations.actions.find((one) => one.name === name);
  if (!action) throw new Error(`There is no ${name}.`);
  const snapshot = () => [operations.snapshot("default"), receiver.received, outbox()];
  const report: ContractReport = await checkContract(action, { args: given ?? action.example, snapshot });
  return report.checks
    .filter(({ outcome }) => outcome !== "kept")
    .map(({ promise, detail }) => `${promise}: ${detail}`);
}

describe("the contract is kept by", () => {
  it.each<[string, JsonObject | undefined, string[]]>([
    ["find_tasks", undefined, []],
    ["create_task", undefined, []],
    ["update_inventory", undefined, []],
    ["find_notifications", undefined, []],
    ["send_notification", { channel: "in_app", to: ["ann"], ...NOTE }, STAYS],
    ["send_notification", { channel: "email", to: ["ann@example.com"], ...NOTE }, STAYS],
    ["send_notification", { channel: "webhook", endpoint: "ops", ...NOTE }, STAYS],
    ["send_notification", { channel: "webhook", endpoint: "sales", ...NOTE }, STAYS],
    ["generate_report", { about: "stock", format: "html" }, STAYS],
    ["generate_report", { about: "transactions", groupBy: "day", format: "pdf" }, STAYS],
    ["generate_report", { about: "tasks", format: "csv" }, STAYS],
  ])("%s %j", async (name, args, expected) => {
    expect(await lapses(name, args)).toEqual(expected);
  });

  it("all that there are", () => {
    const names = newOperations().operations.actions.map(({ name }) => name);
    expect(names.toSorted()).toEqual([
      ...["create_task", "find_notifications", "find_tasks", "generate_report"],
      ...["send_notification", "update_inventory"],
    ]);
  });
});
