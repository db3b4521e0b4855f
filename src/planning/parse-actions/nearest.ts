const MAX_NAME = 64;
const MAX_OFFERED = 3;

/** The names that a wrong one may stand for, nearest first; none when none is near. */
export function nearest(name: string, names: readonly string[]): string[] {
  const given = plain(name.slice(0, MAX_NAME));
  const most = Math.max(2, Math.floor(given.length / 3));
  return names
    .map((known) => ({ known, distance: distanceOf(given, plain(known.slice(0, MAX_NAME))) }))
    .filter(({ distance }) => distance <= most)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, MAX_OFFERED)
    .map(({ known }) => known);
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_.-]/g, "");

/** How many letters have to be put in, left out or exchanged (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= other.length; column++) {
      const exchanged = (row[column - 1] ?? 0) + (letter === other[column - 1] ? 0 : 1);
      next.push(Math.min(exchanged, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
