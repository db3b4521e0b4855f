/** Text from outside, made so that every database takes it. */

/** The text with NUL and halves of surrogate pairs replaced by U+FFFD, which Postgres and UTF-8 cannot hold. */
export const storableText = (text: string): string => text.toWellFormed().replaceAll("\u0000", "\uFFFD");

/** A text cut to about a number of characters, between two words where it can be; what was left out is said. */
export function shortened(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const cut = text.slice(0, characters);
  // Half of a name, an address or a key would no longer be known for what it is.
  const whole = cut.replace(/\s\S{0,100}$/, "");
  return `${whole.toWellFormed()} … (${text.length} characters in all)`;
}
