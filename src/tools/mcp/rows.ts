/** The rows that a tool changes, as its declaration says: read as they are, and as they would be. */
import { canonicalJson, type JsonObject } from "../../domain/json.ts";
import type { Change, Row } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import type { ActionContext } from "../action.ts";
import { rowOf } from "../outside/row.ts";
import { type ChangeDeclaration, fitsAny, type ReadDeclaration } from "./declaration.ts";
import { beforehand, type CallParts, sent } from "./failures.ts";
import { outputOf } from "./output.ts";
import { fillObject, fillText, type Scope } from "./template.ts";

/** Each row by its name in the declaration; null where there is none, absent where nobody can read it. */
export type Rows = Readonly<Record<string, Row | null>>;

/** The text of a row may be so long, in characters: it is kept, and shown to people. */
const MAX_ROW = 200_000;

export type Changes = Readonly<Record<string, ChangeDeclaration>>;

/** What templates may refer to in every place. */
export const scopeOf = (args: JsonObject, context: ActionContext): Scope => {
  const { idempotencyKey: key, tenant, principal, now } = context;
  return { args, key, tenant, principal, now };
};

/** The rows as they are now. @throws ActionFailure when one cannot be read, or could not be restored */
export async function readRows(
  parts: Omit<CallParts, "tool">,
  changes: Changes,
  scope: Scope,
  signal: AbortSignal,
): Promise<Rows> {
  const rows: Record<string, Row | null> = {};
  for (const [name, { read }] of Object.entries(changes)) {
    if (read) rows[name] = await readRow({ ...parts, tool: read.tool }, read, scope, signal);
  }
  return rows;
}

async function readRow(
  parts: CallParts,
  read: ReadDeclaration,
  scope: Scope,
  signal: AbortSignal,
): Promise<Row | null> {
  const args = beforehand(() => fillObject(read.args, scope));
  const result = await sent(parts, args, signal);
  if (result.isError) {
    if (fitsAny(result.text, read.absent)) return null;
    throw new ActionFailure("invalid_request", `What stands there cannot be read: ${result.text.slice(0, 500)}`);
  }
  const row = rowOf(beforehand(() => fillObject(read.row, { ...scope, output: outputOf(result) })));
  const text = canonicalJson(row);
  if (text.length > MAX_ROW) {
    throw new ActionFailure(
      "invalid_request",
      `What stands there has ${text.length} characters; at most ${MAX_ROW} can be shown and restored.`,
    );
  }
  const texts = Object.values(row).filter((value) => typeof value === "string");
  if (texts.some((value) => fitsAny(value, read.refuse))) {
    throw new ActionFailure(
      "invalid_request",
      "What stands there could not be restored as it is: the declaration refuses it.",
    );
  }
  return row;
}

/** @throws ActionFailure when a row is there that must not be, or is not there that must be */
export function assertRows(changes: Changes, rows: Rows, scope: Scope): void {
  for (const [name, { only, table, key }] of Object.entries(changes)) {
    const row = rows[name];
    if (only === undefined || row === undefined || (only === "new") === (row === null)) continue;
    const is = row === null ? "does not exist" : "exists already";
    throw new ActionFailure("invalid_request", `The ${table} ${beforehand(() => fillText(key, scope))} ${is}.`);
  }
}

/** While staging: the rows as they will be once what stands before in the same proposal is done. */
export function withStaged(
  changes: Changes,
  rows: Rows,
  scope: Scope,
  { staged = [] }: { readonly staged?: readonly Change[] | undefined },
): Rows {
  if (staged.length === 0) return rows;
  const entries = Object.entries(rows).map(([name, row]): [string, Row | null] => {
    const { table = "", key = "" } = changes[name] ?? {};
    const of = beforehand(() => fillText(key, scope));
    const last = staged.findLast((change) => change.table === table && change.key === of);
    return [name, last ? last.after : row];
  });
  return Object.fromEntries(entries);
}

/** What is expected to become of the rows. */
export function expectedChanges(changes: Changes, before: Rows, scope: Scope): Change[] {
  return Object.entries(changes).map(([name, { table, key, after }]) => ({
    table,
    key: fillText(key, scope),
    before: before[name] ?? null,
    after: after === null ? null : rowOf(fillObject(after, { ...scope, before: before as JsonObject })),
  }));
}

/** What became of them: where it could be read, that. */
export function realChanges(expected: readonly Change[], changes: Changes, after: Rows | undefined): Change[] {
  const names = Object.keys(changes);
  return expected.map((change, index) => {
    const row = after?.[names[index] ?? ""];
    return row === undefined ? change : { ...change, after: row };
  });
}

export const isSame = (one: unknown, other: unknown): boolean =>
  canonicalJson(one ?? null) === canonicalJson(other ?? null);
