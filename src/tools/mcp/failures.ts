/** What came of a call, in the words of actions: `ActionFailure` says that nothing happened, surely. */
import type { JsonObject } from "../../domain/json.ts";
import { ActionFailure } from "../../errors.ts";
import { CallFailed } from "./call-failed.ts";
import { type Declaration, fitsAny } from "./declaration.ts";
import type { ToolResult } from "./results.ts";
import type { McpServer } from "./server.ts";
import { MissingReference } from "./template.ts";

export interface CallParts {
  readonly server: McpServer;
  readonly tool: string;
  readonly errors: Declaration["errors"];
}

const MAX_TOLD = 500;
const shown = (text: string): string => (text.length > MAX_TOLD ? `${text.slice(0, MAX_TOLD)}…` : text).trim();

/**
 * A call that changes something.
 * @throws ActionFailure when it surely did not happen; CallFailed or Error when nobody knows
 */
export async function callWrite(
  { server, tool, errors }: CallParts,
  args: JsonObject,
  signal: AbortSignal,
): Promise<ToolResult> {
  const result = await sent({ server, tool, errors }, args, signal);
  if (!result.isError) return result;
  if (fitsAny(result.text, errors.nothing)) throw new ActionFailure("invalid_request", said(server, tool, result.text));
  throw new Error(`${said(server, tool, result.text)} It does not say whether something happened all the same.`);
}

/**
 * A call that changes nothing, the result of which may be an error.
 * @throws ActionFailure when it surely did not reach its server; CallFailed otherwise
 */
export async function sent(
  { server, tool, errors }: CallParts,
  args: JsonObject,
  signal: AbortSignal,
): Promise<ToolResult> {
  try {
    return await server.call(tool, args, signal);
  } catch (error) {
    if (error instanceof CallFailed && isNothing(error, errors))
      throw new ActionFailure("failed", error.message, { cause: error });
    throw error;
  }
}

/** A call that changes nothing. @throws ActionFailure with what the tool says, or as {@link sent} */
export async function callRead(parts: CallParts, args: JsonObject, signal: AbortSignal): Promise<ToolResult> {
  const result = await sent(parts, args, signal);
  if (!result.isError) return result;
  throw new ActionFailure("invalid_request", said(parts.server, parts.tool, result.text));
}

const isNothing = (error: CallFailed, { codes, statuses }: Declaration["errors"]): boolean =>
  error.nothingHappened ||
  (error.code !== undefined && codes.includes(error.code)) ||
  (error.status !== undefined && statuses.includes(error.status));

const said = ({ name }: McpServer, tool: string, text: string): string =>
  `${name}/${tool} said that it failed: ${shown(text) || "nothing more"}`;

/** Before anything is sent, a template that cannot be filled means that nothing happened. */
export function beforehand<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MissingReference) throw new ActionFailure("failed", `It cannot be called: ${error.message}.`);
    throw error;
  }
}
