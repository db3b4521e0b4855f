/**
 * Vitest reporter that closes the run: one line for each skipped test with the note given to `ctx.skip("why")`, then
 * the totals alone on the last line, as `N passed, N failed, N skipped`.
 */
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

export default class SkippedReporter implements Reporter {
  private lines: string[] = [];

  /** The other reporters write their summary after the run, so these lines wait for the exit. */
  onInit(): void {
    process.once("exit", () => process.stdout.write(this.lines.map((line) => `${line}\n`).join("")));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === "passed").length;
    const skipped = tests.flatMap(skippedLine);
    // Whatever neither passed nor was skipped failed, a test cut short included.
    const failed = tests.length - passed - skipped.length + failuresOutsideTests(modules) + unhandled.length;
    this.lines = [...skipped, `${passed} passed, ${failed} failed, ${skipped.length} skipped`];
  }
}

function skippedLine(test: TestCase): string[] {
  const result = test.result();
  return result.state === "skipped" ? [`skipped: ${test.fullName} - ${result.note ?? "no reason given"}`] : [];
}

/** Files that cannot be loaded, and hooks that throw: the tests in them do not count as failed by themselves. */
function failuresOutsideTests(modules: readonly TestModule[]): number {
  const groups = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  return groups.reduce((count, group) => count + group.errors().length, 0);
}
