/** What a report can be about: a closed set of questions, each with its own filters and groups. */
import { z } from "zod";
import { day, line } from "../../office/fields.ts";
import { wholeNumber } from "../../store/fields.ts";

const ABOUT = ["stock", "low_stock", "transactions", "tasks"] as const;
const FORMATS = ["html", "pdf", "csv"] as const;

/** What each can be grouped by, and which filters it has. */
const POSSIBLE = {
  stock: { groupBy: ["price"], filters: [] },
  low_stock: { groupBy: [], filters: ["atMost"] },
  transactions: { groupBy: ["day", "product", "customer"], filters: ["from", "until"] },
  tasks: { groupBy: ["assignee", "status", "priority"], filters: ["project"] },
} as const satisfies Record<(typeof ABOUT)[number], { groupBy: readonly string[]; filters: readonly string[] }>;

const oneOf = <const Options extends readonly [string, ...string[]]>(name: string, options: Options) =>
  z.enum(options, `${name} must be one of ${options.join(", ")}`);

export const ReportSchema = z
  .strictObject({
    about: oneOf("about", ABOUT).describe("stock: all products. low_stock: those that run out. transactions: money."),
    format: oneOf("format", FORMATS).describe("html and pdf have a chart, csv is for spreadsheets."),
    title: line("title", 120).optional(),
    groupBy: oneOf("groupBy", ["price", "day", "product", "customer", "assignee", "status", "priority"])
      .optional()
      .describe("stock: price. transactions: day, product or customer. tasks: assignee, status or priority."),
    atMost: wholeNumber("atMost", 0).optional().describe("low_stock: up to so many in stock. Default: 5."),
    from: day("from").optional().describe("transactions: from this day on (UTC)."),
    until: day("until").optional().describe("transactions: up to this day, and with it."),
    project: line("project", 100).optional().describe("tasks: of this project alone."),
    chart: oneOf("chart", ["bar", "line", "none"]).optional().describe("Default: what suits the question."),
  })
  .superRefine((report, context) => {
    const message = faultOf(report);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
export type Report = z.infer<typeof ReportSchema>;

interface Asked {
  readonly about: (typeof ABOUT)[number];
  readonly groupBy?: string | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

function faultOf(report: Asked): string | undefined {
  const { about, groupBy, from, until } = report;
  const groups: readonly string[] = POSSIBLE[about].groupBy;
  if (groupBy !== undefined && !groups.includes(groupBy)) {
    return `groupBy: ${about} can be grouped by ${groups.join(", ") || "nothing"}, and not by ${groupBy}`;
  }
  const own: readonly string[] = POSSIBLE[about].filters;
  const strange = ["atMost", "from", "until", "project"].find(
    (name) => !own.includes(name) && (report as unknown as Record<string, unknown>)[name] !== undefined,
  );
  if (strange !== undefined) return `${strange}: ${about} has ${own.join(", ") || "no filters"}`;
  return from !== undefined && until !== undefined && until < from
    ? `until: ${until} is before from, ${from}`
    : undefined;
}

const TITLES = {
  stock: "Stock",
  low_stock: "Low stock",
  transactions: "Transactions",
  tasks: "Tasks",
} as const satisfies Record<Report["about"], string>;

/** What it is called, where nobody says. */
export function titleOf({ title, about, groupBy, from, until, project }: Report): string {
  if (title !== undefined) return title;
  const by = groupBy === undefined ? "" : ` by ${groupBy}`;
  const since = from === undefined ? "" : ` from ${from}`;
  return `${TITLES[about]}${by}${since}${until === undefined ? "" : ` until ${until}`}${project === undefined ? "" : `: ${project}`}`;
}
