/** Dates and times as requests write them. "01/02/2030" has two meanings and is none; "tomorrow" depends on where one is. */

const MONTHS = "january february march april may june july august september october november december".split(" ");
const DAY = String.raw`(?<day>\d{1,2})(?:st|nd|rd|th)?`;
const MONTH = String.raw`(?<month>\p{L}{3,9})\.?`;
const YEAR = String.raw`(?<year>\d{4})`;
const WRITTEN = [
  new RegExp(`^${DAY} (?:of )?${MONTH},? ${YEAR}$`, "iu"),
  new RegExp(`^${MONTH} ${DAY},? ${YEAR}$`, "iu"),
];
const OFFSET = String.raw`(?<offset>z|utc|gmt|[+-]\d{2}:?\d{2})`;
const TIME = new RegExp(
  String.raw`^(?<date>\d{4}-\d{2}-\d{2})(?:t| |, | at )(?<time>\d{2}:\d{2}(?::\d{2})?) ?${OFFSET}$`,
  "iu",
);

/** "2030-01-31", "31 January 2030" or "January 31, 2030", as the first of them; else undefined. */
export function readDate(said: string): string | undefined {
  const text = said.replace(/\s+/gu, " ");
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  const groups = WRITTEN.map((pattern) => pattern.exec(text)?.groups).find((found) => found !== undefined);
  const named = groups?.month?.toLowerCase() ?? "";
  const month = MONTHS.findIndex((name) => name === named || (named.length === 3 && name.startsWith(named))) + 1;
  if (!groups || month === 0) return undefined;
  return `${groups.year}-${String(month).padStart(2, "0")}-${(groups.day ?? "").padStart(2, "0")}`;
}

/** "2030-01-31T09:00:00+01:00", "2030-01-31 09:00 UTC"; a time without its offset from UTC is none. */
export function readDateTime(said: string): string | undefined {
  const groups = TIME.exec(said.replace(/\s+/gu, " ").replace(/[−–]/gu, "-"))?.groups;
  if (!groups) return undefined;
  const { date, time = "", offset = "" } = groups;
  const zone = /^[+-]/.test(offset) ? offset.replace(/^(...):?(..)$/, "$1:$2") : "Z";
  return `${date}T${time.length === 5 ? `${time}:00` : time}${zone}`;
}
