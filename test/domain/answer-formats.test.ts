/** Row G4, invariant 5: the answers of every review page are read, and none approves what its page did not show. */
import { describe, expect, it } from "vitest";
import { type AnswerOrigin, parseProposalAnswer } from "../../src/domain/answer-to-proposal.ts";
import { pageForm } from "../../src/domain/page-form.ts";
import type { Proposal, ProposedAction } from "../../src/domain/proposal.ts";
import { proposedAction } from "../support/ledger.ts";

const action = (step: string, name: string, args: Record<string, string | number>, dependsOn: string[] = []) => ({
  ...proposedAction(step, args),
  action: name,
  dependsOn,
});

function proposal(actions: ProposedAction[], level: "low" | "medium" | "high" = "low"): Proposal {
  const impact = { level, resources: [], reversible: true, durationMs: 1 };
  return { id: "prop_1", number: 1, digest: "d", actions, impact } as unknown as Proposal;
}

const sell = action("s1", "sell", { item: "SG001", quantity: 2 });
const mail = action("s2", "mail", { to: "a@b.c", lines: 1 });
const one = proposal([sell]);
const two = proposal([sell, mail]);
const plain: AnswerOrigin = { principal: "bob", byInterruptId: false, plainAnswerImpact: "medium" };
const byId: AnswerOrigin = { ...plain, byInterruptId: true };
const parse = (subject: Proposal, value: unknown, origin = plain) => parseProposalAnswer(subject, value, origin);
const named = (decisions: unknown[]) => ({ proposalId: "prop_1", decisions });
const edited = { args: { item: "SG001", quantity: 3 } };

describe("an approval", () => {
  it.each([
    ["Holdpoint's own", named([{ type: "approve", step: "s1" }])],
    ["LangChain's, without an id", { decisions: [{ type: "approve" }] }],
    ["Agent Inbox's, without arguments", [{ type: "accept", args: null }]],
    ["Agent Inbox's, with what it showed", [{ type: "accept", args: { action: "sell", args: sell.args } }]],
    [
      "Agent Inbox's, with values as text",
      [{ type: "accept", args: { action: "sell", args: { item: "SG001", quantity: "2" } } }],
    ],
    ["as JSON text", ' { "decisions": [{ "type": "approve" }] }'],
    ["Agent Inbox's for LangChain", { decisions: [{ type: "approve", args: { action: "sell", args: sell.args } }] }],
  ])("of one action is read: %s", (_format, answer) => {
    expect(parse(one, answer)).toMatchObject({ kind: "decided", verdict: "approved" });
  });

  it("of several actions is taken with the proposal's id, or under the interrupt's", () => {
    const both = [{ type: "approve" }, { type: "approve" }];
    expect(parse(two, named(both))).toMatchObject({ kind: "decided", verdict: "approved" });
    expect(parse(two, { decisions: both }, byId)).toMatchObject({ kind: "decided", verdict: "approved" });
  });

  it("without any id is taken for one action of limited impact only, and is shown as such", () => {
    const answer = { decisions: [{ type: "approve" }] };
    const reason = "The answer named no proposal; policy takes such a one here.";
    expect(parse(one, answer)).toMatchObject({ kind: "decided", reason });
    expect(parse(one, answer, byId)).toMatchObject({ kind: "decided", reason: null });
    expect(parse(proposal([sell], "medium"), answer)).toMatchObject({ kind: "decided" });
    expect(parse(proposal([sell], "high"), answer)).toMatchObject({
      kind: "problem",
      problem: expect.stringContaining('with "proposalId": "prop_1", it counts'),
    });
    expect(parse(one, answer, { ...plain, plainAnswerImpact: undefined })).toMatchObject({
      kind: "problem",
      problem: expect.stringContaining("only a rejection is taken"),
    });
    expect(parse(two, { decisions: [{ type: "approve" }, { type: "approve" }] }).kind).toBe("problem");
    expect(parse(two, { decisions: [{ type: "approve" }, { type: "reject" }] }).kind).toBe("problem");
  });

  it("without any id is taken for a later question only when it says what it saw", () => {
    const second = { ...one, number: 2 };
    expect(parse(second, { decisions: [{ type: "approve" }] }).kind).toBe("problem");
    expect(parse(second, [{ type: "accept", args: null }]).kind).toBe("problem");
    const shown = [{ type: "accept", args: { action: "sell", args: sell.args } }];
    expect(parse(second, shown)).toMatchObject({ kind: "decided", verdict: "approved" });
    expect(parse(second, { decisions: [{ type: "approve" }] }, byId)).toMatchObject({ kind: "decided" });
  });

  it("of one action never approves a batch unseen", () => {
    for (const origin of [plain, byId]) {
      for (const type of ["accept", "approve"]) {
        expect(parse(two, [{ type, args: null }], origin).kind).toBe("problem");
        expect(parse(two, { decisions: [{ type }] }, origin).kind).toBe("problem");
        const shown = { type, args: { action: "sell", args: sell.args } };
        expect(parse(two, { decisions: [shown] }, origin).kind).toBe("problem");
      }
    }
  });

  it("of several actions is taken from Agent Inbox when it sends back all of its one form", () => {
    const form = { "s1 sell": sell.args, "s2 mail": mail.args };
    const accept = (args: object) => [{ type: "accept", args: { action: "sell", args } }];
    expect(parse(two, accept(form))).toMatchObject({ kind: "decided", verdict: "approved" });
    expect(parse({ ...two, number: 2 }, accept(form))).toMatchObject({ verdict: "approved" });
    const asText = { "s1 sell": JSON.stringify(sell.args), "s2 mail": JSON.stringify(mail.args) };
    expect(parse(two, accept(asText))).toMatchObject({ kind: "decided", verdict: "approved" });
    expect(parse(proposal([sell, mail], "high"), accept(form)).kind).toBe("problem");
    expect(parse(two, accept({ ...form, "s2 mail": { to: "eve@b.c", lines: 1 } }))).toMatchObject({
      problem: expect.stringContaining("approves other arguments of s2"),
    });
    expect(parse(two, accept({ "s1 sell": sell.args })).kind).toBe("problem");
    expect(parse(two, accept({ ...form, "s3 mail": mail.args })).kind).toBe("problem");
    expect(parse(two, accept({ ...form, "s2 mail": "[1]" })).kind).toBe("problem");
    expect(parse(two, accept({ ...form, "s2 mail": "{" })).kind).toBe("problem");
  });

  it("of other arguments than those proposed is not taken", () => {
    const args = { action: "sell", args: { item: "SG001", quantity: 1 } };
    expect(parse(one, [{ type: "accept", args }])).toMatchObject({
      kind: "problem",
      problem: expect.stringContaining("approves other arguments of s1"),
    });
    const missing = { action: "sell", args: { item: "SG001" } };
    expect(parse(one, [{ type: "accept", args: missing }]).kind).toBe("problem");
  });
});

describe("a rejection", () => {
  it.each([
    ["Holdpoint's own", named([{ type: "reject", step: "s1", message: "no" }]), "no"],
    ["LangChain's", { decisions: [{ type: "reject", message: "no" }] }, "no"],
    ["Agent Inbox's words", [{ type: "response", args: "no" }], "no"],
    ["Agent Inbox's ignore", [{ type: "ignore", args: null }], null],
    ["Agent Inbox's for LangChain", { decisions: [{ type: "reject", args: "no" }] }, "no"],
  ])("is read without an id: %s", (_format, answer, reason) => {
    expect(parse(one, answer, { ...plain, plainAnswerImpact: undefined })).toEqual({
      kind: "decided",
      verdict: "rejected",
      actions: [{ step: "s1", verdict: "rejected", reason }],
      reason,
    });
  });

  it("of a page that shows one action is for all of them", () => {
    expect(parse(two, [{ type: "response", args: "no" }])).toMatchObject({ kind: "decided", verdict: "rejected" });
    expect(parse(two, { decisions: [{ type: "ignore", args: null }] })).toMatchObject({ verdict: "rejected" });
    expect(parse(two, { decisions: [{ type: "reject", message: "no" }] }).kind).toBe("problem");
    expect(parse(two, { decisions: [{ type: "reject", step: "s2", args: null }] }).kind).toBe("problem");
  });
});

describe("an edit", () => {
  const args = { item: "SG001", quantity: 3 };

  it.each([
    ["Holdpoint's own", named([{ type: "edit", step: "s1", editedAction: edited }])],
    ["LangChain JS", { decisions: [{ type: "edit", editedAction: { name: "sell", args } }] }],
    ["agent-chat-ui", { decisions: [{ type: "edit", edited_action: { name: "sell", args } }] }],
    ["Agent Inbox", [{ type: "edit", args: { action: "sell", args } }]],
    ["Agent Inbox for LangChain", { decisions: [{ type: "edit", args: { action: "sell", args } }] }],
  ])("is read: %s", (_format, answer) => {
    expect(parse(one, answer)).toEqual({
      kind: "edited",
      edits: new Map([["s1", { args, reason: null }]]),
      rejected: new Map(),
    });
  });

  it("covers several actions, and leaves what it does not name", () => {
    const all = named([
      { type: "edit", step: "s1", editedAction: edited },
      { type: "edit", step: "s2", editedAction: { args: { to: "x@y.z", lines: [] } } },
    ]);
    expect(parse(two, all)).toMatchObject({
      kind: "edited",
      edits: new Map([
        ["s1", { args, reason: null }],
        ["s2", { args: { to: "x@y.z", lines: [] }, reason: null }],
      ]),
    });
    const some = { decisions: [{ type: "edit", edited_action: { name: "mail", args: {} } }] };
    expect(parse(two, some)).toMatchObject({ kind: "edited", edits: new Map([["s2", { args: {}, reason: null }]]) });
    const mixed = named([
      { type: "edit", editedAction: edited },
      { type: "reject", message: "no" },
    ]);
    expect(parse(two, mixed)).toMatchObject({ kind: "edited", rejected: new Map([["s2", "no"]]) });
  });

  it("of Agent Inbox's one form is of the actions that it changes", () => {
    const typed = { "s1 sell": sell.args, "s2 mail": '{"to":"x@y.z","lines":"1"}' };
    expect(parse(two, [{ type: "edit", args: { action: "sell", args: typed } }])).toEqual({
      kind: "edited",
      edits: new Map([["s2", { args: { to: "x@y.z", lines: "1" }, reason: null }]]),
      rejected: new Map(),
    });
  });

  it("leaves a null what it was, which Agent Inbox can show as text only", () => {
    const noted = { ...sell, args: { item: "SG001", note: null } };
    expect(pageForm([noted])).toEqual({ item: "SG001", note: "null" });
    const answer = (type: string, item: string) => [
      { type, args: { action: "sell", args: { ...pageForm([noted]), item } } },
    ];
    expect(parse(proposal([noted]), answer("edit", "SG002"))).toMatchObject({
      edits: new Map([["s1", { args: { item: "SG002", note: null }, reason: null }]]),
    });
    expect(parse(proposal([noted]), answer("accept", "SG001"))).toMatchObject({ verdict: "approved" });
  });

  it("cannot change which action is called", () => {
    const other = { decisions: [{ type: "edit", editedAction: { name: "reseed", args: {} } }] };
    expect(parse(one, other)).toMatchObject({ problem: expect.stringContaining('s1 calls "sell", not "reseed"') });
  });
});

it("an edit may cut the tie to what the same answer rejects, for itself and for what hangs on it", () => {
  const hanging = proposal([
    sell,
    { ...mail, dependsOn: ["s1"] },
    action("s3", "mail", {}, ["s2"]),
    action("s4", "mail", {}, ["s1"]),
  ]);
  const answer = named([
    { type: "reject", step: "s1" },
    { type: "edit", step: "s2", message: "by hand", editedAction: { args: {} } },
  ]);
  expect(parse(hanging, answer)).toEqual({
    kind: "edited",
    edits: new Map([["s2", { args: {}, reason: "by hand" }]]),
    rejected: new Map([
      ["s1", null],
      ["s4", 'It depends on "s1", which was rejected.'],
    ]),
  });
});

it.each([20_000, 3_000, 101])("what is nested %i deep is refused, and breaks nothing", (depth) => {
  let args: Record<string, unknown> = {};
  for (let level = 0; level < depth; level++) args = { args };
  const answer = { decisions: [{ type: "edit", editedAction: { args } }] };
  expect(parse(one, answer)).toMatchObject({ kind: "problem", problem: expect.stringContaining("nested deeper") });
  const around: Record<string, unknown> = {};
  around.self = around;
  around.other = around;
  expect(parse(one, around)).toMatchObject({ kind: "problem" });
});

describe("what is no answer", () => {
  it.each([
    ["a word", "approve"],
    ["text that is no JSON", '{ "decisions": [{ "type": "approve" }]'],
    ["nothing", null],
    ["an empty list", []],
    ["an unknown word", [{ type: "maybe" }]],
    ["a misspelt key", { proposal_id: "prop_1", decisions: [{ type: "approve" }] }],
    ["an edit without arguments", named([{ type: "edit" }])],
    ["arguments that are no object", named([{ type: "edit", editedAction: { args: [1] } }])],
    [
      "two decisions on one action",
      named([
        { type: "approve", step: "s1" },
        { type: "approve", step: "s1" },
      ]),
    ],
    ["more decisions than actions", named([{ type: "approve" }, { type: "approve" }])],
    ["an answer for another proposal", { proposalId: "prop_2", decisions: [{ type: "approve" }] }],
    ["an answer from somebody else", { ...named([{ type: "approve" }]), by: "eve" }],
  ])("is refused: %s", (_what, answer) => {
    expect(parse(one, answer, byId).kind).toBe("problem");
  });
});
