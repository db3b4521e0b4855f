/** Answers: what nobody had named is masked, and what a store says stays as it is. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { listAudit } from "../../src/ledger/audit.ts";
import { guardAnswer } from "../../src/nodes/answer-guard.ts";
import { isNamed, maskAnswer } from "../../src/telemetry/mask-answer.ts";
import { defineAction } from "../../src/tools/action.ts";
import { startRequest } from "../../src/work/threads.ts";
import { alice, openTestRuntime } from "../support/runtime.ts";

const CARD = "4111 1111 1111 1111";
const IBAN = "DE89 3704 0044 0532 0130 00";
const KEY = "sk-live-4f9d8a7b6c5e4f3a2b1c";
const masked = (text: string, ...known: string[]) => maskAnswer(text, isNamed(known)).text;

describe("an answer", () => {
  it.each([
    ["Ask ada@example.com.", "Ask [mail]."],
    ["Call +49 30 901820.", "Call [phone]."],
    ["She lives at 12 Baker Street, 10115.", "She lives at [address]."],
    [`Paid with ${CARD}.`, "Paid with [card]."],
    [`To ${IBAN}.`, "To [iban]."],
    [`The key is ${KEY}`, "The key is [token]"],
  ])("masks in %s what nobody had named", (text, expected) => {
    expect(masked(text, "Return 2 Aviator sunglasses.")).toBe(expected);
  });

  it("keeps what was named, however it was written, but never cards, accounts and keys", () => {
    expect(masked("Sent to Ada@Example.com, +49 30 901820.", "mail ada@example.com", "call +4930901820")).toBe(
      "Sent to Ada@Example.com, +49 30 901820.",
    );
    expect(masked(`${CARD}; ${IBAN}; ${KEY}`, `${CARD} ${IBAN} ${KEY}`)).toBe("[card]; [iban]; [token]");
  });

  it.each([
    ["10.0.0.1", "order 9210001, order 10001, host 10.0.0.12"],
    ["bob@evil.co", "bob@evil.community, bob@evil.co.uk, jim-bob@evil.co"],
    ["jim-bob+x@evil.co", "jim-bob+x@evil.com"],
    ["+49 30 901820", "+49309018201"],
  ])("masks %s, which is only a part of what was named: %s", (found, named) => {
    expect(masked(`It is ${found}.`, named)).toMatch(/^It is \[\w+\]\.$/);
    expect(masked(`It is ${found}.`, `${named}; ${JSON.stringify({ text: `or:\n${found}.` })}`)).toBe(
      `It is ${found}.`,
    );
  });

  it.each([
    "2 Aviator (SG001) were taken back for $160.00; 25 in stock, balance $340.00.",
    "TXN001 2026-11-01T10:00:00.000Z Return of 2 x SG001, -160.00, balance 340.00.",
    "Order 2026-4471-0093 and order 0301234567 are on their way; invoice no. 4711-0815-2026.",
    "Ticket 8f3KqLm29ZxT7vBn4Rw1 was closed, and event evt_01HZXK3V9T2M6Q8R4N5P7S0W1Y was made.",
    "Version 1.2.3 costs 1,299.99; call 030 1234567 items a lot.",
    "s1: 10 in stock at 60.00, 5 at 120.00; 3 + 4 = 7.",
  ])("leaves alone: %s", (text) => {
    expect(masked(text)).toBe(text);
  });

  it("says in its details and in a finding what kind of thing was masked, and not which", () => {
    const answer = { status: "success" as const, text: "Ask ada@example.com.", details: [`Card ${CARD}`, "Fine."] };
    const guarded = guardAnswer(answer, []);
    expect(guarded.answer).toMatchObject({
      text: "Ask [mail].",
      details: ["Card [card]", "Fine.", expect.any(String)],
    });
    expect(guarded.findings).toMatchObject([{ rule: "answer-personal-data" }]);
    expect(JSON.stringify(guarded)).not.toContain("ada@");
    expect(guardAnswer({ ...answer, details: [] }, ["ada@example.com"])).toEqual({
      ...{ answer: { ...answer, details: [] }, findings: [] },
    });
  });
});

describe("a run's answer", () => {
  const find = (told: string) =>
    defineAction({
      ...{ kind: "read", name: "find_customer", version: 1, title: "Find", description: "Finds a customer." },
      input: z.strictObject({ name: z.string() }),
      output: z.object({ told: z.string() }),
      run: async () => ({ told }),
      summarize: (_args, { told: text }) => text,
    });
  const ask = async (told: string, request: string) => {
    const plans = { [request]: [{ id: "c", action: "find_customer", args: { name: "carol@example.com" } }] };
    const runtime = await openTestRuntime({ actions: [find(told)], plans });
    const { run, state } = await startRequest(runtime, alice, { request });
    return { run, state, entries: await listAudit(runtime.ledger, "acme", run.id) };
  };

  it("is masked in run, state and messages, and the audit log says by which rule", async () => {
    const { run, state, entries } = await ask(`Ada: ada@example.com, ${CARD}`, "Who is Ada?");
    expect(run.answer).toMatchObject({ status: "success", text: "Ada: [mail], [card]" });
    expect(JSON.stringify([state.answer, state.messages])).not.toMatch(/ada@example|4111/);
    expect(entries.find(({ event }) => event === "answer.masked")).toMatchObject({
      data: { findings: [{ rule: "answer-personal-data" }] },
    });
  });

  it("stays as it is where request and plan had named it", async () => {
    const told = "Written to carol@example.com and ada@example.com.";
    const { run, entries } = await ask(told, "Write to ada@example.com");
    expect(run.answer).toEqual({ status: "success", text: told, details: [] });
    expect(entries.some(({ event }) => event === "answer.masked")).toBe(false);
  });
});
