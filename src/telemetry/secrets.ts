/** Finds keys and tokens: by the beginnings that their issuers give them, by what stands before them, and by their looks. */
import { type Find, findAll } from "./find.ts";

/** What issuers begin their keys with, what may not stand before that (`(?!)`: anything may), and what a key of theirs goes on with. */
const ISSUED: readonly (readonly [begin: string, before: string, rest: string])[] = [
  [
    "(?:sk|pk|rk)[-_]",
    "[A-Za-z0-9]",
    "(?:(?:live|test|proj|ant|svcacct|or|lf)[-_])?(?=[\\w-]{0,200}\\d)[\\w-]{12,200}",
  ], // OpenAI, Anthropic, Stripe
  [
    "(?:gh[pousr]_|github_pat_|glpat-|gldt-|npm_|hf_|gsk_|shp(?:at|ss|ca|pa)_|dop_v1_|lin_api_|whsec_|pypi-|dapi|tskey-|hvs\\.|ops_|figd_|xai-|r8_)",
    "[A-Za-z0-9]",
    "[\\w-]{8,255}",
  ],
  ["hp_[0-9a-f]{16}_", "[A-Za-z0-9]", "[\\w-]{8,255}"], // Holdpoint's own
  ["xox[abeoprs]-", "[A-Za-z0-9]", "[\\w-]{8,200}"], // Slack
  ["xapp-", "[A-Za-z0-9]", "[\\w-]{8,200}"],
  ["A(?:KIA|SIA|BIA|CCA)", "[A-Z0-9]", "[A-Z0-9]{12,16}(?![A-Za-z0-9])"], // AWS
  ["AIza", "[A-Za-z0-9]", "[\\w-]{30,40}"], // Google
  ["ya29\\.", "[A-Za-z0-9]", "[\\w-]{10,400}"],
  ["SG\\.", "[A-Za-z0-9]", "[\\w-]{16,32}\\.[\\w-]{16,64}"], // SendGrid
  ["eyJ", "[A-Za-z0-9]", "[\\w-]{8,4000}\\.[\\w-]{4,8000}(?:\\.[\\w-]{0,2000})?"], // JSON Web Token
  [
    "-----BEGIN ",
    "(?!)",
    "[A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\\s\\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)",
  ],
];
const ISSUED_BEGIN = new RegExp(ISSUED.map(([begin]) => begin).join("|"));
const ISSUED_TOKENS = ISSUED.map(([begin, before, rest]) => new RegExp(`(?<!${before})${begin}${rest}`, "g"));

const NAME =
  "(?:passw(?:or)?d|passphrase|passwort|pwd|secret|token(?!s)|api[ _-]?key|access[ _-]?key|private[ _-]?key|auth[ _-]?key|authorization|credentials?|client[ _-]?secret|session[ _-]?id|cvv|cvc)";
const VALUE = "(?<value>[^\\s\"'\\\\,;&<>(){}\\[\\]]{3,2000})";
const GIVEN = [
  `${NAME}["'\\\\]{0,4}\\s{0,3}(?:[:=]|=>|:=)\\s{0,3}["'\\\\]{0,4}(?:(?:bearer|basic|token|digest) {1,3})?${VALUE}`,
  // In prose only what has a digit in it: a token may also be "missing".
  `${NAME} (?:is|was|lautet|ist)[: ]{1,2}["'\`]?(?=[^\\s]{0,200}\\d)${VALUE}`,
  `(?<![A-Za-z])(?:bearer|basic) {1,3}(?=[\\w.~+/=-]{0,2000}[\\d=])(?<value>[\\w.~+/=-]{8,2000})`,
  "(?:[?&]|%3F|%26)(?:sig|signature|key|code|auth)(?:=|%3D)(?<value>[^\\s\"'&#]{6,2000})",
  '(?<![A-Za-z])(?:set-)?cookie["\']{0,2}\\s{0,3}[:=]\\s{0,3}(?<value>[^\\r\\n"]{3,4000})',
  "[a-z]{2,10}://(?<value>[^\\s/@:\"']{0,200}:[^\\s/@\"']{1,200})@",
].map((source) => new RegExp(source, "dgi"));

/** By their issuer's beginning; certain enough to be looked for in decoded and joined text. */
export const findIssuedTokens = (text: string): Find[] =>
  ISSUED_BEGIN.test(text) ? ISSUED_TOKENS.flatMap((pattern) => findAll(text, pattern, "token")) : [];

export const findGivenTokens = (text: string): Find[] => GIVEN.flatMap((pattern) => findAll(text, pattern, "token"));

const WORD = /(?<![\w+/=-])[A-Za-z0-9+/_-]{20,400}={0,2}(?![\w+/-])/g;
/** How often the sort of character changes for each character: names of things change seldom, random text often. */
const RANDOM_CHANGES = 0.33;
const MIN_RANDOM = 16;

const sortOf = (character: string): string =>
  /[a-z]/.test(character) ? "lower" : /[A-Z]/.test(character) ? "upper" : "digit";

/**
 * Whether a word looks drawn at random from small letters, capitals and digits. Hexadecimal ids and digests do not, and
 * parts that are plain words, as in the path of a file, do not count.
 */
function looksRandom(word: string): boolean {
  const drawn = word
    .split(/[/_=+-]/)
    .filter((part) => !/^(?:[A-Z]?[a-z]+(?:[A-Z][a-z]{2,}|\d)*|[A-Z]+|\d+)$/.test(part))
    .join("");
  if (drawn.length < MIN_RANDOM || !/[a-z]/.test(drawn) || !/[A-Z]/.test(drawn) || !/\d/.test(drawn)) return false;
  const sorts = [...drawn].map(sortOf);
  const changes = sorts.filter((sort, index) => index > 0 && sort !== sorts[index - 1]).length;
  return changes / drawn.length >= RANDOM_CHANGES && new Set(drawn).size >= 12;
}

export const findRandomTokens = (text: string): Find[] => findAll(text, WORD, "token", looksRandom);
