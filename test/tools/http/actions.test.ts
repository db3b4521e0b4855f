/** HTTP actions against a real tracker: what they send, what they say, and the promises that they keep. */
import { describe, expect, it } from "vitest";
import { checkContract } from "../../../src/tools/contract.ts";
import { httpActions } from "../../../src/tools/http/index.ts";
import { CREATE, FIND, folderWith, newTracker, RENAME, TOKEN } from "./tracker.ts";

async function newActions() {
  const tracker = await newTracker();
  const path = folderWith({
    "create.yaml": CREATE(tracker.host),
    "rename.yaml": RENAME(tracker.host),
    "find.yml": FIND(tracker.host),
  });
  const actions = httpActions({ path, secrets: () => TOKEN, localHosts: [tracker.host] });
  return { tracker, actions, named: (name: string) => actions.find((action) => action.name === name) as never };
}

describe("an HTTP action", () => {
  it.each([
    ["create_ticket", undefined],
    ["rename_ticket", { id: "T7", title: "Printer is out" }],
    ["find_ticket", { id: "T7" }],
  ])("keeps its promises: %s", async (name, given) => {
    const { tracker, actions } = await newActions();
    tracker.tickets.set("T7", { id: "T7", title: "Printer on fire" });
    const action = actions.find((one) => one.name === name);
    if (!action) throw new Error("there is none");
    const snapshot = () => [...tracker.tickets.values()].map((ticket) => ({ ...ticket }));
    const args = given ?? action.example;
    const { checks } = await checkContract(action, { args, snapshot, allowedHosts: [tracker.host] });
    expect(checks.filter(({ outcome }) => outcome === "broken" || outcome === "not checked")).toEqual([]);
  });
});
