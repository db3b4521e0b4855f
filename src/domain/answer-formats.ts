/**
 * The formats in which review pages answer, and the one that the rest of Holdpoint sees. Untrusted until parsed here.
 *
 * - Holdpoint's own, which is LangChain's human-in-the-loop format with the proposal and the step named:
 *   `{ proposalId, decisions: [{ step, type: "approve" | "edit" | "reject", editedAction, message }] }`
 * - LangChain JS and agent-chat-ui: the same without those names, `editedAction` or `edited_action`
 * - Agent Inbox: `[{ type: "accept" | "edit" | "response" | "ignore", args }]`; for a LangChain interrupt the list in
 *   `{ decisions }` and with LangChain's types
 * - each of them as JSON text
 * - `{ notNow: true, until, note }`: nothing is decided now. Agent Inbox's `ignore` is a rejection all the same: the page
 *   takes the thread for done
 */
import { z } from "zod";
import { type JsonObject, JsonObjectSchema } from "./json.ts";
import { MAX_STEPS } from "./plan.ts";

const EditedActionSchema = z.strictObject({
  name: z.string().max(200).optional().describe("The action's name; it cannot be changed."),
  args: JsonObjectSchema.describe("All arguments, the changed ones among them."),
});

const ShownActionSchema = z.strictObject({ action: z.string().max(200), args: JsonObjectSchema });

const MAX_MESSAGE = 2000;

const DecisionSchema = z.strictObject({
  type: z
    .enum([
      ...["approve", "edit", "reject", "send_back", "happened", "not_happened", "look_again"],
      ...["accept", "response", "ignore"],
    ] as const)
    .describe(
      "approve, edit or reject; of a plan also send_back, for another one; where the outcome of a write is asked: happened, not_happened or look_again. " +
        "The others are Agent Inbox's words.",
    ),
  step: z.string().max(100).optional().describe("The action's step; without it, the order of the actions counts."),
  message: z
    .string()
    .max(MAX_MESSAGE)
    .optional()
    .describe("Why, when rejected; what another plan should do otherwise, when sent back."),
  editedAction: EditedActionSchema.optional().describe("What is to run instead, when edited."),
  edited_action: EditedActionSchema.optional().describe("The same as editedAction."),
  args: z
    .union([ShownActionSchema, z.string().max(MAX_MESSAGE), z.null()])
    .optional()
    .describe("Agent Inbox: the action with its arguments, or words."),
});

const DecisionsSchema = z.array(DecisionSchema).min(1).max(MAX_STEPS);

const named = {
  proposalId: z.string().max(200).optional().describe("The id of the proposal that is answered."),
  by: z.string().max(100).optional().describe("Who answers; must be the caller, when given."),
};

const NotNowSchema = z.strictObject({
  ...named,
  notNow: z.literal(true).describe("Nothing is decided now; the question stays."),
  until: z.iso.datetime({ offset: true }).optional().describe("When to look at it again; nothing happens then."),
  note: z.string().max(MAX_MESSAGE).optional().describe("Why."),
});

const AnswerSchema = z.union([z.strictObject({ ...named, decisions: DecisionsSchema }), DecisionsSchema, NotNowSchema]);

/**
 * Of writes that may run: the first three; of a plan: the first four. Of writes of which nobody can tell whether they
 * happened: the last three.
 */
type DecisionType = "approve" | "edit" | "reject" | "send_back" | "happened" | "not_happened" | "look_again";

/** What a person decides about one action, as programs write it. */
export interface ActionAnswer {
  type: DecisionType;
  /** Without it, the order of the actions counts. */
  step?: string | undefined;
  /** Why, when rejected; at most 2000 characters. */
  message?: string | undefined;
  /** All arguments, the changed ones among them, when edited. */
  editedAction?: { name?: string | undefined; args: JsonObject } | undefined;
}

/** An answer to a proposal, as programs write it: a decision for each action. */
export interface ProposalAnswer {
  /** The proposal that is answered. Without it, or the interrupt's id, little is taken: see `plainAnswerImpact`. */
  proposalId?: string | undefined;
  decisions: ActionAnswer[];
  /** Who answers; must be the caller, when given. */
  by?: string | undefined;
}

/** That nothing is decided now, as programs write it. */
export interface NotNowAnswer {
  proposalId?: string | undefined;
  notNow: true;
  /** When to look at it again, ISO 8601; nothing happens then. */
  until?: string | undefined;
  /** Why; at most 2000 characters. */
  note?: string | undefined;
  by?: string | undefined;
}

/** Nothing is decided now. */
export interface NotNow {
  /** ISO 8601 UTC. */
  readonly until: string | null;
  readonly note: string | null;
}

/** An answer in whichever format, read. */
export interface GivenAnswer {
  /** With it, there are no decisions. */
  readonly notNow?: NotNow;
  readonly proposalId: string | undefined;
  readonly by: string | undefined;
  readonly decisions: readonly GivenDecision[];
  /** In Agent Inbox's format, which knows of one form only. */
  readonly whole: boolean;
}

export interface GivenDecision {
  /** `respond`: Agent Inbox's words, which say no, or how it should be. */
  readonly type: DecisionType | "respond";
  readonly step: string | undefined;
  readonly message: string | null;
  /** When edited, what is to run instead; when approved, what the page says that it showed. */
  readonly action: { readonly name: string | undefined; readonly args: JsonObject } | undefined;
}

/** Every format as JSON Schema, for pages that show what can be answered. */
export const answerJsonSchema = z.toJSONSchema(AnswerSchema, { io: "input" });

/** @returns the answer, or a sentence that says what does not fit */
export function readAnswer(given: unknown): GivenAnswer | string {
  const value = fromText(given);
  if (!isShallow(value)) return `The answer is nested deeper than ${MAX_DEPTH} levels, or far too large.`;
  if (typeof value === "object" && value !== null && "notNow" in value) return readNotNow(value);
  const schema = Array.isArray(value) ? AnswerSchema.options[1] : AnswerSchema.options[0];
  const parsed = schema.safeParse(value);
  if (!parsed.success) return unreadable(parsed.error);
  const answer = Array.isArray(parsed.data) ? { decisions: parsed.data } : parsed.data;
  const { proposalId, by, decisions } = { proposalId: undefined, by: undefined, ...answer };
  const read = decisions.map(readDecision);
  const unclear = read.findIndex((decision) => decision.type === "edit" && !decision.action);
  if (unclear >= 0) {
    return `Decision ${unclear + 1} edits, but names no arguments: expected "editedAction": { "args": { … } }.`;
  }
  const whole = decisions.length === 1 && decisions[0]?.args !== undefined && decisions[0].step === undefined;
  return { proposalId, by, decisions: read, whole };
}

/** A page that has a text box only, as Studio, may send the JSON as text. */
function fromText(given: unknown): unknown {
  if (typeof given !== "string" || !/^\s*[[{]/.test(given)) return given;
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

function unreadable({ issues }: z.ZodError): string {
  const [issue] = issues;
  const where = issue && issue.path.length > 0 ? ` at "${issue.path.join(".")}"` : "";
  return `The answer does not have the expected form${where}: ${issue?.message ?? "unreadable"}.`;
}

function readNotNow(value: object): GivenAnswer | string {
  const parsed = NotNowSchema.safeParse(value);
  if (!parsed.success) return unreadable(parsed.error);
  const { proposalId, by, until, note = "" } = parsed.data;
  const notNow = { until: until === undefined ? null : new Date(until).toISOString(), note: note.trim() || null };
  return { proposalId, by, decisions: [], whole: false, notNow };
}

const MAX_DEPTH = 100;
const MAX_ITEMS = 100_000;

/** Level by level, because what is checked could be too deep to recurse into, or could hold itself. */
function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
    if (level.length === 0) return true;
    if (level.length > MAX_ITEMS) return false;
  }
  return false;
}

const TYPES = {
  approve: "approve",
  accept: "approve",
  edit: "edit",
  reject: "reject",
  send_back: "send_back",
  response: "respond",
  ignore: "reject",
  happened: "happened",
  not_happened: "not_happened",
  look_again: "look_again",
} as const;

function readDecision(given: z.infer<typeof DecisionSchema>): GivenDecision {
  const { type, step, message, args } = given;
  const shown = typeof args === "object" && args !== null ? { name: args.action, args: args.args } : undefined;
  const edited = given.editedAction ?? given.edited_action ?? shown;
  const words = (message ?? (typeof args === "string" ? args : "")).trim();
  return {
    type: TYPES[type],
    step,
    message: words === "" ? null : words,
    action: edited && { name: edited.name, args: edited.args },
  };
}
