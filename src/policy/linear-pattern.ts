/**
 * Regular expressions that cannot be made slow. The patterns of programs and rules run on an RE2 engine (re2js), whose
 * time grows with the text times the pattern and never faster: JavaScript's own engine tries every way to match, and on
 * `(a+)+$` thirty letters keep it busy for minutes. The price is that look-around and back-references are refused.
 *
 * A check of the pattern for what can be slow, with JavaScript's engine kept, was the other way; every such checker
 * lets some slow patterns pass, and refuses many harmless ones.
 */
import { RE2JS } from "re2js";

/** Longer ones are refused: the time for a text grows with the pattern. */
const MAX_PATTERN = 1000;

export interface LinearPattern {
  test(text: string): boolean;
  /** The first match, or undefined. */
  find(text: string): string | undefined;
}

const FLAGS: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
  // How these match in JavaScript is how re2js always does, or does not matter for a first match.
  ...{ g: 0, u: 0, v: 0, d: 0 },
};

/**
 * @param pattern JavaScript's notation as a RegExp, RE2's as text
 * @throws Error that says what in it the engine does not take
 */
export function linearPattern(pattern: RegExp | string): LinearPattern {
  const text = typeof pattern === "string" ? pattern : pattern.source;
  if (text.length > MAX_PATTERN) throw new Error(`it has ${text.length} characters; at most ${MAX_PATTERN} are taken`);
  const compiled =
    typeof pattern === "string" ? RE2JS.compile(text) : RE2JS.compile(RE2JS.translateRegExp(pattern), flagsOf(pattern));
  return {
    test: (subject) => compiled.test(subject),
    find: (subject) => {
      const matcher = compiled.matcher(subject);
      return matcher.find() ? (matcher.group() ?? "") : undefined;
    },
  };
}

function flagsOf({ flags }: RegExp): number {
  return [...flags].reduce((sum, flag) => {
    const meaning = FLAGS[flag];
    if (meaning === undefined) throw new Error(`the flag "${flag}" is not supported`);
    return sum | meaning;
  }, 0);
}
