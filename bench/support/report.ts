/** What a measurement says: a line for each figure, and for those that have a limit whether it is kept. */
export interface Report {
  /** A heading of the lines that follow. */
  title(text: string): void;
  line(what: string, value: string): void;
  /** A figure that must be at most `max`. @param shown the figure in words, by default with its unit */
  limit(what: string, figure: Figure): void;
  /** Every figure with a limit so far, in order. */
  readonly limits: readonly Limited[];
}

interface Figure {
  readonly value: number;
  readonly max: number;
  /** Such as "ms" or "x the floor". */
  readonly unit: string;
  /** What it was made of, such as the two times of a ratio. */
  readonly of?: string;
}

interface Limited extends Figure {
  readonly title: string;
  readonly what: string;
  readonly ok: boolean;
}

/** @param write takes the text, line by line */
export function createReport(write: (text: string) => void): Report {
  const limits: Limited[] = [];
  let heading = "";
  const line = (what: string, value: string) => write(`  ${what.padEnd(62)} ${value}\n`);
  return {
    limits,
    line,
    title: (text) => {
      heading = text;
      write(`\n${text}\n`);
    },
    limit: (what, figure) => {
      const { value, max, unit, of } = figure;
      const ok = value <= max;
      limits.push({ ...figure, title: heading, what, ok });
      const words = `${round(value)} ${unit} (at most ${max})${of === undefined ? "" : `, ${of}`}`;
      line(what, `${ok ? "ok  " : "OVER"} ${words}`);
    },
  };
}

/** Three digits that count. */
const round = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3).replace(/\.?0+$/, "");

export const ms = (value: number): string => `${round(value)} ms`;
