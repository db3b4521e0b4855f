/** What a client asks: the body of POST /v1/chat/completions, as far as the scripted server looks at it. */
import { z } from "zod";

const MessageSchema = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() })), z.null()]).optional(),
});

const JsonSchemaSchema = z.record(z.string(), z.unknown());

const FunctionSchema = z.looseObject({
  name: z.string(),
  parameters: JsonSchemaSchema.optional(),
  strict: z.boolean().nullish(),
});

export const ChatRequestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(MessageSchema).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  response_format: z
    .looseObject({
      type: z.enum(["text", "json_object", "json_schema"]),
      json_schema: z
        .looseObject({ name: z.string(), schema: JsonSchemaSchema.optional(), strict: z.boolean().nullish() })
        .optional(),
    })
    .optional(),
  tools: z.array(z.looseObject({ type: z.string(), function: FunctionSchema.optional() })).optional(),
  tool_choice: z.union([z.string(), z.looseObject({ function: z.looseObject({ name: z.string() }) })]).optional(),
});
type ChatRequest = z.infer<typeof ChatRequestSchema>;

/** One request as the server received it. */
export interface Call {
  /** Counts from 1. */
  readonly number: number;
  /** Without the one that holds the key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ChatRequest;
  /** When it arrived, in milliseconds since the server started. */
  readonly atMs: number;
  /** The client closed the connection before it had the whole answer. */
  abandoned: boolean;
}

/** The text of all messages of a role. Instructions count as "system" in their newer role "developer" too. */
export function textOf(call: Call, role: "system" | "user" | "assistant" | "tool"): string {
  return call.body.messages
    .filter((message) => message.role === role || (role === "system" && message.role === "developer"))
    .map(({ content }) => (Array.isArray(content) ? content.map((part) => part.text ?? "").join("") : (content ?? "")))
    .join("\n");
}

/** The name of the schema that the answer must fit, however it is asked for: as response format or as forced tool. */
export function schemaNameOf({ body }: Call): string | undefined {
  return body.response_format?.json_schema?.name ?? forcedToolOf(body);
}

/** The tool that the answer must call. */
export function forcedToolOf({ tool_choice: choice }: ChatRequest): string | undefined {
  return typeof choice === "object" ? choice.function.name : undefined;
}

export function toolNamesOf({ body }: Call): string[] {
  return (body.tools ?? []).flatMap((tool) => (tool.function ? [tool.function.name] : []));
}
