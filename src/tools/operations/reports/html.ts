/** A report as one page that loads nothing and runs nothing. */
import { layOut, toSvg } from "./chart.ts";
import { shown } from "./data.ts";
import { escapeXml } from "./escape.ts";
import type { Page } from "./page.ts";

const STYLE = `body{font:15px/1.5 sans-serif;margin:2rem auto;max-width:56rem;padding:0 1rem;color:#1d1d1f;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d8d8d8}
.n{text-align:right;font-variant-numeric:tabular-nums}figure{margin:1.5rem 0}svg{width:100%;height:auto}p{color:#555}`;

export function toHtml({ title, said, data, chart: kind }: Page): string {
  const { columns, rows } = data;
  const chart = kind === "none" ? undefined : layOut(data, kind);
  const classOf = (index: number) => (columns[index]?.kind === "text" ? "" : ' class="n"');
  const head = columns.map(({ name }, index) => `<th scope="col"${classOf(index)}>${escapeXml(name)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = columns.map(
      (column, index) => `<td${classOf(index)}>${escapeXml(shown(column, row[index] ?? null))}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeXml(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escapeXml(title)}</h1><p>${escapeXml(said)}</p>`,
    ...(chart ? [`<figure>${toSvg(chart, `${title}: ${data.chart.of.name}`)}</figure>`] : []),
    `<table><thead><tr>${head}</tr></thead><tbody>`,
    ...body,
    "</tbody></table></body></html>",
    "",
  ].join("\n");
}
