/**
 * Agent Inbox and agent-chat-ui as far as they matter here: how each finds what is asked in an interrupt, and what it
 * sends. Written after what their sources did in 2026; neither page is a package.
 */
import type { JsonObject } from "../../src/domain/json.ts";
import type { Question } from "../../src/nodes/question.ts";

interface InboxForm {
  title: string;
  args: JsonObject;
  description: string;
  may: { accept: boolean; edit: boolean; respond: boolean };
}

/** Agent Inbox reads the first action with its `arguments`, and the first configuration; `reject` is its "respond". */
export function showInInbox(question: Question): InboxForm {
  const [request] = question.action_requests;
  const allowed: readonly string[] = question.review_configs[0]?.allowed_decisions ?? [];
  const args = request?.arguments ?? {};
  // It takes the length of each value, and so breaks on null.
  for (const [name, value] of Object.entries(args)) if (value === null) throw new Error(`${name} is null`);
  return {
    title: request?.name ?? "",
    args,
    description: request?.description ?? "",
    may: { accept: allowed.includes("approve"), edit: allowed.includes("edit"), respond: allowed.includes("reject") },
  };
}

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
const allAsText = (args: JsonObject) => Object.fromEntries(Object.entries(args).map(([key, v]) => [key, asText(v)]));

/** It answers in a list of one, in its own words, also where it read LangChain's; never under the interrupt's id. */
export const fromInbox = {
  accept: ({ title, args }: InboxForm) => [{ type: "accept", args: { action: title, args } }],
  /** After "Reset", every field is text. */
  acceptAfterReset: ({ title, args }: InboxForm) => [
    { type: "accept", args: { action: title, args: allAsText(args) } },
  ],
  /** What was typed is text. */
  edit: ({ title, args }: InboxForm, typed: Record<string, string>) => [
    { type: "edit", args: { action: title, args: { ...args, ...typed } } },
  ],
  respond: (words: string) => [{ type: "response", args: words }],
  ignore: () => [{ type: "ignore", args: null }],
};

/** agent-chat-ui shows an interrupt as actions only where all of this holds, and as raw data otherwise. */
export function isShownInChat({ action_requests, review_configs }: Question): boolean {
  const isObject = (value: unknown) => typeof value === "object" && value !== null;
  return (
    action_requests.length > 0 &&
    review_configs.length > 0 &&
    action_requests.every(({ name, args }) => typeof name === "string" && isObject(args)) &&
    review_configs.every((config) => typeof config.action_name === "string" && Array.isArray(config.allowed_decisions))
  );
}

/** Its decisions on one action; of several it sends one for each, in their order. What was typed is text. */
export const fromChat = {
  approve: () => ({ type: "approve" }),
  edit: ({ name, args }: { name: string; args: JsonObject }, typed: Record<string, string>) => ({
    type: "edit",
    edited_action: { name, args: { ...args, ...typed } },
  }),
  /** It sends none without a reason. */
  reject: (message: string) => ({ type: "reject", message }),
};
