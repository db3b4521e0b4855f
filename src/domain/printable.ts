/** Text from outside must not be able to draw on the screen, or on the page, of the person who decides. */

/** Control characters (escape sequences among them) and marks that turn the direction of writing become visible. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A text on one line, with everything that is not plain to see written out as a code point. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return character === "\n" || character === "\t" ? " " : `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}
