/**
 * A plan in words, from a planner that calls nothing: JSON among words or in fences, or a list of actions. It counts only
 * as a whole, and it never says how sure it is: what was read out of words may be an example, so a person looks at it.
 */
import type { z } from "zod";
import { isStorable, type Json, type JsonObject } from "../domain/json.ts";
import type { TextRead } from "../models/ask.ts";
import type { ReplySchema } from "../models/prompts/planner.ts";
import { findDocuments, type ParsableAction, type ParsedAction, parseActions } from "../planning/parse-actions.ts";
import { renameReferences } from "../planning/references.ts";

type Reply = z.input<typeof ReplySchema>;

/** @returns what the planner would have answered by a call, or what is wrong with it; undefined where it proposes nothing */
export function readPlan(text: string, actions: readonly (ParsableAction & { readonly title: string })[]): TextRead {
  const [reply, ...others] = findDocuments(text).filter(isReply);
  if (reply) {
    return others.length > 0 ? { faults: ["it holds several plans; give one"] } : { value: withoutConfidence(reply) };
  }
  const { actions: parsed, rejected } = parseActions(text, actions, { references: true });
  if (rejected.length > 0) return { faults: rejected.map(({ line, reason }) => `line ${line}: ${reason}`) };
  if (parsed.length === 0) return undefined;
  const titles = new Map(actions.map(({ name, title }) => [name, title]));
  return { value: { outcome: "plan", message: "", goal: "", steps: stepsOf(parsed, titles) } satisfies Reply };
}

/** An answer in the planner's own form, though not as a call. */
const isReply = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && typeof value.outcome === "string";

function withoutConfidence({ playbook, ...reply }: JsonObject): JsonObject {
  const { steps } = reply;
  const chosen = playbook === undefined ? {} : { playbook: unsure(playbook) };
  if (!Array.isArray(steps)) return { ...reply, ...chosen };
  return { ...reply, ...chosen, steps: steps.map(unsure) };
}

function unsure(value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { confidence: _said, ...rest } = value;
  return rest;
}

/** In the order of the answer, one after the other, unless it says itself what waits for what. */
function stepsOf(actions: readonly ParsedAction[], titles: ReadonlyMap<string, string>): Reply["steps"] {
  const ids = new Map(
    actions.map(({ id }, index) => [id, /^[a-z][a-z0-9_-]{0,39}$/.test(id) ? id : `step${index + 1}`]),
  );
  const idOf = (id: string): string => ids.get(id) ?? id;
  const isOrdered = actions.some(({ dependsOn }) => dependsOn !== undefined);
  return actions.map(({ id, action, args, title, reasoning, dependsOn = [] }, index) => {
    const before = isOrdered ? undefined : actions[index - 1];
    return {
      id: idOf(id),
      title: [title, reasoning, titles.get(action), action].map(titleOf).find(Boolean) ?? action,
      action,
      args: renameReferences(args, ids),
      dependsOn: (before ? [before.id] : dependsOn).map(idOf),
    };
  });
}

const titleOf = (text = ""): string =>
  isStorable(text) ? text.replaceAll(/\s+/g, " ").trim().slice(0, 200).toWellFormed() : "";
