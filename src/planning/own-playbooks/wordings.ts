/** The wordings of a playbook: what `match` says, ready to be read. */
import { COURTESY } from "../playbooks/courtesy.ts";
import { createUserFormParser, type Form, FormFault, type Phrases } from "../playbooks/form.ts";
import type { Parameters } from "./declaration.ts";
import { wordsOf } from "./request-words.ts";

export interface Wording {
  readonly kind: "example" | "pattern";
  readonly text: string;
  readonly form: Form;
}

const POLITE: Phrases = {
  ...COURTESY,
  greetings:
    "hola | bonjour | salut | hallo | guten (morgen|tag|abend) | ciao | buongiorno | olá | bom dia | hej | hei | cześć | ahoj | привет | здравствуйте | merhaba | 你好 | 您好 | こんにちは | 안녕하세요 | مرحبا | שלום | नमस्ते",
  pleases:
    "bitte | por favor | s'il (vous|te) plaît | per favore | per piacere | alstublieft | alsjeblieft | vänligen | proszę | prosím | пожалуйста | lütfen | 请 | 請 | お願いします | 부탁합니다 | من فضلك | בבקשה | कृपया",
  thanking:
    "danke [schön] | vielen dank | [muchas] gracias | merci [beaucoup] | grazie [mille] | obrigado | obrigada | tack | takk | kiitos | dziękuję | děkuji | спасибо | teşekkürler | 谢谢 | 謝謝 | ありがとうございます | 감사합니다 | شكرا | תודה | धन्यवाद",
  anyBefore: "(<before> | <greetings> | <pleases>)*",
  anyAfter: "(<after> | <pleases> | <thanking>)*",
};

const foldedWords = (text: string): string[] => wordsOf(text).map((word) => word.text);

/** What may stand before and after every wording. */
export const surroundings = (): { before: Form; after: Form } => {
  const parse = createUserFormParser(POLITE, foldedWords);
  return { before: parse("<anyBefore>"), after: parse("<anyAfter>") };
};

/**
 * Reads a wording. In an example everything but its holes is to be said as it stands; a pattern is a form, see
 * playbooks/form.ts.
 * @throws FormFault where it cannot be read, or would match without saying all that the playbook needs
 */
export function readWording(kind: Wording["kind"], text: string, parameters: Parameters): Wording {
  const form = kind === "example" ? exampleForm(text) : createUserFormParser({}, foldedWords)(text);
  checkHoles(form, text, parameters);
  return { kind, text, form };
}

function exampleForm(text: string): Form {
  const parts = text.split(/\{([^{}]*)\}/u).flatMap((part, index): Form[] => {
    if (index % 2 === 1) return [{ kind: "slot", name: part, option: undefined }];
    return foldedWords(part).map((word) => ({ kind: "word", word }));
  });
  return { kind: "sequence", parts };
}

function checkHoles(form: Form, text: string, parameters: Parameters): void {
  const fault = (message: string, hole?: string) =>
    new FormFault(message, hole === undefined ? 0 : Math.max(0, text.indexOf(`{${hole}`)));
  for (const hole of holesIn(form)) {
    const wrong = holeFault(hole, parameters);
    if (wrong !== undefined) throw fault(wrong, hole.name);
  }
  const twice = repeatedHole(form);
  if (twice !== undefined)
    throw fault(`{${twice}} can stand in it twice, and it could not be told which counts`, twice);
  if (!hasWord(form)) throw fault("it can match without a word of its own, and would take any request");
  const given = certainHoles(form);
  const isNeeded = (name: string) => !parameters[name]?.optional && parameters[name]?.default === undefined;
  const silent = Object.keys(parameters).find((name) => !given.has(name) && isNeeded(name));
  if (silent === undefined) return;
  throw fault(
    `it can match without {${silent}}, which is needed: say it there, give it a default, or make it optional`,
  );
}

function holeFault({ name, option, isRepeated }: Hole, parameters: Parameters): string | undefined {
  if (isRepeated) return `{${name}} stands in what may be repeated; a list is a parameter of the type listOf`;
  if (option === undefined && Object.hasOwn(parameters, name)) return undefined;
  const known = Object.keys(parameters);
  const instead = known.length > 0 ? `there are ${known.join(", ")}` : "the playbook has none";
  return `there is no parameter "${option === undefined ? name : `${name}:${option}`}"; ${instead}`;
}

interface Hole {
  readonly name: string;
  readonly option: string | undefined;
  readonly isRepeated: boolean;
}

function holesIn(form: Form, isRepeated = false): Hole[] {
  switch (form.kind) {
    case "word":
      return [];
    case "slot":
      return [{ name: form.name, option: form.option, isRepeated }];
    case "sequence":
      return form.parts.flatMap((part) => holesIn(part, isRepeated));
    case "choice":
      return form.options.flatMap((option) => holesIn(option, isRepeated));
    case "repeat":
      return holesIn(form.part, true);
  }
}

/** A hole that two parts of one reading may have. */
function repeatedHole(form: Form): string | undefined {
  const parts = form.kind === "sequence" ? form.parts : [];
  const seen = new Set<string>();
  for (const part of parts) {
    const names = new Set(holesIn(part).map(({ name }) => name));
    const twice = [...names].find((name) => seen.has(name));
    if (twice !== undefined) return twice;
    for (const name of names) seen.add(name);
  }
  const inner = form.kind === "choice" ? form.options : parts;
  return inner.map(repeatedHole).find((name) => name !== undefined);
}

/** Whether every reading has a word. */
function hasWord(form: Form): boolean {
  if (form.kind === "sequence") return form.parts.some(hasWord);
  if (form.kind === "choice") return form.options.every(hasWord);
  return form.kind === "word";
}

/** The holes that every reading has. */
function certainHoles(form: Form): Set<string> {
  switch (form.kind) {
    case "slot":
      return new Set([form.name]);
    case "sequence":
      return new Set(form.parts.flatMap((part) => [...certainHoles(part)]));
    case "choice": {
      const [first = new Set<string>(), ...others] = form.options.map(certainHoles);
      return new Set([...first].filter((name) => others.every((other) => other.has(name))));
    }
    default:
      return new Set();
  }
}
