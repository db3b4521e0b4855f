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

const SYMBOL = /[()[\]|*]|\{[^{}]*\}|<[^<>]*>|[^\s()[\]|*{}<>]+|[{}<>]/gu;
const CLOSING: Record<string, string> = { "(": ")", "[": "]" };

/**
 * A function that reads forms which may use these phrases; each phrase is read once. Forms are part of a playbook, so
 * a mistake in one is a defect of the project.
 * @throws HoldpointError `internal` for an unknown phrase, phrases that contain each other, and unbalanced brackets.
 */
export function createFormParser(phrases: Phrases): (text: string) => Form {
  const known = new Map<string, Form | "being read">();
  const parse = (text: string): Form => {
    const parser: Parser = { text, symbols: text.match(SYMBOL) ?? [], at: 0, phrase: parsePhrase };
    const form = parseChoice(parser);
    if (parser.at < parser.symbols.length) throw formError(text, `an unexpected "${parser.symbols[parser.at]}"`);
    return form;
  };
  const parsePhrase = (name: string, user: string): Form => {
    const earlier = known.get(name);
    const text = phrases[name];
    if (earlier === "being read") throw formError(user, `the phrase <${name}>, which contains itself`);
    if (earlier) return earlier;
    if (text === undefined) throw formError(user, `the unknown phrase <${name}>`);
    known.set(name, "being read");
    const form = parse(text);
    known.set(name, form);
    return form;
  };
  return parse;
}

interface Parser {
  readonly text: string;
  readonly symbols: readonly string[];
  readonly phrase: (name: string, user: string) => Form;
  at: number;
}

function parseChoice(parser: Parser): Form {
  const options = [parseSequence(parser)];
  while (parser.symbols[parser.at] === "|") {
    parser.at += 1;
    options.push(parseSequence(parser));
  }
  const [only] = options;
  return options.length === 1 && only ? only : { kind: "choice", options };
}

function parseSequence(parser: Parser): Form {
  const parts: Form[] = [];
  for (;;) {
    const symbol = parser.symbols[parser.at];
    if (symbol === undefined || [")", "]", "|"].includes(symbol)) return { kind: "sequence", parts };
    parser.at += 1;
    const part = parsePart(parser, symbol);
    const repeated = parser.symbols[parser.at] === "*";
    if (repeated) parser.at += 1;
    parts.push(repeated ? { kind: "repeat", part } : part);
  }
}

function parsePart(parser: Parser, symbol: string): Form {
  if (symbol === "(" || symbol === "[") return parseGroup(parser, symbol);
  if (symbol === "*") throw formError(parser.text, 'a "*" with nothing before it');
  if (/^[{}<>]$/u.test(symbol)) throw formError(parser.text, `an unexpected "${symbol}"`);
  if (symbol.startsWith("{")) {
    const [name = "", option] = symbol.slice(1, -1).split(":");
    return { kind: "slot", name, option };
  }
  return symbol.startsWith("<") ? parser.phrase(symbol.slice(1, -1), parser.text) : { kind: "word", word: symbol };
}

function parseGroup(parser: Parser, opening: "(" | "["): Form {
  const inner = parseChoice(parser);
  if (parser.symbols[parser.at] !== CLOSING[opening])
    throw formError(parser.text, `no "${CLOSING[opening]}" for a "${opening}"`);
  parser.at += 1;
  return opening === "(" ? inner : { kind: "choice", options: [inner, { kind: "sequence", parts: [] }] };
}

function formError(form: string, fault: string): HoldpointError {
  return new HoldpointError("internal", `The playbook form "${form}" has ${fault}.`, { hint: "Mend the playbook." });
}
