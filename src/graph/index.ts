/**
 * What the Agent Server serves (`langgraph.json`). One runtime for the whole process, opened when this file is loaded;
 * the server puts its own checkpointer and store in place of those that the graph was compiled with.
 */
import { readConfig } from "../config.ts";
import { explainError } from "../errors.ts";
import { createRuntime } from "../runtime.ts";
import { warn } from "../telemetry/tell.ts";
import { recoverOnStart } from "../work/recover.ts";

const runtime = await createRuntime(readConfig(process.env));
// The server ends with process.exit() once it has stored its threads. Only then: a run may be under way until then.
process.once("exit", () => void runtime.close());

// Their effects and decisions are in the ledger, so they need not wait for somebody to open their threads.
recoverOnStart(runtime).catch((error: unknown) =>
  warn(`The runs that a crash left were not looked for: ${explainError(error)}`),
);

export const graph = runtime.graph;
