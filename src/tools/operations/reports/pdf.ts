/**
 * A report as PDF, with its chart drawn from the same places as the SVG. The fonts are those that every reader has, which
 * know the letters of Western Europe: whatever else a text holds is shown as "?".
 */
import { type Chart, COLOURS, HEIGHT, layOut, WIDTH } from "./chart.ts";
import { type Column, shown } from "./data.ts";
import type { Page } from "./page.ts";

type Document = PDFKit.PDFDocument;

const MARGIN = 50;
const ROW = 16;
const PADDING = 4;
const [REGULAR, BOLD] = ["Helvetica", "Helvetica-Bold"];
/** What Windows-1252 has beyond Latin-1, of what texts use. */
const KNOWN = /[^\t\n\x20-\x7e\u00a0-\u00ff€‚„…†‡‰Š‹ŒŽ‘’“”•–—™š›œžŸ]/gu;

const known = (text: string): string => text.toWellFormed().replace(KNOWN, "?");

export async function toPdf({ title, said, data, chart: kind, now }: Page): Promise<Buffer> {
  const { default: PDFDocument } = await import("pdfkit"); // it takes time to load, and few need it
  const info = {
    Title: title,
    Producer: "Holdpoint",
    Creator: "Holdpoint",
    CreationDate: new Date(now),
    ModDate: new Date(now),
  };
  const document = new PDFDocument({ size: "A4", margin: MARGIN, info, lang: "en", displayTitle: true });
  const parts: Buffer[] = [];
  document.on("data", (part: Buffer) => parts.push(part));
  const ended = Promise.withResolvers<void>();
  document.on("end", () => ended.resolve());
  document.on("error", ended.reject);
  document.font(BOLD).fontSize(18).text(known(title));
  document.font(REGULAR).fontSize(10).fillColor(COLOURS.axis).text(known(said)).moveDown();
  const chart = kind === "none" ? undefined : layOut(data, kind);
  if (chart) drawChart(document, chart);
  drawTable(
    document,
    data.columns,
    data.rows.map((row) => data.columns.map((one, at) => shown(one, row[at] ?? null))),
  );
  document.end();
  await ended.promise;
  return Buffer.concat(parts);
}

function drawChart(document: Document, chart: Chart): void {
  const scale = (document.page.width - 2 * MARGIN) / WIDTH;
  const top = document.y;
  document.save().translate(MARGIN, top).scale(scale).fontSize(10).lineWidth(1);
  for (const { y, label } of chart.ticks) {
    document.moveTo(chart.left, y).lineTo(chart.right, y).stroke(COLOURS.grid);
    const options = { width: chart.left - 6, align: "right", lineBreak: false } as const;
    document.fillColor(COLOURS.axis).text(known(label), 0, y - 4, options);
  }
  if (chart.kind === "line") drawLine(document, chart);
  for (const { x, y, width, height, label } of chart.marks) {
    if (chart.kind === "bar") document.rect(x, y, width, height).fill(COLOURS.mark);
    else document.circle(x, y, 3).fill(COLOURS.mark);
    const at = x + width / 2;
    document
      .save()
      .rotate(-35, { origin: [at, chart.foot + 8] })
      .fillColor(COLOURS.axis);
    const options = { width: 100, align: "right", lineBreak: false } as const;
    document.text(known(label), at - 100, chart.foot + 8, options).restore();
  }
  document.restore();
  document.x = MARGIN;
  document.y = top + HEIGHT * scale;
}

function drawLine(document: Document, { marks }: Chart): void {
  for (const [index, { x, y }] of marks.entries()) index === 0 ? document.moveTo(x, y) : document.lineTo(x, y);
  document.lineWidth(2).stroke(COLOURS.mark).lineWidth(1);
}

function drawTable(document: Document, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  const widths = widthsOf(document, columns, rows);
  const head = columns.map(({ name }) => name);
  drawRow(document, { cells: head, columns, widths, font: BOLD });
  for (const cells of rows) {
    if (document.y + ROW > document.page.height - MARGIN) {
      document.addPage();
      drawRow(document, { cells: head, columns, widths, font: BOLD });
    }
    drawRow(document, { cells, columns, widths, font: REGULAR });
  }
}

/** By their longest texts, within the page. */
function widthsOf(document: Document, columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  const room = document.page.width - 2 * MARGIN;
  const longest = columns.map(({ name }, at) =>
    Math.max(name.length + 2, ...rows.map((row) => row[at]?.length ?? 0), 6),
  );
  const capped = longest.map((length) => Math.min(length, 40));
  const sum = capped.reduce((all, one) => all + one, 0);
  return capped.map((length) => (length / sum) * room);
}

interface Row {
  readonly cells: readonly string[];
  readonly columns: readonly Column[];
  readonly widths: readonly number[];
  readonly font: string;
}

function drawRow(document: Document, { cells, columns, widths, font }: Row): void {
  const y = document.y;
  let x = MARGIN;
  document.font(font).fontSize(9).fillColor("#1d1d1f");
  for (const [at, width] of widths.entries()) {
    const align = columns[at]?.kind === "text" ? "left" : "right";
    const options = {
      width: width - 2 * PADDING,
      height: ROW - PADDING,
      align,
      ellipsis: true,
      lineBreak: true,
    } as const;
    document.text(known(cells[at] ?? ""), x + PADDING, y + PADDING, options);
    x += width;
  }
  document
    .moveTo(MARGIN, y + ROW)
    .lineTo(document.page.width - MARGIN, y + ROW)
    .lineWidth(0.5)
    .stroke(COLOURS.grid);
  document.x = MARGIN;
  document.y = y + ROW;
}
