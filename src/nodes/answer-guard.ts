/**
 * The guardrail of answers. Models and actions word them, and may know more than whoever asked is to read: personal data
 * that neither the request nor what was planned and approved had named is masked, and cards, accounts and keys always are.
 */
import type { Answer } from "../domain/answer.ts";
import type { Finding, Row } from "../domain/proposal.ts";
import type { Snapshot } from "../domain/snapshots.ts";
import { isNamed, maskAnswer } from "../telemetry/mask-answer.ts";
import type { Facts } from "./answer.ts";

/** What those who asked and decided have said or seen already. */
export function knownTexts({ run, record, revision }: Pick<Facts, "run" | "record" | "revision">): string[] {
  const approved = record.decisions.filter(({ verdict }) => verdict === "approved" || verdict === "partly_approved");
  const proposals = record.proposals.filter(({ id }) => approved.some(({ proposalId }) => proposalId === id));
  return [
    run.request,
    run.requester,
    JSON.stringify((revision?.plan.steps ?? []).map(({ args }) => args)),
    JSON.stringify(proposals.map(({ actions }) => actions)),
    // Who decided, and in which words.
    JSON.stringify([run.cancellation, record.decisions]),
  ];
}

/** The answer as it may be given, and a finding when something of it was masked. */
export function guardAnswer(answer: Answer, known: readonly string[]): { answer: Answer; findings: Finding[] } {
  const named = isNamed(known);
  const text = maskAnswer(answer.text, named);
  const details = answer.details.map((line) => maskAnswer(line, named));
  const cells: string[] = [];
  const tables =
    answer.tables &&
    maskCells(answer.tables, (cell) => {
      const masked = maskAnswer(cell, named);
      cells.push(...masked.masked);
      return masked.text;
    });
  const kinds = [...[text, ...details].flatMap(({ masked }) => masked), ...cells];
  if (kinds.length === 0) return { answer, findings: [] };
  const what = [...new Set(kinds)].join(", ");
  const reason = `The answer held ${what} that nobody had named, or that is never shown; it was masked.`;
  return {
    answer: {
      ...answer,
      text: text.text,
      details: [...details.map((line) => line.text), reason],
      ...(tables ? { tables } : {}),
    },
    findings: [{ rule: "answer-personal-data", verdict: "allow", reason }],
  };
}

/** The tables with each text in their rows masked. */
function maskCells(tables: readonly Snapshot[], mask: (cell: string) => string): Snapshot[] {
  const masked = (row: Row | null): Row | null =>
    row &&
    Object.fromEntries(
      Object.entries(row).map(([field, cell]) => [field, typeof cell === "string" ? mask(cell) : cell]),
    );
  return tables.map(({ table, rows }) => ({
    table,
    rows: rows.map(({ key, before, after }) => ({ key: mask(key), before: masked(before), after: masked(after) })),
  }));
}
