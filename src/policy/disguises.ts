/**
 * The ways in which a text can be written so that it does not look like what it says: other forms of letters, letters
 * that cannot be seen, and encodings, also several on top of each other.
 *
 * Each reading is at most about as long as what it was read from, and there are at most {@link MAX_LAYERS} layers, so the
 * time is linear in the length of the text.
 */

/** One way to read a text. `how` says what it was disguised as, for people; the text as it stands has none. */
export interface Reading {
  readonly text: string;
  readonly how?: string;
}

const MAX_LAYERS = 3;

/** Not `\s`, which takes a letter without width (U+FEFF) for a space. */
const WHITE = /[\t\n\v\f\r\p{Z}]+/gu;
/** Letters that take no place, once white space is spaces: they control, format, join, or fill. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Mn}\u115f\u1160\u3164\uffa0]/gu;

/** Every way to read a text, as it stands first. */
export function readingsOf(text: string): Reading[] {
  const found = new Map<string, Reading>([[text, { text }]]);
  let layer: Reading[] = [{ text }];
  for (let depth = 0; depth <= MAX_LAYERS && layer.length > 0; depth++) {
    const folded = layer.flatMap(foldings);
    for (const reading of folded) if (!found.has(reading.text)) found.set(reading.text, reading);
    layer = [...new Set(folded)].flatMap(decodings).filter((reading) => !found.has(reading.text));
  }
  return [...found.values()];
}

/** With compatibility forms folded, and without what cannot be seen: as if it were not there, and as if it were a space. */
function foldings({ text, how }: Reading): Reading[] {
  const folded = text.normalize("NFKC").replace(WHITE, " ");
  const seen = folded.replace(UNSEEN, "");
  const said = how === undefined ? {} : { how };
  if (seen === folded) return [{ text: folded, ...said }];
  const spread = folded.replace(UNSEEN, " ");
  return [
    { text: seen, how: how ?? "invisible characters" },
    { text: spread.replace(WHITE, " "), how: how ?? "invisible characters" },
  ];
}

function decodings({ text, how }: Reading): Reading[] {
  const decoded: readonly [string, string | undefined][] = [
    ["escapes", unescaped(text)],
    ["base64", decodedRuns(text)],
    ["hexadecimal digits", decodedHex(text)],
  ];
  return decoded.flatMap(([name, reading]) =>
    reading === undefined || reading === text
      ? []
      : [{ text: reading, how: how === undefined ? name : `${how}, ${name}` }],
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " ", sol: "/", bsol: "\\", colon: ":", semi: ";" },
  ...{ lpar: "(", rpar: ")", lcub: "{", rcub: "}", lbrace: "{", rbrace: "}", vert: "|", equals: "=", period: "." },
  ...{ hyphen: "-", dash: "-", minus: "-", lowbar: "_", num: "#", ast: "*", tab: " ", newline: " ", plus: "+" },
};

const ESCAPES =
  /((?:%[0-9a-f]{2})+)|%u([0-9a-f]{4})|\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|\\([nrt])|&#x([0-9a-f]{1,6});?|&#(\d{1,7});?|&([a-z]{2,8});/gi;

/** Percent-encoding, escapes of program texts, and HTML entities; undefined where there are none. */
function unescaped(text: string): string | undefined {
  if (!/[%\\&]/.test(text)) return undefined;
  const decoded = text.replace(ESCAPES, (whole: string, percent?: string, ...rest: (string | undefined)[]) => {
    if (percent !== undefined) return Buffer.from(percent.replaceAll("%", ""), "hex").toString("utf8");
    const [percentU, braced, four, two, white, hex, decimal, entity] = rest;
    if (white !== undefined) return " ";
    if (entity !== undefined) return ENTITIES[entity.toLowerCase()] ?? whole;
    const digits = percentU ?? braced ?? four ?? two ?? hex;
    return letter(digits === undefined ? Number(decimal) : Number.parseInt(digits, 16)) ?? whole;
  });
  // In addresses a plus is a space.
  return decoded === text ? undefined : decoded.replaceAll("+", " ");
}

const letter = (code: number) => (code <= 0x10_ffff ? String.fromCodePoint(code) : undefined);

/** The shortest that says something blocked has five letters. */
const BASE64 = /[A-Za-z0-9+/_-]{7,}/g;

/**
 * What runs of base64 say, in either alphabet, also where something stands right before them: of each run all four
 * alignments are read. Most runs are words or ids, and say nothing that can be read.
 */
function decodedRuns(text: string): string | undefined {
  // Long ones are broken into lines.
  const joined = text.replace(/(?<=[A-Za-z0-9+/]{20}) (?=[A-Za-z0-9+/])/g, "");
  const said = [...joined.matchAll(BASE64)].flatMap(([run]) =>
    [0, 1, 2, 3].map((from) => readable(Buffer.from(run.slice(from), "base64"))),
  );
  return joinedOrNothing(said);
}

const HEX = /(?:(?:0x|\\x)?[0-9a-f]{2}[ ,:;-]{0,2}){5,}/gi;

function decodedHex(text: string): string | undefined {
  const said = [...text.matchAll(HEX)].flatMap(([run]) => {
    const digits = run.replace(/0x|\\x|[^0-9a-f]/gi, "");
    return [0, 1].map((from) => readable(Buffer.from(digits.slice(from), "hex")));
  });
  return joinedOrNothing(said);
}

function joinedOrNothing(said: readonly string[]): string | undefined {
  const joined = said.filter((part) => part !== "").join("\n");
  return joined === "" ? undefined : joined;
}

/** The stretches of bytes that are text, in UTF-8 or, with a zero between letters, in UTF-16. */
function readable(bytes: Buffer): string {
  return bytes
    .toString("utf8")
    .replaceAll("\u0000", "")
    .replace(WHITE, " ")
    .split(/[\p{Cc}\p{Co}\p{Cn}\ufffd]+/u)
    .filter((part) => part.length >= 5)
    .join("\n");
}
