/** Where the parts of a chart stand, whatever draws them; and the chart as SVG. */
import { type ReportData, shown } from "./data.ts";
import { escapeXml } from "./escape.ts";

export const WIDTH = 640;
export const HEIGHT = 280;
const PLOT = { left: 76, right: 12, top: 12, bottom: 64 };
/** More of them cannot be told apart. */
const MAX_POINTS = 60;
/** Labels that would run into each other are left out. */
const MAX_LABELS = 12;
const MAX_LABEL = 14;

export const COLOURS = { mark: "#2563a8", axis: "#444444", grid: "#d8d8d8" } as const;

interface Mark {
  readonly x: number;
  /** The upper edge of a bar, or the place of a point of a line. */
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly label: string;
  /** In words, whole. */
  readonly says: string;
}

export interface Chart {
  readonly kind: "bar" | "line";
  readonly marks: readonly Mark[];
  readonly ticks: readonly { readonly y: number; readonly label: string }[];
  readonly left: number;
  readonly right: number;
  /** Where the labels stand. */
  readonly foot: number;
  /** How many points are left out. */
  readonly omitted: number;
  readonly description: string;
}

/**
 * Lays a chart out on a plane of {@link WIDTH} by {@link HEIGHT}.
 * @returns undefined when there is nothing to show
 */
export function layOut({ chart }: Pick<ReportData, "chart">, kind: Chart["kind"]): Chart | undefined {
  const points = chart.points.slice(0, MAX_POINTS);
  if (points.length === 0) return undefined;
  const { low, high, step } = scaleOf(points.map(({ value }) => value));
  const [left, right] = [PLOT.left, WIDTH - PLOT.right];
  const bottom = HEIGHT - PLOT.bottom;
  const yOf = (value: number) => round(bottom - ((value - low) / (high - low)) * (bottom - PLOT.top));
  const room = (right - left) / points.length;
  const every = Math.ceil(points.length / MAX_LABELS);
  const marks = points.map(({ label, value }, index): Mark => {
    const [x, width] = kind === "bar" ? [left + room * (index + 0.15), room * 0.7] : [left + room * (index + 0.5), 0];
    const [top, base] = [yOf(Math.max(0, value)), yOf(Math.min(0, value))];
    const place = kind === "bar" ? { y: top, height: round(base - top) } : { y: yOf(value), height: 0 };
    const says = `${label}: ${shown(chart.of, value)}`;
    return { x: round(x), width: round(width), ...place, label: index % every === 0 ? short(label) : "", says };
  });
  const ticks: { y: number; label: string }[] = [];
  for (let value = low; value <= high; value += step) ticks.push({ y: yOf(value), label: shown(chart.of, value) });
  const omitted = chart.points.length - points.length;
  const description = `${marks.map(({ says }) => says).join("; ")}.${omitted > 0 ? ` ${omitted} more are in the table.` : ""}`;
  return { kind, marks, ticks, left, right, foot: bottom, omitted, description };
}

/** From nothing, or below, to the highest value, in four to ten steps of 1, 2 or 5 times a power of ten. */
function scaleOf(values: readonly number[]): { low: number; high: number; step: number } {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const span = most - least || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = Math.max(1, [1, 2, 5, 10].map((times) => times * power).find((one) => span / one <= 8) ?? power * 10);
  return { low: Math.floor(least / step) * step, high: Math.max(Math.ceil(most / step) * step, step), step };
}

const round = (value: number): number => Math.round(value * 100) / 100;

const short = (label: string): string =>
  label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL - 1).toWellFormed()}…` : label;

/** Points of a line, in SVG's notation. */
const pathOf = (marks: readonly Mark[]): string =>
  marks.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");

/** The chart as SVG that stands inside a page; read out as its title and its values. */
export function toSvg(chart: Chart, title: string): string {
  const { left, right, foot } = chart;
  const grid = chart.ticks.map(
    ({ y, label }) =>
      `<line x1="${left}" y1="${y}" x2="${right}" y2="${y}" stroke="${COLOURS.grid}"/>` +
      `<text x="${left - 6}" y="${y + 4}" text-anchor="end">${escapeXml(label)}</text>`,
  );
  const marks = chart.marks.map(({ x, y, width, height, says }) =>
    chart.kind === "bar"
      ? `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${COLOURS.mark}"><title>${escapeXml(says)}</title></rect>`
      : `<circle cx="${x}" cy="${y}" r="3" fill="${COLOURS.mark}"><title>${escapeXml(says)}</title></circle>`,
  );
  const line =
    chart.kind === "line"
      ? [`<path d="${pathOf(chart.marks)}" fill="none" stroke="${COLOURS.mark}" stroke-width="2"/>`]
      : [];
  const labels = chart.marks
    .filter(({ label }) => label !== "")
    .map(({ x, width, label }) => {
      const at = round(x + width / 2);
      return `<text x="${at}" y="${foot + 14}" text-anchor="end" transform="rotate(-35 ${at} ${foot + 14})">${escapeXml(label)}</text>`;
    });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="chart-title chart-desc">`,
    `<title id="chart-title">${escapeXml(title)}</title>`,
    `<desc id="chart-desc">${escapeXml(chart.description)}</desc>`,
    `<g font-family="sans-serif" font-size="11" fill="${COLOURS.axis}">`,
    ...[...grid, ...line, ...marks, ...labels],
    "</g></svg>",
  ].join("\n");
}
