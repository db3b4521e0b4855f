/** The environment, read once and frozen. */
import { resolve } from "node:path";
import { z } from "zod";
import { HoldpointError } from "./errors.ts";

export interface Config {
  /** Folder of the embedded databases, absolute. */
  readonly home: string;
}

const EnvironmentSchema = z.object({
  HOLDPOINT_HOME: z.string().trim().min(1, "must name a folder").default(".holdpoint"),
});

/**
 * Reads the configuration from environment variables.
 * @throws HoldpointError `usage` that names the variable that does not fit
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = EnvironmentSchema.safeParse(environment);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new HoldpointError("usage", `The environment variable ${String(issue?.path[0])} ${issue?.message}.`, {
      hint: "See .env.example.",
    });
  }
  return Object.freeze({ home: resolve(parsed.data.HOLDPOINT_HOME) });
}
