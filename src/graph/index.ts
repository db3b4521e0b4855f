/**
 * What the Agent Server serves (`langgraph.json`). The server puts its own checkpointer and store in place of those that
 * the graph was compiled with. Maintenance is in server/entry.ts, its `http.app`.
 */
import { runtime } from "../server/agent-runtime.ts";

export const graph = runtime.graph;
