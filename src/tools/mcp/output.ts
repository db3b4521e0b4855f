/** What a tool put out, as the output of an action. */
import type { z } from "zod";
import type { Json, JsonObject } from "../../domain/json.ts";
import { zodFromOutside } from "../outside/json-schema.ts";
import type { ToolResult } from "./results.ts";

const TEXT: JsonObject = {
  type: "object",
  properties: { text: { type: "string", description: "What it said." } },
};

/** The structured part where there is one, otherwise the text. */
export const outputOf = ({ structured, text }: ToolResult): Json => structured ?? { text };

/** What a tool says that it puts out; of one that says nothing that can be kept, text or anything. */
export function outputSchemaOf(outputSchema: unknown, owner: string): z.ZodType<Json> {
  if (outputSchema === undefined) return zodFromOutside(TEXT, owner);
  try {
    return zodFromOutside(outputSchema, owner);
  } catch {
    return zodFromOutside({ type: "object" }, owner);
  }
}

/** Of what does not fit, why; undefined where it does. */
export function misfit(schema: z.ZodType, output: Json): string | undefined {
  const parsed = schema.safeParse(output);
  const [issue] = parsed.error?.issues ?? [];
  return parsed.success ? undefined : `its output is not what it says: ${issue?.path.join(".")} ${issue?.message}`;
}
