/**
 * Writing a report: a file of its own that stays, whatever is taken back of the rest.
 *
 * 1. Its name is made of its title and its key: no argument chooses where it lies.
 * 2. Nobody ever sees half of it, and a repeat writes the same file.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { digestOf } from "../../domain/json.ts";
import { ActionFailure, asStorageError, explainError } from "../../errors.ts";
import { type ActionContext, defineAction, type WriteAction } from "../action.ts";
import { writeWhole } from "../write-whole.ts";
import type { Operations } from "./operations.ts";
import { begin, type Done, findDone, forget, settle, undoOnce } from "./receipts.ts";
import { toCsv } from "./reports/csv.ts";
import { gather } from "./reports/data.ts";
import { toHtml } from "./reports/html.ts";
import type { Page } from "./reports/page.ts";
import { toPdf } from "./reports/pdf.ts";
import { type Report, ReportSchema, titleOf } from "./reports/query.ts";

const NAME = "generate_report";
const FOLDER = "reports";

const OutputSchema = z.strictObject({
  /** Below the folder of the data. */
  file: z.string(),
  title: z.string(),
  format: z.string(),
  rows: z.int(),
});
type Written = z.infer<typeof OutputSchema>;

export function createGenerateReport(operations: Operations): WriteAction<Report, Written> {
  const { files } = operations;
  return defineAction({
    kind: "write",
    name: NAME,
    version: 1,
    title: "Generate a report",
    description:
      "Writes a report about the stock, the transactions or the tasks as a file, with a chart. It stays when the rest is " +
      "taken back.",
    input: ReportSchema,
    example: { about: "stock", format: "html" },
    output: OutputSchema,
    reversibility: "compensatable",
    idempotent: true,
    preview: async (report: Report) => [changeOf("new", report)],
    impact: ({ about }) => ({ level: "low", resources: [`${FOLDER}/${about}`], reversible: false, durationMs: 500 }),
    run: async (report: Report, context: ActionContext) => await write(operations, report, context),
    lookup: async (key, { tenant }) => findDone(files.db(), key, { action: NAME, tenant, output: OutputSchema }),
    undo: async ({ key, action, output }, context) => {
      const { file = "it" } = OutputSchema.safeParse(output).data ?? {};
      const work = () => `The report stays, as it says what was so then: ${file}.`;
      return undoOnce(files.db(), { key, action }, context, { work, already: "left where it is" });
    },
    summarize: (_args, { title, file, rows }) => `The report "${title}" is in ${file}, with ${counted(rows)}.`,
  });
}

/** The names of the reports that were written for a tenant. */
export function listReports({ files }: Pick<Operations, "files">, tenant: string): string[] {
  try {
    const entries = readdirSync(join(files.home, folderOf(tenant)), { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort();
  } catch {
    return [];
  }
}

/** Each tenant has its own, also where capitals and small letters are the same; no name leads elsewhere. */
function folderOf(tenant: string): string {
  if (tenant === "default") return FOLDER;
  const written = [...Buffer.from(tenant)].map((byte) => {
    const mark = String.fromCharCode(byte);
    return /[a-z0-9_-]/.test(mark) ? mark : `%${byte.toString(16).padStart(2, "0")}`;
  });
  return `${FOLDER}/${written.join("")}`;
}

const counted = (rows: number): string => (rows === 1 ? "1 row" : `${rows} rows`);

function changeOf(key: string, report: Report) {
  const { about, format } = report;
  return { table: FOLDER, key, before: null, after: { title: titleOf(report), about, format } };
}

async function write(operations: Operations, report: Report, context: ActionContext): Promise<Done<Written>> {
  const { files } = operations;
  const call = { action: NAME, args: report, context, output: OutputSchema };
  const known = begin(files.db(), call);
  if ("output" in known) return known;
  let output: Written;
  try {
    output = await writeFile(operations, report, context);
  } catch (error) {
    const why = explainError(asStorageError(error, join(files.home, FOLDER)));
    if (known.isRepeat) throw new Error(`An earlier attempt may have written the report. ${why}`, { cause: error });
    // The file gets its name with the last move: without that, there is none.
    forget(files.db(), context);
    throw new ActionFailure("failed", `The report could not be written: ${why}`, { cause: error });
  }
  const done = { output, changes: [changeOf(output.file, report)] };
  settle(files.db(), call, done);
  return done;
}

async function writeFile({ files, store }: Operations, report: Report, context: ActionContext): Promise<Written> {
  const { tenant, now, signal, idempotencyKey: key } = context;
  signal.throwIfAborted();
  const data = gather(report, { store: store().db, operations: files.db(), tenant });
  const title = titleOf(report);
  const said = `As of ${now}: ${counted(data.rows.length)}.`;
  const content = await render(report.format, { title, said, data, chart: report.chart ?? data.chart.kind, now });
  const file = `${folderOf(tenant)}/${fileNameOf(title, { tenant, key })}.${report.format}`;
  signal.throwIfAborted();
  writeWhole(join(files.home, file), content);
  return { file, title, format: report.format, rows: data.rows.length };
}

async function render(format: Report["format"], page: Page): Promise<string | Buffer> {
  if (format === "pdf") return await toPdf(page);
  return format === "csv" ? toCsv(page) : toHtml(page);
}

function fileNameOf(title: string, of: { tenant: string; key: string }): string {
  const slug = title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
  return `${slug || "report"}-${digestOf(of).slice(0, 12)}`;
}
