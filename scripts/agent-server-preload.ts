/**
 * Loaded first into the Agent Server's process, in place of `tsx`: Node itself reads TypeScript, which starts in half
 * the time. What is imported is compiled once and kept.
 */
import { enableCompileCache, registerHooks } from "node:module";
import { isMainThread } from "node:worker_threads";
import { mendServerState } from "./agent-server-state.ts";

enableCompileCache();

// The server imports package.json files, to compare versions, without saying that they are JSON.
registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    return specifier.endsWith("/package.json") ? { ...resolved, importAttributes: { type: "json" } } : resolved;
  },
});

/** The server's last argument. */
interface Order {
  /** The folder of `langgraph.json`. */
  cwd: string;
  graphs: Record<string, unknown>;
}

if (isMainThread) {
  const { cwd, graphs } = JSON.parse(process.argv.at(-1) ?? "") as Order;
  for (const line of mendServerState(cwd, Object.keys(graphs))) console.log(line);
}
