/**
 * Row G4: a question in the local Agent Server is read by existing review pages, and their answers are understood. Each
 * page is played here by what its source reads and sends: LangChain JS (camelCase), agent-chat-ui (snake_case, one
 * decision for each action), Agent Inbox (the first action only, edited values as text); the last two answer without
 * the interrupt's id.
 */
import { describe, expect, it } from "vitest";
import type { Question } from "../../src/nodes/question.ts";
import { useAgentServer } from "../support/agent-server.ts";

const server = useAgentServer();

const plainly = (answer: unknown) => ({ command: { resume: answer } });

type Shown = { action: string; args: Record<string, unknown>; mayAccept: boolean; mayEdit: boolean };

/** Agent Inbox turns a LangChain interrupt into its own form, of the first action. */
function showInAgentInbox(question: Question): Shown {
  const [request] = question.action_requests;
  const [config] = question.review_configs;
  expect(request).toEqual({
    name: expect.any(String),
    args: expect.any(Object),
    arguments: request?.args,
    description: expect.stringContaining("asked: "),
  });
  const allowed = config?.allowed_decisions ?? [];
  return {
    action: request?.name ?? "",
    args: request?.arguments ?? {},
    mayAccept: allowed.includes("approve"),
    mayEdit: allowed.includes("edit"),
  };
}

/** It sends the unedited action along when it accepts, and every edited value as text. */
const fromAgentInbox = {
  accept: ({ action, args }: Shown) => ({ decisions: [{ type: "approve", args: { action, args } }] }),
  edit: ({ action, args }: Shown, changes: Record<string, string>) => ({
    decisions: [{ type: "edit", args: { action, args: { ...args, ...changes } } }],
  }),
  respond: (words: string) => ({ decisions: [{ type: "reject", args: words }] }),
};

/** agent-chat-ui shows every action, and answers each. */
function answerInChat(
  question: Question,
  decide: (request: { name: string; args: object }) => object,
): { decisions: object[] } {
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
    const shown = showInAgentInbox(asked.value);
    expect(shown).toEqual({ action: "note", args: { text: "inbox-yes" }, mayAccept: true, mayEdit: true });
    const { answer } = await server.run(threadId, plainly(fromAgentInbox.accept(shown)));
    expect(answer?.status).toBe("success");
    expect(server.written("inbox-yes")).toEqual([1]);
  });

  it("edits it, is shown what that would change, and then approves", async () => {
    const { threadId, asked } = await server.ask("Return 2 Aviator sunglasses", "agent");
    const edit = fromAgentInbox.edit(showInAgentInbox(asked.value), { quantity: "3" });
    const { __interrupt__: [again] = [] } = await server.run(threadId, plainly(edit), "agent");
    expect(again?.value.actions[0]).toMatchObject({ args: { quantity: 3 }, edited: { by: ["local"] } });
    expect(again?.value.description).toMatch(
      /edited by local; before: .*"quantity":2.*\n.*"quantity":3.*\n.* quantity_in_stock 23 -> 26/,
    );
    const accept = plainly(fromAgentInbox.accept(showInAgentInbox(again?.value as Question)));
    const { answer } = await server.run(threadId, accept, "agent");
    expect(answer?.text).toContain("26 in stock now");
  });

  it("rejects in words", async () => {
    const { threadId } = await server.ask("write inbox-no inbox-nor");
    const { answer } = await server.run(threadId, plainly(fromAgentInbox.respond("not these")));
    expect(answer).toMatchObject({ status: "rejected", text: expect.stringContaining("not these") });
    expect(server.written("inbox-no", "inbox-nor")).toEqual([0, 0]);
  });

  it("cannot approve several actions of which it shows one, and says why", async () => {
    const { threadId, asked } = await server.ask("write unseen-a unseen-b");
    expect(asked.value.description).toContain("2 actions that belong together");
    expect(asked.value.config).toEqual({
      allow_accept: false,
      allow_edit: false,
      allow_respond: true,
      allow_ignore: true,
    });
    expect(asked.value.action_request.args).toEqual({
      "unseen-a note": { text: "unseen-a" },
      "unseen-b note": { text: "unseen-b" },
    });
    for (const answer of [fromAgentInbox.accept(showInAgentInbox(asked.value)), [{ type: "accept", args: null }]]) {
      const { __interrupt__: [again] = [] } = await server.run(threadId, plainly(answer));
      expect(again?.value.notices.join()).toContain("Each action needs exactly one decision; look at unseen-b");
      expect(again?.value.description).toContain("NOTE: Each action needs exactly one decision");
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
    const { answer } = await server.run(ignored.threadId, plainly([{ type: "ignore", args: null }]));
    expect(answer?.status).toBe("rejected");
  });

  it("cannot approve what it did not show: the thread went on meanwhile", async () => {
    const { threadId, asked } = await server.ask("write shown then later");
    const stale = plainly(fromAgentInbox.accept(showInAgentInbox(asked.value)));
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
    const answer = answerInChat(asked.value, ({ name, args }) => {
      const word = words[(args as { text: keyof typeof words }).text];
      if (word === "keep") return { type: "approve" };
      if (word === "drop") return { type: "reject", message: "no" };
      return { type: "edit", edited_action: { name, args: { text: "chat-x" } } };
    });
    const { __interrupt__: [again] = [] } = await server.run(threadId, plainly(answer));
    expect(again?.value.action_requests.map((request) => request.args.text)).toEqual(["chat-a", "chat-x"]);
    const yes = answerInChat(again?.value as Question, () => ({ type: "approve" }));
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
