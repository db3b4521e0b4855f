/** The command line from words to exit status, errors included. */

import { printable } from "../domain/printable.ts";
import { explainError, HoldpointError } from "../errors.ts";
import { maskText } from "../telemetry/mask.ts";
import { exitStatusOfError } from "./exit-status.ts";
import { runProgram } from "./program.ts";
import type { Surroundings } from "./session.ts";

/**
 * Runs a command line; never throws. An error is one line on standard error (and one JSON document on standard output
 * where `--json` was given), a stack trace only with `--debug`.
 * @param argv the words after the program's name
 * @returns the exit status
 */
export async function runCli(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  // Standard error ends up in logs, and an error may carry anything.
  const careful = { ...surroundings, writeError: (text: string) => surroundings.writeError(maskText(text)) };
  try {
    return await runProgram(argv, careful);
  } catch (error) {
    report(error, argv, careful);
    return exitStatusOfError(error);
  }
}

function report(error: unknown, argv: readonly string[], surroundings: Surroundings): void {
  const known = error instanceof HoldpointError;
  if (argv.includes("--debug")) {
    surroundings.writeError(`${error instanceof Error ? error.stack : String(error)}\n`);
  }
  if (argv.includes("--json")) {
    const message = maskText(error instanceof Error ? error.message : String(error));
    const shown = known
      ? { code: error.code, message, hint: error.hint && maskText(error.hint) }
      : { code: "internal", message };
    surroundings.write(`${JSON.stringify({ error: shown }, null, 2)}\n`);
  }
  const defect = known ? "" : " This is a defect in Holdpoint: please report it; --debug prints more.";
  surroundings.writeError(`${printable(`holdpoint: ${explainError(error)}${defect}`)}\n`);
}
