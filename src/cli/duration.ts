/** How long something took, for a person. */

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** @param ms milliseconds @returns such as `350 ms`, `2.4 s`, `3 min 12 s`, `2 h 5 min`, `4 d 1 h` */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const place = UNITS.findIndex(([, size]) => ms >= size);
  const [[unit, size] = ["s", 1000], next] = UNITS.slice(place);
  const rest = next ? Math.floor((ms % size) / next[1]) : 0;
  return `${Math.floor(ms / size)} ${unit}${next && rest > 0 ? ` ${rest} ${next[0]}` : ""}`;
}
