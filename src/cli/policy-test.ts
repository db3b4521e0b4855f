/** `policy test`: cases from a file against the policy that is configured. */
import { resolve } from "node:path";
import type { Finding } from "../domain/proposal.ts";
import type { CaseResult } from "../policy/cases.ts";
import { readYamlText } from "../policy/yaml-file.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";
import { table } from "./text.ts";

/** @returns 0 when every case came out as expected, else 5 */
export async function testPolicy(session: Session, path: string): Promise<number> {
  const { backend, surroundings, json } = session;
  const file = resolve(path);
  const results = await backend.testPolicy({ path: file, text: readYamlText(file) });
  const failed = results.filter(({ isAsExpected }) => !isAsExpected).length;
  const status = failed === 0 ? EXIT.done : EXIT.failed;
  surroundings.write(`${json ? toJson(results, failed, status) : render(results, failed)}\n`);
  return status;
}

function toJson(results: readonly CaseResult[], failed: number, exitStatus: number): string {
  const cases = results.map(({ case: { name, action, expect, because: expectedBecause }, ...result }) => ({
    ...{ name, action, expected: expect, expectedBecause, verdict: result.verdict },
    because: result.because,
    asExpected: result.isAsExpected,
  }));
  return JSON.stringify({ cases, passed: results.length - failed, failed, exitStatus }, null, 2);
}

function render(results: readonly CaseResult[], failed: number): string {
  const rows = results.map(({ case: { name, action, expect, because: named }, verdict, because, isAsExpected }) => [
    isAsExpected ? "ok" : "NOT",
    ...[name, action, named === undefined ? expect : `${expect} (${named})`, verdict],
    because.map(ruleOf).join(", "),
  ]);
  const count = `${results.length - failed} of ${results.length} cases came out as expected.`;
  return `${table(["", "case", "action", "expected", "came out", "because of"], rows)}\n${count}`;
}

function ruleOf({ rule, requires }: Finding): string {
  if (!requires) return rule;
  return `${rule} (${requires.count === 1 ? "" : `${requires.count} × `}${requires.role})`;
}
