/** Steps that say nothing, or do nothing that another does not do. Predefined plans are not asked for it. */
import { canonicalJson, type Json } from "../domain/json.ts";
import type { Plan, Step } from "../domain/plan.ts";

/** Titles that say nothing of what a step does. */
const VAGUE =
  /^(?:step|task|action|todo|tbd|etc|misc|other|others|stuff|things?|something|next|next step|final step|continue|finish|proceed|complete|wrap up|and so on|as needed|if necessary|(?:do|handle|process|perform|execute|complete|finish|manage)(?: (?:it|this|that|all|everything|things|stuff|the (?:rest|work|task|step|request|thing|remaining steps?)))?)(?: \d+)?$/u;

/** A whole text that stands for a value which somebody still has to put in. */
const PLACEHOLDER =
  /^(?:<[\p{L}_ -]{1,40}>|\[(?:[\p{L}_]+[ _-])*(?:name|date|time|id|email|address|value|amount|text|here)\]|\{\{[^{}]*\}\}|todo|tbd|tba|xxx+|\?+|\.\.\.|…|placeholder|to be (?:determined|decided|filled in|announced)|(?:the )?(?:output|result)s? (?:of|from) (?:the )?(?:previous |last |first )?(?:step|action)(?: \w{1,10})?|same as (?:above|before))$/iu;

/** @returns a sentence for each step that is too vague to be done, by its id */
export function vagueSteps({ steps }: Plan): [step: string, reason: string][] {
  return steps.flatMap((step) => {
    const { id, title, action } = step;
    const words = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
      .trim();
    const titles: [string, string][] =
      VAGUE.test(words) || !/\p{L}/u.test(words)
        ? [[id, `Step "${id}" is vague: "${title}" does not say what it does, with which names and amounts.`]]
        : [];
    const blanks = textsIn(step.args)
      .filter((text) => PLACEHOLDER.test(text.trim()))
      .map((text): [string, string] => [
        id,
        `Step "${id}" (${action}) has "${text}" where a value belongs: name it, refer to the step that finds it, or ask for it.`,
      ]);
    return [...titles, ...blanks];
  });
}

/** @returns a sentence for each read that another one makes needless, by its id */
export function needlessSteps({ steps }: Plan, isRead: (action: string) => boolean): [step: string, reason: string][] {
  const first = new Map<string, Step>();
  return steps.flatMap((step): [string, string][] => {
    const { id, action, args, when, repeat, notBefore } = step;
    if (repeat || !isRead(action)) return [];
    const call = canonicalJson({ action, args, when: when ?? null, notBefore: notBefore ?? null });
    const same = first.get(call);
    first.set(call, same ?? step);
    return same ? [[id, `Step "${id}" is needless: "${same.id}" reads the same, so refer to that one.`]] : [];
  });
}

function textsIn(value: Json): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
