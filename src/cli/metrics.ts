/** `metrics`: what Prometheus scrapes, for its collector of text files, or to look at. */
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";

/** Prints the metrics of every tenant, in the text format of Prometheus. */
export async function metrics({ backend, surroundings, json }: Session): Promise<number> {
  const text = await backend.metrics();
  surroundings.write(json ? `${JSON.stringify({ metrics: text })}\n` : text);
  return EXIT.done;
}
