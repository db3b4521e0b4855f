/** What every format of a report shows. */
import type { ReportData } from "./data.ts";

export interface Page {
  readonly title: string;
  /** When it was made, and of how many rows: one sentence. */
  readonly said: string;
  readonly data: ReportData;
  readonly chart: "bar" | "line" | "none";
  /** When it was made, ISO 8601 UTC. */
  readonly now: string;
}
