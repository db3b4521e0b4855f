/**
 * What the Agent Server serves (`langgraph.json`). One runtime for the whole process, opened when this file is loaded;
 * the server puts its own checkpointer and store in place of those that the graph was compiled with.
 */
import { readConfig } from "../config.ts";
import { createRuntime } from "../runtime.ts";

const runtime = await createRuntime(readConfig(process.env));
// The server ends with process.exit() once it has stored its threads. Only then: a run may be under way until then.
process.once("exit", () => void runtime.close());

export const graph = runtime.graph;
