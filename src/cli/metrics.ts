/** `metrics`: what Prometheus scrapes, for its collector of text files, or to look at. */
import { assertMay } from "../ledger/members.ts";
import { readMetrics } from "../work/metrics.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";

/** Prints the metrics of every tenant, in the text format of Prometheus. */
export async function metrics({ runtime, identity, surroundings, json }: Session): Promise<number> {
  await assertMay(runtime.ledger, identity, "metrics");
  const text = await readMetrics(runtime);
  surroundings.write(json ? `${JSON.stringify({ metrics: text })}\n` : text);
  return EXIT.done;
}
