/** How a secret may come back from outside: as it is, and as programs write it on the way. */

/** The parts of Base64 that stand for a secret alone; shorter ones would be found in anything. */
const MIN_CORE = 8;

/**
 * A pattern that finds secrets in text: as they are, and character by character as JSON, addresses, forms or HTML escape
 * them; as a whole in hexadecimal digits, and in both kinds of Base64, also in the middle of something longer.
 * @returns undefined where there are none
 */
export function secretPattern(secrets: readonly string[]): RegExp | undefined {
  // The longest first: one may hold another.
  const known = secrets.filter((secret) => secret !== "").toSorted((one, other) => other.length - one.length);
  const whole = known.flatMap(encodedForms).toSorted((one, other) => other.length - one.length);
  const forms = [...whole.map(literal), ...known.map((secret) => [...secret].map(characterForms).join(""))];
  return forms.length === 0 ? undefined : new RegExp([...new Set(forms)].join("|"), "g");
}

const hexOf = (code: number, digits: number): string => code.toString(16).padStart(digits, "0");

/** Digits in either case. */
const anyCase = (hex: string): string => hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);

/** Each UTF-16 unit written out, so that none has a meaning in a pattern. */
const literal = (text: string): string => text.replace(/[\s\S]/g, (unit) => `\\u${hexOf(unit.charCodeAt(0), 4)}`);

const NAMED: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };

function characterForms(character: string): string {
  const bytes = [...Buffer.from(character)];
  const code = character.codePointAt(0) ?? 0;
  const units = character.replace(/[\s\S]/g, (unit) => `\\\\u${anyCase(hexOf(unit.charCodeAt(0), 4))}`);
  const named = NAMED[character];
  const forms = [
    literal(character),
    literal(JSON.stringify(character).slice(1, -1)),
    ...(character === "/" ? [literal("\\/")] : []),
    ...(character === " " ? [literal("+")] : []),
    units,
    bytes.map((byte) => `%${anyCase(hexOf(byte, 2))}`).join(""),
    `&#0*${code};`,
    `&#[xX]0*${anyCase(hexOf(code, 1))};`,
    ...(named === undefined ? [] : [`&${named};`]),
  ];
  return `(?:${[...new Set(forms)].join("|")})`;
}

function encodedForms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const base64 = [bytes.toString("base64").replace(/=+$/, ""), ...coresOf(bytes)];
  const urlSafe = base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"));
  return [...new Set([hex, hex.toUpperCase(), ...base64, ...urlSafe])];
}

/** What stands for the bytes alone in Base64 of something longer, wherever in it they begin. */
function coresOf(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const core = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return core.length < MIN_CORE ? [] : [core];
  });
}
