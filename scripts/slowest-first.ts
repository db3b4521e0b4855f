/**
 * Vitest sequencer: the files that take longest begin first, so that no worker is left alone with one of them at the end.
 * Without results of an earlier run Vitest itself goes by size, and what takes longest is short: it starts processes.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

const SLOW = ["package/installed", "chaos/", "studio/", "work/old-checkpoints", "ledger/limits", "cli/", "work/"];

export default class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = SLOW.findIndex((part) => moduleId.includes(`/test/${part}`));
      return found < 0 ? SLOW.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
