/** What the reads of a run brought, for `show`: in short, and of an investigation what it looked at. */
import { z } from "zod";
import type { Json } from "../domain/json.ts";
import { printable } from "../domain/printable.ts";
import { shortened } from "../domain/text.ts";
import type { ReadOutcome } from "../ledger/reads.ts";
import { heading } from "./text.ts";

/** Of what a read brought, in characters; why one failed is shown whole. */
const MAX_SHOWN = 300;

export function renderReads(reads: readonly ReadOutcome[]): string {
  if (reads.length === 0) return "";
  const lines = reads.flatMap(({ step, action, status, summary, output }) => {
    const text = status === "failed" ? summary : shortened(summary, MAX_SHOWN);
    return [`  ${step}: ${action}, ${status}: ${printable(text)}`, ...traceOf(output)];
  });
  return [heading("Reads"), ...lines].join("\n");
}

/** Where an output tells what was looked at. */
const TraceSchema = z.object({
  trace: z.array(
    z.object({ call: z.int(), action: z.string(), args: z.unknown(), status: z.string(), summary: z.string() }),
  ),
});

function traceOf(output: Json): string[] {
  const { data } = TraceSchema.safeParse(output);
  return (data?.trace ?? []).map(({ call, action, args, status, summary }) => {
    const called = `${action} ${shortened(JSON.stringify(args), 100)}`;
    return `    ${call}. ${printable(`${called}, ${status}: ${shortened(summary, 100)}`)}`;
  });
}
