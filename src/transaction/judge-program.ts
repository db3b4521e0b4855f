/** Whether what a program came to counts, and if not, what its author is told. */
import { isStorable } from "../domain/json.ts";
import { type ProgramOutcome, ProgramResultSchema, type ProgramWrite, rowsFault } from "../domain/program.ts";
import { storableText } from "../domain/text.ts";
import type { ProgramEnd } from "../sandbox/run-program.ts";

/** What it staged, and which writes could not be: a sentence each. */
export interface Staged {
  readonly writes: readonly ProgramWrite[];
  readonly refused: readonly string[];
}

type Judged = Pick<ProgramOutcome, "faults" | "result">;

/** All of a program but whether what it says is to be trusted. */
export function judgeProgram(end: ProgramEnd, staged: Staged): Omit<ProgramOutcome, "untrusted"> {
  const { log, calls, workedMs } = end;
  return {
    ...judge(end, staged),
    failure: end.kind === "threw" ? (failureOf(end.status) ?? null) : null,
    log: log.map(storableText),
    writes: [...staged.writes],
    calls,
    workedMs: Math.round(workedMs * 100) / 100,
  };
}

function judge(end: ProgramEnd, { refused }: Staged): Judged {
  if (end.kind === "stopped") return faulty(end.message);
  if (end.kind === "threw") return faulty(`${end.line === undefined ? "" : `Line ${end.line}: `}${end.message}`);
  if (!isStorable(end.value)) return faulty("What it returned holds a NUL or half a surrogate pair.");
  const parsed = ProgramResultSchema.safeParse(end.value);
  if (!parsed.success) {
    const said = parsed.error.issues.map(({ path, message }) => `${["the result", ...path].join(".")}: ${message}`);
    return { faults: said.slice(0, MAX_FAULTS).map(storableText), result: null };
  }
  const fault = rowsFault(parsed.data.rows ?? []);
  if (fault !== undefined) return faulty(`the result.rows: ${fault}`);
  if (parsed.data.status === "success" && refused.length > 0) {
    return faulty(
      `It ended in success, though a write could not be done (all are done, or none): ${refused.join("; ")}`,
    );
  }
  return { faults: [], result: parsed.data };
}

const MAX_FAULTS = 10;

const faulty = (text: string): Judged => ({ faults: [storableText(text)], result: null });

const FAILURES = ["no_match", "insufficient_stock", "invalid_request"] as const;
const failureOf = (status: string | undefined) => FAILURES.find((known) => known === status);
