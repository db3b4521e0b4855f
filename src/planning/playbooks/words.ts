/**
 * Which words may stand in a free position (a product's name, an adjective, a customer's name). Strictness lives here:
 * a word that can change what is asked (a negation, a condition, a time, another verb) is never part of a name.
 */
import type { Sentence } from "./sentence.ts";

const list = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/u).filter(Boolean));

/** What everything in the store is, so that it says nothing about which product is meant. */
export const GENERIC_NOUNS = list(`
  sunglasses sunglass glasses shades sunnies specs spectacles frames eyewear
  ones products product items item models model styles style`);

/** What sunglasses are counted in. A pair of sunglasses is one. */
export const UNITS = list("pair pairs piece pieces pcs unit units");

const RESERVED: ReadonlySet<string> = new Set([
  // negations, exceptions
  ...list(`
    no not non never none nothing neither nor without dont doesnt didnt wont cant cannot isnt arent nobody except
    excluding but unless instead rather hardly stop`),
  // conditions, doubt
  ...list(`
    if when whenever until till while once maybe perhaps possibly probably might could should would whether or
    either otherwise else provided assuming depending approximately approx about around roughly nearly almost`),
  // joints
  ...list(`
    and plus then also too because due since so though although than both well`),
  // pronouns, question words
  ...list(`
    i me my mine myself we us our ours ourselves you your yours he him his she her hers it its they them their
    theirs who whom whose whoever what whatever which that this these those everything everybody anything
    something someone somebody anyone anybody everyone here there where why how yes`),
  // determiners, amounts
  ...list(`
    a an the some any all every each few several many much more most less least fewer lot lots bunch enough
    another other others same half quarter only just exactly precisely extra additional maximum max minimum min
    lower higher greater worth twice thrice times`),
  // prepositions, directions
  ...list(`
    for to from of in on at by with into onto out off over under above below between among within during before
    after against per via through across behind beyond upon up down back again near next last first`),
  // auxiliaries, wishes
  ...list(`
    be is are am was were been being do does did done have has had having will shall can may must let wants wanted
    want need needs like likes wish love get gets got gotten give gives gave take takes took taken make makes`),
  // times
  ...list(`
    now today tonight tomorrow yesterday later soon asap immediately urgently quickly currently recently always
    weekly daily monthly monday tuesday wednesday thursday friday saturday sunday january february march april
    june july august september october november december morning afternoon evening night noon midnight week weeks
    weekend month months year years day days hour hours minute minutes ago already yet still starting`),
  // courtesy
  ...list(`
    please thanks thank thx cheers kindly hi hello hey sorry ok okay`),
  // verbs of requests
  ...list(`
    buy buys bought purchase purchased order ordered sell sold return returned refund restock replenish add remove
    set put cancel delete drop transfer undo reverse pay charge ship deliver update change increase decrease
    reduce adjust correct exchange swap replace reserve hold send bring keep go show list find search look tell
    see ask know insert select truncate deduct subtract write clear wipe reset email call`),
  // money
  ...list(`
    dollar dollars buck bucks usd eur euro euros pound pounds cent cents price prices priced pricing cost costs
    costing cheap cheaper cheapest expensive total discount free gratis percent money`),
  // the store's own words
  ...list(`
    customer customers client clients mr mrs ms stock inventory available left transaction transactions orders
    purchases sale sales refunds returns receipt receipts invoice invoices balance balances account accounts
    history database table tables password weather`),
  // numbers
  ...list(`
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand
    thousands million billion dozen dozens couple minus negative x`),
]);

/** What "for ..." is followed by when it names a purpose or a relation rather than a customer. */
const NOT_CUSTOMERS = list(`
  resale gift gifts present presents christmas easter birthday birthdays wedding holiday holidays vacation summer winter
  spring autumn delivery pickup collection shipping fun work testing test display cash credit home school kids children
  child men women mom mum mother dad father wife husband son daughter brother sister friend friends family boss team
  office store shop sure good ever real certain wear use try resell cancel`);

/** Common words that say how or when; only a capital makes a name of them ("Alice Long", but not "alice afterwards"). */
const NOT_SMALL_NAMES = list(`
  able according actually afterwards ahead alone along amount anyway apart as aside away bad best better big bottom
  carefully cause certainly chance close come completely course deal definitely different directly double early
  easily end especially even ever express extra fake false fast finally fine forever forget found full fully further
  general good great help high himself herself however idea ignore including incorrectly indeed inside itself kind
  large late lately leave little long low made mean meanwhile mind new often old online outside own part past point
  possible practically pretend privately properly quietly quite real really recent right round safely say second
  secretly separately similar simply slowly small sooner straight such sure test thing think thus together top
  toward towards triple true try twofold type unfortunately unlike use used usual very wait whole wonder wrong`);

/** Reserved words that are names of people too; they need the word "customer" before them, and a capital. */
const ALSO_NAMES = list("will may april june august an so do my see love cheers");

/** In front of a name, with or without a full stop. */
export const TITLES = list("mr mrs ms miss mx dr prof professor sir madam");

/** Written small inside a name. */
export const NAME_PARTICLES = list(
  "de da di del della der den do dos das du la le van von ten ter bin ibn al el y e af av zu",
);

/** A reason may use any words but these: they would make it a second request, or a condition. */
const NOT_IN_REASONS = list(`
  if unless until till when or but except instead otherwise then please thanks thank cheers
  buy purchase order sell return refund restock replenish add remove set put cancel delete drop transfer undo reverse
  pay charge ship deliver update change increase decrease reduce adjust exchange swap replace reserve send bring give
  take show list find insert select truncate`);

function isReserved(word: string): boolean {
  return RESERVED.has(word) || word.endsWith("n't") || word === "'s";
}

/** True when the word at this place may be part of a customer's name; `labelled`: after the word "customer". */
export function isCustomerWord(sentence: Sentence, at: number, labelled: boolean): boolean {
  const word = sentence.word(at);
  const isName = isTitleCase(sentence, at);
  if (isReserved(word)) return labelled && isName && ALSO_NAMES.has(word);
  return (isName || !NOT_SMALL_NAMES.has(word)) && (labelled || !NOT_CUSTOMERS.has(word));
}

/** "Alice", but neither "alice" nor the "ALICE" of a request that shouts. */
export function isTitleCase(sentence: Sentence, at: number): boolean {
  const written = sentence.excerpt(at, at + 1);
  return sentence.isCapitalised(at) && (written !== written.toUpperCase() || written === written.toLowerCase());
}

/** True when the word at this place may be part of a product's name or description. */
export function isFreeWord(sentence: Sentence, at: number): boolean {
  const token = sentence.token(at);
  if (token?.kind !== "word" || GENERIC_NOUNS.has(token.text) || UNITS.has(token.text)) return false;
  return token.text.split("-").every((part) => !isReserved(part));
}

/** True when the token at this place may be part of a reason. */
export function isReasonWord(sentence: Sentence, at: number): boolean {
  const token = sentence.token(at);
  if (token?.kind === "word") return !NOT_IN_REASONS.has(token.text);
  return token?.kind === "number" || token?.text === ",";
}

/** The place after the run of words, from `at`, that `accepts` takes. */
export function skipWhile(at: number, accepts: (at: number) => boolean, most = 50): number {
  let end = at;
  while (end - at < most && accepts(end)) end += 1;
  return end;
}

/** "aviators" -> "aviator". Words in -ss, -us, -is and -as are left alone: most of them are no plurals ("Atlas"). */
export function singular(word: string): string {
  return /[^suia]s$/u.test(word) && word.length > 3 ? word.slice(0, -1) : word;
}
