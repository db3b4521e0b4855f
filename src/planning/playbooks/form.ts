/**
 * Forms: the little language in which playbooks say which wordings they take.
 *
 *   buy            that word          [me]            optional            {items}        a slot, see slots.ts
 *   (buy|order)    one of these       (very)*         any number of times {items:priced} a slot with an option
 *   <buyer>        the phrase of that name, from the playbook's `phrases`
 *
 * Marks are written as tokens of their own: "{items} [,] for {name}".
 */
import { HoldpointError } from "../../errors.ts";

export type Form =
  | { readonly kind: "word"; readonly word: string }
  | { readonly kind: "slot"; readonly name: string; readonly option: string | undefined }
  | { readonly kind: "sequence"; readonly parts: readonly Form[] }
  | { readonly kind: "choice"; readonly options: readonly Form[] }
  | { readonly kind: "repeat"; readonly part: Form };

export type Phrases = Readonly<Record<string, string>>;

/** A form that cannot be read. `offset` is where, in characters from its beginning. */
export class FormFault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const SYMBOL = /[()[\]|*]|\{[^{}]*\}|<[^<>]*>|[^\s()[\]|*{}<>]+|[{}<>]/gu;
const CLOSING: Record<string, string> = { "(": ")", "[": "]" };

/**
 * A function that reads forms which may use these phrases; each phrase is read once. Forms are part of a playbook, so
 * a mistake in one is a defect of the project.
 * @throws HoldpointError `internal` for an unknown phrase, phrases that contain each other, and unbalanced brackets.
 */
export function createFormParser(phrases: Phrases): (text: string) => Form {
  const parse = createUserFormParser(phrases, (word) => [word]);
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof FormFault)) throw error;
      throw new HoldpointError("internal", `The playbook form "${text}" does not fit: ${error.message}.`, {
        hint: "Mend the playbook.",
      });
    }
  };
}

/**
 * The same for forms that users write.
 * @param wordsOf what a word of the form is compared as: none, one or several words of a request
 * @returns a function that throws FormFault
 */
export function createUserFormParser(phrases: Phrases, wordsOf: (word: string) => string[]): (text: string) => Form {
  const known = new Map<string, Form | "being read">();
  const parse = (text: string): Form => {
    const symbols = [...text.matchAll(SYMBOL)].map(({ 0: symbol, index }) => ({ symbol, index }));
    const parser: Parser = { text, symbols, at: 0, phrase: parsePhrase, wordsOf };
    const form = parseChoice(parser);
    if (parser.at < symbols.length) throw faultAt(parser, parser.at, `an unexpected "${symbolAt(parser)}"`);
    return form;
  };
  const parsePhrase = (name: string): Form | string => {
    const earlier = known.get(name);
    const text = phrases[name];
    if (earlier === "being read") return `the phrase <${name}>, which contains itself`;
    if (earlier) return earlier;
    if (text === undefined) return `the unknown phrase <${name}>`;
    known.set(name, "being read");
    const form = parse(text);
    known.set(name, form);
    return form;
  };
  return parse;
}

interface Parser {
  readonly text: string;
  readonly symbols: readonly { readonly symbol: string; readonly index: number }[];
  /** The form of a phrase, or what is wrong with it. */
  readonly phrase: (name: string) => Form | string;
  readonly wordsOf: (word: string) => string[];
  at: number;
}

const symbolAt = ({ symbols, at }: Parser): string | undefined => symbols[at]?.symbol;

const faultAt = ({ symbols, text }: Parser, at: number, has: string): FormFault =>
  new FormFault(`it has ${has}`, symbols[at]?.index ?? text.length);

function parseChoice(parser: Parser): Form {
  const options = [parseSequence(parser)];
  while (symbolAt(parser) === "|") {
    parser.at += 1;
    options.push(parseSequence(parser));
  }
  const [only] = options;
  return options.length === 1 && only ? only : { kind: "choice", options };
}

function parseSequence(parser: Parser): Form {
  const parts: Form[] = [];
  for (;;) {
    const symbol = symbolAt(parser);
    if (symbol === undefined || [")", "]", "|"].includes(symbol)) return { kind: "sequence", parts };
    parser.at += 1;
    const part = parsePart(parser, symbol);
    const repeated = symbolAt(parser) === "*";
    if (repeated) parser.at += 1;
    parts.push(repeated ? { kind: "repeat", part } : part);
  }
}

function parsePart(parser: Parser, symbol: string): Form {
  const at = parser.at - 1;
  if (symbol === "(" || symbol === "[") return parseGroup(parser, symbol);
  if (symbol === "*") throw faultAt(parser, at, 'a "*" with nothing before it');
  if (/^[{}<>]$/u.test(symbol)) throw faultAt(parser, at, `an unexpected "${symbol}"`);
  if (symbol.startsWith("{")) {
    const [name = "", option] = symbol.slice(1, -1).split(":");
    return { kind: "slot", name, option };
  }
  if (!symbol.startsWith("<")) return wordForm(parser.wordsOf(symbol));
  const phrase = parser.phrase(symbol.slice(1, -1));
  if (typeof phrase === "string") throw faultAt(parser, at, phrase);
  return phrase;
}

function wordForm(words: readonly string[]): Form {
  const parts = words.map((word): Form => ({ kind: "word", word }));
  const [only] = parts;
  return parts.length === 1 && only ? only : { kind: "sequence", parts };
}

function parseGroup(parser: Parser, opening: "(" | "["): Form {
  const at = parser.at - 1;
  const inner = parseChoice(parser);
  if (symbolAt(parser) !== CLOSING[opening]) throw faultAt(parser, at, `no "${CLOSING[opening]}" for a "${opening}"`);
  parser.at += 1;
  return opening === "(" ? inner : { kind: "choice", options: [inner, { kind: "sequence", parts: [] }] };
}
