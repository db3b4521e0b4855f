/**
 * Row G4: a question in the local Agent Server is read by existing review pages, and their answers are understood. Each
 * page is played here by what its source reads and sends: LangChain JS (camelCase), agent-chat-ui (snake_case, one
 * decision for each action), Agent Inbox (one form, edited values as text); the last two answer without
 * the interrupt's id.
 */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Question } from "../../src/nodes/question.ts";
import { useAgentServer } from "../support/agent-server.ts";
import { fromChat, fromInbox, isShownInChat, showInInbox } from "../support/review-pages.ts";

const server = useAgentServer();

const plainly = (answer: unknown) => ({ command: { resume: answer } });

/** agent-chat-ui shows every action, and answers each. */
function answerInChat(
  question: Question,
  decide: (request: { name: string; args: JsonObject }) => object,
): { decisions: object[] } {
  expect(isShownInChat(question)).toBe(true);
  for (const { action_name, allowed_decisions, args_schema } of question.review_configs) {
    expect(question.action_requests.map((request) => request.name)).toContain(action_name);
    expect(allowed_decisions.every((word) => ["approve", "edit", "reject"].includes(word))).toBe(true);
    expect(args_schema).toMatchObject({ type: "object" });
  }
  return { decisions: question.action_requests.map(decide) };
}

describe("Agent Inbox", () => {
  it("approves a single action that it shows", async () => {
    const { threadId, asked } = await server.ask("write inbox-yes");
    const shown = showInInbox(asked.value);
    expect(shown).toMatchObject({
      title: "note",
      args: { text: "inbox-yes" },
      description: expect.stringContaining("asked: write inbox-yes"),
      may: { accept: true, edit: true, respond: true },
    });
    const { answer } = await server.run(threadId, plainly(fromInbox.accept(shown)));
    expect(answer?.status).toBe("success");
    expect(server.written("inbox-yes")).toEqual([1]);
  });

  it("edits it, is shown what that would change, and then approves", async () => {
    const { threadId, asked } = await server.ask("Return 2 Aviator sunglasses", "agent");
    const edit = fromInbox.edit(showInInbox(asked.value), { quantity: "3" });
    const { __interrupt__: [again] = [] } = await server.run(threadId, plainly(edit), "agent");
    expect(again?.value.actions[0]).toMatchObject({ args: { quantity: 3 }, edited: { by: ["local"] } });
    expect(again?.value.description).toMatch(
      /edited by local; before: .*"quantity":2.*\n.*"quantity":3.*\n.* quantity_in_stock 23 -> 26/,
    );
    const accept = plainly(fromInbox.accept(showInInbox(again?.value as Question)));
    const { answer } = await server.run(threadId, accept, "agent");
    expect(answer?.text).toContain("26 in stock now");
  });

  it("rejects in words", async () => {
    const { threadId } = await server.ask("write inbox-no inbox-nor");
    const { answer } = await server.run(threadId, plainly(fromInbox.respond("not these")));
    expect(answer).toMatchObject({ status: "rejected", text: expect.stringContaining("not these") });
    expect(server.written("inbox-no", "inbox-nor")).toEqual([0, 0]);
  });

  it("shows several actions in one form, and approves, edits and rejects them by it", async () => {
    const { threadId, asked } = await server.ask("write many-a many-b many-c");
    const form = showInInbox(asked.value);
    expect(form.description).toContain("3 actions that belong together");
    expect(form.args).toEqual({
      "many-a note": { text: "many-a" },
      "many-b note": { text: "many-b" },
      "many-c note": { text: "many-c" },
    });
    expect(asked.value.action_request).toEqual({ action: "3 actions", args: form.args });
    const edit = fromInbox.edit(form, { "many-b note": '{ "text": "many-x" }' });
    const { __interrupt__: [again] = [] } = await server.run(threadId, plainly(edit));
    const changed = showInInbox(again?.value as Question);
    expect(changed.args).toEqual({ ...form.args, "many-b note": { text: "many-x" } });
    // A late yes to the form before the edit.
    const { __interrupt__: [kept] = [] } = await server.run(threadId, plainly(fromInbox.accept(form)));
    expect(kept?.value.notices.join()).toContain("approves other arguments of many-b");
    expect(server.written("many-a", "many-b", "many-x", "many-c")).toEqual([0, 0, 0, 0]);
    await server.run(threadId, plainly(fromInbox.acceptAfterReset(changed)));
    expect(server.written("many-a", "many-b", "many-x", "many-c")).toEqual([1, 0, 1, 1]);
  });

  it("approves no batch by an answer that does not say all of it", async () => {
    const { threadId, asked } = await server.ask("write unseen-a unseen-b");
    const { "unseen-a note": first } = showInInbox(asked.value).args;
    const answers = [
      [{ type: "accept", args: null }],
      [{ type: "accept", args: { action: "note", args: first } }],
      [{ type: "accept", args: { action: "note", args: { "unseen-a note": first } } }],
    ];
    for (const answer of answers) {
      const { __interrupt__: [again] = [] } = await server.run(threadId, plainly(answer));
      expect(again?.value.notices.join()).toMatch(/look at unseen-b|to hold the arguments of unseen-b/);
      expect(again?.value.description).toContain("NOTE: ");
    }
    expect(await server.waiting()).toContain(threadId);
    expect(server.written("unseen-a", "unseen-b")).toEqual([0, 0]);
  });

  it("answers a question in its own form", async () => {
    const { threadId, asked } = await server.ask("write own-form");
    const { action_request, config } = asked.value;
    expect(action_request).toEqual({ action: "note", args: { text: "own-form" } });
    expect(config).toEqual({ allow_accept: true, allow_edit: true, allow_respond: true, allow_ignore: true });
    const edit = [{ type: "edit", args: { action: "note", args: { text: "own-form-2" } } }];
    const { __interrupt__: [again] = [] } = await server.run(threadId, plainly(edit));
    expect(again?.value.action_request.args).toEqual({ text: "own-form-2" });
    await server.run(threadId, plainly([{ type: "accept", args: again?.value.action_request }]));
    expect(server.written("own-form", "own-form-2")).toEqual([0, 1]);
    const ignored = await server.ask("write ignored");
    const { answer } = await server.run(ignored.threadId, plainly(fromInbox.ignore()));
    expect(answer?.status).toBe("rejected");
  });

  it("cannot approve what it did not show: the thread went on meanwhile", async () => {
    const { threadId, asked } = await server.ask("write shown then later");
    const stale = plainly(fromInbox.accept(showInInbox(asked.value)));
    await server.run(threadId, stale);
    expect(server.written("shown", "later")).toEqual([1, 0]);
    const { __interrupt__: [again] = [] } = await server.run(threadId, stale);
    expect(again?.value.notices.join()).toContain("approves other arguments of later");
    expect(server.written("shown", "later")).toEqual([1, 0]);
  });
});

describe("agent-chat-ui", () => {
  it("approves, edits and rejects one by one", async () => {
    const { threadId, asked } = await server.ask("write chat-a chat-b chat-c");
    const words = { "chat-a": "keep", "chat-b": "edit", "chat-c": "drop" };
    const answer = answerInChat(asked.value, (request) => {
      const word = words[(request.args as { text: keyof typeof words }).text];
      if (word === "keep") return fromChat.approve();
      return word === "drop" ? fromChat.reject("no") : fromChat.edit(request, { text: "chat-x" });
    });
    const { __interrupt__: [again] = [] } = await server.run(threadId, plainly(answer));
    expect(again?.value.action_requests.map((request) => request.args.text)).toEqual(["chat-a", "chat-x"]);
    const yes = answerInChat(again?.value as Question, fromChat.approve);
    const { __interrupt__: [named] = [] } = await server.run(threadId, plainly(yes));
    expect(named?.value.notices.join()).toContain(`with "proposalId": "${again?.value.proposalId}", it counts`);
    expect(server.written("chat-a", "chat-x")).toEqual([0, 0]);
    await server.run(threadId, { command: { resume: { [named?.id ?? ""]: yes } } });
    expect(server.written("chat-a", "chat-b", "chat-x", "chat-c")).toEqual([1, 0, 1, 0]);
  });
});

describe("LangChain JS", () => {
  it("answers under the interrupt's id, in the order of the actions", async () => {
    const { threadId, asked } = await server.ask("write lc-a lc-b");
    const { actionRequests, reviewConfigs } = asked.value;
    expect(reviewConfigs).toMatchObject([{ actionName: "note", argsSchema: { properties: { text: {} } } }]);
    const decisions = actionRequests.map(({ name, args }) =>
      args.text === "lc-a" ? { type: "approve" } : { type: "edit", editedAction: { name, args: { text: "lc-c" } } },
    );
    const resume = (id: string, answer: unknown) => ({ command: { resume: { [id]: answer } } });
    const { __interrupt__: [again] = [] } = await server.run(threadId, resume(asked.id, { decisions }));
    const yes = { decisions: again?.value.actionRequests.map(() => ({ type: "approve" })) };
    const { answer } = await server.run(threadId, resume(again?.id ?? "", yes));
    expect(answer?.text).toBe('Noted "lc-a". Noted "lc-c".');
    expect(server.written("lc-a", "lc-b", "lc-c")).toEqual([1, 0, 1]);
  });
});

describe("what is shown as Markdown", () => {
  it("is a block in which text from outside draws nothing", async () => {
    const text = "![x](https://evil.example/p.png)\n```\n# Approved\u001b[2J";
    const { threadId } = await server.ask("write markdown");
    const edit = [{ type: "edit", args: { action: "note", args: { text } } }];
    const { __interrupt__: [again] = [] } = await server.run(threadId, plainly(edit));
    const lines = again?.value.description.split("\n") ?? [];
    expect(lines[0]).toBe("```text");
    expect(lines.at(-1)).toBe("```");
    expect(lines.slice(1, -1).join("\n")).toContain("evil.example");
    expect(lines.slice(1, -1).join("\n")).not.toMatch(/```|^#|\p{Cc}(?<!\n)/mu);
  });
});
