/** What the name of a field says of its value. */
import type { Kind } from "./find.ts";

const SECRET =
  /(?:^| )(?:password|passwd|passwort|passphrase|pwd|secret|secrets|token|authorization|authentication|apikey|api key|access key|private key|signing key|encryption key|auth key|credential|credentials|cookie|cookies|set cookie|session id|bearer|otp|pin|cvv|cvc)(?: |$)/;
const PHONE = /(?:^| )(?:phone|telephone|mobile|cellphone|fax|phone number|telefon)(?: |$)/;
const ADDRESS =
  /(?:^| )(?:(?:postal|street|home|billing|shipping|delivery) address|address|street|zip code|postcode|postal code|anschrift)(?: |$)/;

/** The words of a name in camelCase, snake_case or kebab-case. */
const wordsOf = (name: string): string =>
  name
    .slice(0, 200)
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[^A-Za-z]+/g, " ")
    .toLowerCase();

/** What names were found to say: mostly they are the same few. */
const known = new Map<string, Kind | undefined>();
const MAX_KNOWN = 1000;

/** What the value of a field of this name is as a whole; undefined where only its text can tell. */
export function kindOfField(name: string): Kind | undefined {
  if (known.has(name)) return known.get(name);
  const kind = kindByWords(name);
  if (known.size < MAX_KNOWN && name.length <= 40) known.set(name, kind);
  return kind;
}

function kindByWords(name: string): Kind | undefined {
  const words = wordsOf(name);
  if (SECRET.test(words)) return "secret";
  if (PHONE.test(words)) return "phone";
  return ADDRESS.test(words) ? "address" : undefined;
}
