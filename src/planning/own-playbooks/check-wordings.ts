/** Tries every wording of every playbook: each must be taken by its own playbook, with the values that were said, and by no other. */
import { isDeepStrictEqual } from "node:util";
import type { Json, JsonObject } from "../../domain/json.ts";
import type { Form } from "../playbooks/form.ts";
import type { OwnPlaybook } from "./compile.ts";
import type { ItemType, Parameter } from "./declaration.ts";
import type { PlaybookFault } from "./load.ts";
import { createReaderOf, type Read } from "./match.ts";
import { samplesOf } from "./samples.ts";
import { currencyOf } from "./values.ts";
import type { Wording } from "./wordings.ts";

/** Of a pattern with more alternatives, no more are tried. */
const MAX_SENTENCES = 300;

/** @returns for each wording that does not do what it is for, the first sentence that shows it */
export function wordingFaults(playbooks: readonly OwnPlaybook[]): PlaybookFault[] {
  const read = createReaderOf(playbooks);
  return playbooks.flatMap((playbook) => {
    const counts = { example: 0, pattern: 0 };
    return playbook.wordings.flatMap((wording): PlaybookFault[] => {
      const index = counts[wording.kind]++;
      const message = wordingFault(playbook, wording, read);
      const place = ["match", `${wording.kind}s`, index];
      return message === undefined ? [] : [{ where: playbook.whereIs(place), message }];
    });
  });
}

function wordingFault(playbook: OwnPlaybook, wording: Wording, read: (request: string) => Read): string | undefined {
  const sentences = sentencesOf(wording.form, playbook).slice(0, MAX_SENTENCES);
  const problems = sentences.map(({ text, values }) => {
    const found = read(text);
    const problem = problemOf(found, playbook, values);
    const told = problem?.startsWith(`"${text}"`) ? problem : `"${text}": ${problem}`;
    return problem === undefined ? undefined : told.replace(/\.$/, "");
  });
  const first = problems.find((problem) => problem !== undefined);
  if (first === undefined) return undefined;
  if (problems.every((problem) => problem !== undefined)) return `it never matches, such as ${first}`;
  return `not all of it matches: ${first}`;
}

function problemOf(found: Read, playbook: OwnPlaybook, said: JsonObject): string | undefined {
  if (!("playbook" in found)) return found.problem;
  if (found.playbook !== playbook) return `the playbook "${found.playbook.name}" takes it`;
  const name = Object.keys(said).find((one) => !isDeepStrictEqual(found.values[one], said[one]));
  return name === undefined ? undefined : `{${name}} is read as ${JSON.stringify(found.values[name])}`;
}

interface Sentence {
  readonly text: string;
  readonly values: JsonObject;
}

/** Sentences of a form in which each alternative stands at least once. */
function sentencesOf(form: Form, playbook: OwnPlaybook): Sentence[] {
  switch (form.kind) {
    case "word":
      return [{ text: form.word, values: {} }];
    case "slot":
      return [holeSentence(form.name, playbook.parameters[form.name] as Parameter)];
    case "choice":
      return form.options.flatMap((option) => sentencesOf(option, playbook));
    case "repeat":
      return [...sentencesOf(form.part, playbook), { text: "", values: {} }];
    case "sequence":
      return joined(form.parts.map((part) => sentencesOf(part, playbook)));
  }
}

/** One sentence with the first of each part, then one for each of the others with the rest as in the first. */
function joined(parts: readonly Sentence[][]): Sentence[] {
  const usual = parts.map(([first = { text: "", values: {} }]) => first);
  const varied = parts.flatMap((part, index) => part.slice(1).map((other) => usual.with(index, other)));
  return [usual, ...varied].map((sentence) => ({
    text: sentence
      .map(({ text }) => text)
      .filter(Boolean)
      .join(" "),
    values: Object.assign({}, ...sentence.map(({ values }) => values)),
  }));
}

function holeSentence(name: string, parameter: Parameter): Sentence {
  const [value = null] = samplesOf(parameter);
  return { text: inWords(parameter, parameter.type, value), values: { [name]: value } };
}

/** A value as a request would say it; a text that is an example of somebody's own stands between quotation marks. */
function inWords(parameter: Parameter, type: Parameter["type"], value: Json): string {
  if (typeof type === "object" && "listOf" in type && Array.isArray(value)) {
    const items = value.map((item) => inWords(parameter, type.listOf, item));
    return items.length > 1 ? `${items.slice(0, -1).join(", ")} and ${items.at(-1)}` : items.join("");
  }
  const isOwn = value === parameter.example || value === parameter.default;
  if (isOwn && isText(type)) return `"${String(value)}"`;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return type === "money" ? `${currencyOf(parameter)} ${value}` : String(value);
}

const isText = (type: Parameter["type"] | ItemType): boolean => type === "text" || type === "name";
