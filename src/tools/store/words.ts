/** Comparing words the way customers write them: without regard to case, and to singular or plural. */

/** The words of a text; whatever is neither letter nor digit separates them. */
export function wordsOf(text: string): string[] {
  return text.normalize("NFKC").match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** Whether two words are the same but for case and an English plural: lens and lenses, Aviators and aviator. */
export function isSameWord(a: string, b: string): boolean {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  return x === y || pluralsOf(x).includes(y) || pluralsOf(y).includes(x);
}

/** Whether two names are the same word for word, the last one in singular or plural. */
export function isSameName(a: string, b: string): boolean {
  const [x, y] = [wordsOf(a), wordsOf(b)];
  if (x.length === 0 || x.length !== y.length) return false;
  const last = x.length - 1;
  return x.every((word, i) => {
    const other = y[i] ?? "";
    return i === last ? isSameWord(word, other) : word.toLowerCase() === other.toLowerCase();
  });
}

function pluralsOf(word: string): string[] {
  return [`${word}s`, `${word}es`, ...(/[^aeiou]y$/.test(word) ? [`${word.slice(0, -1)}ies`] : [])];
}
