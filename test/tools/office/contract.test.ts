/** Every action that is shipped keeps the contract: embedded, and with a real mail server and a real calendar server. */
import { describe, expect, it, onTestFinished } from "vitest";
import { createRuntime } from "../../../src/runtime.ts";
import type { Action } from "../../../src/tools/action.ts";
import { type ContractReport, checkContract } from "../../../src/tools/contract.ts";
import { type OfficeOptions, openScratchOffice } from "../../../src/tools/office/index.ts";
import { storeActions } from "../../../src/tools/store/index.ts";
import { tempDir } from "../../support/temp.ts";
import { newStore } from "../store/support.ts";
import { hasRadicale, startCalendarServer } from "./calendar-server.ts";
import { startMailServer } from "./mail-server.ts";

/** What is not claimed, and why. */
const LOOK_UP = ["A key that it has never seen is not found", "What happened is found by its key"];
const UNDO = [
  "What never happened can be undone, which changes nothing",
  "It can be taken back, which leaves the target as it was",
  "Taking it back again changes nothing",
];
const NOT_CLAIMED: Record<string, readonly string[]> = {
  // An event knows itself what was done to it under a key, so the call is simply made again.
  update_event: LOOK_UP,
  cancel_event: LOOK_UP,
  // A mail cannot be taken back.
  send_email: UNDO,
};
/** A mail server does not know a repeat: the outbox says what became of a mail. */
const OVER_SMTP = ["The same key again has no second effect, and the same output", ...UNDO];

async function scratch(options: OfficeOptions = {}) {
  const office = await openScratchOffice({
    home: tempDir(),
    timeZone: "UTC",
    address: "office@example.com",
    ...options,
  });
  onTestFinished(() => office.close());
  const { store } = newStore();
  const actions = [...storeActions(store), ...office.actions];
  const snapshot = async () => ({ store: store.snapshot(), office: await office.snapshot("default") });
  const check = async (name: string) => {
    const action = actions.find((one) => one.name === name) as Action;
    return await checkContract(action, { args: action.example, snapshot });
  };
  return { actions, check, snapshot };
}

const withOutcome = ({ checks }: ContractReport, ...outcomes: string[]) =>
  checks.filter(({ outcome }) => outcomes.includes(outcome));
const promises = (report: ContractReport) =>
  withOutcome(report, "not claimed")
    .map(({ promise }) => promise)
    .toSorted();

const ACTIONS = [
  ...["find_products", "sell", "take_back", "adjust_stock"],
  ...["check_availability", "find_free_slot", "find_events", "draft_email"],
  ...["create_event", "update_event", "cancel_event", "send_email"],
];

describe("every action of the default registry", () => {
  it("is tried here", async () => {
    const runtime = await createRuntime({ home: tempDir() }, { office: {} });
    onTestFinished(() => runtime.close());
    expect(runtime.registry.all.map(({ name }) => name).toSorted()).toEqual(ACTIONS.toSorted());
  });

  it.each(ACTIONS)("%s keeps the contract whole", async (name) => {
    const report = await (await scratch()).check(name);
    expect(withOutcome(report, "broken", "not checked")).toEqual([]);
    expect(promises(report)).toEqual([...(NOT_CLAIMED[name] ?? [])].toSorted());
  });
});

describe("the snapshot", () => {
  it("shows events and mails, and of what is taken back nothing", async () => {
    const { actions, snapshot } = await scratch();
    const before = await snapshot();
    expect(before.office).toMatchObject({ events: [{ id: "example@holdpoint", title: "Review" }], mails: [] });
    const send = actions.find(({ name }) => name === "send_email") as Action;
    const context = { tenant: "default", principal: "ann", idempotencyKey: "k1", now: new Date().toISOString() };
    await send.run(send.example, { ...context, signal: new AbortController().signal });
    expect((await snapshot()).office.mails).toMatchObject([{ messageId: "<k1@holdpoint>", status: "sent" }]);
  });
});

describe("with servers", () => {
  it("sending mail over SMTP keeps the contract", async () => {
    const server = await startMailServer();
    const report = await (await scratch({ smtpUrl: server.url })).check("send_email");
    expect(withOutcome(report, "broken", "not checked")).toEqual([]);
    expect(promises(report)).toEqual(OVER_SMTP.toSorted());
    expect(server.taken()).toHaveLength(1);
  });

  it.skipIf(!hasRadicale)("everything about events keeps it on a CalDAV server (radicale)", async () => {
    const server = await startCalendarServer();
    const { actions } = await scratch({ caldavUrl: server.url });
    const ofCalendar = actions.map(({ name }) => name).filter((name) => /event|avail|slot/.test(name));
    for (const name of ofCalendar) {
      await server.clear();
      const report = await (await scratch({ caldavUrl: server.url })).check(name);
      expect(withOutcome(report, "broken", "not checked"), name).toEqual([]);
      expect(promises(report), name).toEqual([...(NOT_CLAIMED[name] ?? [])].toSorted());
    }
  });
});
