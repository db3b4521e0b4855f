/** Lets only those tools be called that are what an admin accepted. */

import { CallFailed } from "./call-failed.ts";
import { type Accepted, toolFingerprint } from "./lock.ts";
import type { McpServer, Tool } from "./server.ts";

/** A server whose tools are stopped unless they are those in the lock file; what is stopped has not been called. */
export function gated(
  server: McpServer,
  accepted: Readonly<Record<string, Accepted>>,
  nameOf: (tool: string) => string,
): McpServer {
  const stopped = (why: string, tool: string) =>
    new CallFailed(
      `The tool "${tool}" of "${server.name}" ${why}. An admin looks at it and accepts it: ${acceptCommand(nameOf(tool))}`,
      {
        nothingHappened: true,
      },
    );
  const assertAccepted = (tool: string) => {
    const known = Object.hasOwn(accepted, tool) ? accepted[tool] : undefined;
    if (!known) throw stopped("was never accepted", tool);
    return (offered: Tool) => {
      if (toolFingerprint(offered) === known.fingerprint) return;
      throw stopped("is not what was accepted any more: its description or its schema has changed", tool);
    };
  };
  return {
    ...server,
    assertCallable: async (tool, signal) => await server.assertCallable(tool, signal, assertAccepted(tool)),
    call: async (tool, args, signal) => await server.call(tool, args, signal, assertAccepted(tool)),
  };
}

export const acceptCommand = (name: string): string => `holdpoint actions accept ${name}`;
