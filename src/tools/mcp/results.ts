/** What came of a call, as the protocol says it. */
import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { Json, JsonObject } from "../../domain/json.ts";
import { maskText } from "../../telemetry/mask.ts";
import { CallFailed } from "./call-failed.ts";
import type { Secrets } from "./secrets.ts";

const MAX_TOLD = 500;

/** Looser than the SDK's: a kind of content that is not known yet is an answer all the same. */
export const ResultSchema = z
  .looseObject({
    content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).optional(),
    structuredContent: z.record(z.string(), z.unknown()).optional(),
    isError: z.boolean().optional(),
  })
  .refine((result) => result.content !== undefined || result.structuredContent !== undefined);

export interface ToolResult {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: JsonObject | undefined;
}

export function resultOf(result: z.infer<typeof ResultSchema>, secrets: Secrets): ToolResult {
  const text = (result.content ?? []).map(blockText).join("\n");
  const structured = result.structuredContent as JsonObject | undefined;
  return {
    isError: result.isError === true,
    text: secrets.hideText(text),
    structured: structured === undefined ? undefined : (secrets.hide(structured as Json) as JsonObject),
  };
}

/** What is no text is named, and not kept. */
function blockText(block: { readonly type: string; readonly text?: string | undefined }): string {
  if (block.type === "text") return block.text ?? "";
  const { uri, mimeType, resource } = block as Record<string, unknown>;
  const inner = (typeof resource === "object" && resource !== null ? resource : {}) as Record<string, unknown>;
  if (typeof inner.text === "string") return inner.text;
  return `[${[block.type, inner.mimeType ?? mimeType, inner.uri ?? uri].filter((part) => typeof part === "string").join(" ")}]`;
}

/** Before the server can have heard of anything. */
const NOT_CONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
/** HTTP statuses that stand for a request that was not taken in: who asks, where, in which form, how often. */
const NOT_TAKEN = new Set([401, 403, 404, 405, 406, 415, 429]);

/** What is known of a call that failed. */
export function failureOf(error: unknown, at: { server: string; tool: string; secrets: Secrets }): CallFailed {
  const { server, tool, secrets } = at;
  const message = error instanceof Error ? error.message : String(error);
  const told = (what: string) => `${server}/${tool}: ${maskText(secrets.hideText(what)).slice(0, MAX_TOLD)}`;
  if (error instanceof z.core.$ZodError) {
    return new CallFailed(told("the answer is none that MCP knows"), { nothingHappened: false });
  }
  if (error instanceof McpError) {
    return new CallFailed(told(message), {
      nothingHappened: error.code === ErrorCode.MethodNotFound,
      code: error.code,
    });
  }
  if (error instanceof StreamableHTTPError) {
    const status = error.code;
    const nothingHappened = status !== undefined && NOT_TAKEN.has(status);
    return new CallFailed(told(message), { nothingHappened, status });
  }
  const nothingHappened = message === "Not connected" || NOT_CONNECTED.has(causeOf(error));
  return new CallFailed(told(causeOf(error) || message), { nothingHappened });
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return typeof cause?.code === "string" ? cause.code : "";
}
