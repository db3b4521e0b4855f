/** LangChain tools as actions: what a tool cannot say of itself is declared, and what is not declared is assumed the worst. */
import { toJsonSchema } from "@langchain/core/utils/json_schema";
import { type InteropZodType, interopSafeParseAsync, isInteropZodSchema } from "@langchain/core/utils/types";
import type { z } from "zod";
import { type Json, type JsonObject, JsonSchema } from "../domain/json.ts";
import type { Change } from "../domain/proposal.ts";
import { shortened } from "../domain/text.ts";
import { ActionFailure, explainError } from "../errors.ts";
import { type ActionContext, defineAction, type ReadAction, type WriteAction } from "./action.ts";
import { zodFromOutside } from "./outside/json-schema.ts";
import { rowOf } from "./outside/row.ts";
import { ofThisCall } from "./outside/this-call.ts";

/** What is used of a tool; LangChain's own interface is too exact for tools with schemas of zod 3. */
export interface LangChainTool {
  readonly name: string;
  readonly description: string;
  readonly schema: unknown;
  invoke(input: never, config?: never): Promise<unknown>;
}

/** What a tool gave back. */
export interface ToolOutcome {
  /** Its content; what is no text, as JSON. */
  readonly text: string;
  /** Of a tool with `responseFormat: "content_and_artifact"`. */
  readonly artifact?: Json | undefined;
}

/** The arguments that a tool takes: zod 3 and zod 4 both name the type of what goes in so. */
type ArgsOf<Tool> = Tool extends { readonly schema: { readonly _input: infer Input } } ? Input : JsonObject;

type Common<Args, Output> = Partial<
  Pick<ReadAction<Args, Output>, "name" | "version" | "title" | "description" | "example" | "untrustedOutput">
> &
  Pick<ReadAction<Args, Output>, "timeoutMs" | "retry" | "breaker"> & {
    /** What `result` makes; a plan's references are checked against it. Default: {@link ToolOutcome}. */
    readonly output?: z.ZodType<Output>;
    /** Makes the output of what the tool gave back. Default: as it is. */
    readonly result?: (outcome: ToolOutcome) => Output;
    readonly summarize?: (args: Args, output: Output) => string;
    /** What the tool is called with, such as the arguments and the key. Default: the arguments. */
    readonly call?: (args: Args, context: ActionContext) => object;
    /** Whether what a tool threw says that surely nothing happened. Default: it never does. */
    readonly nothingHappened?: (error: unknown) => boolean;
  };

type Promised = "reversibility" | "idempotent" | "prepare" | "dedupeKey" | "preview" | "impact" | "captureUndo";
type Effects<Args, Output> = Partial<Pick<WriteAction<Args, Output>, Promised>> &
  Pick<WriteAction<Args, Output>, "lookup" | "undo" | "undoWindowMs" | "movedOn"> & {
    /** What really changed. Default: what `preview` says before the call. */
    readonly changes?: (args: Args, output: Output) => Change[];
  };

/** What a LangChain tool cannot say of itself. */
export type ToolDeclaration<Args, Output> = Common<Args, Output> &
  ({ readonly kind: "read" } | ({ readonly kind?: "write" } & Effects<Args, Output>));

/**
 * A LangChain tool (StructuredTool, DynamicStructuredTool, `tool()`; arguments by zod 3, zod 4 or JSON Schema) as an
 * action. What is not declared is pessimistic: a write that cannot be undone and happens twice when it is repeated, whose
 * output nobody trusts, and of whose failures nobody knows whether something happened.
 * @throws HoldpointError `usage` when its schema cannot be taken, TypeError as {@link defineAction}
 * @example fromLangChainTool(searchTool, { kind: "read" })
 */
export function fromLangChainTool<Tool extends LangChainTool, Output = ToolOutcome>(
  tool: Tool,
  declaration: ToolDeclaration<ArgsOf<Tool>, Output> & { readonly kind: "read" },
): ReadAction<ArgsOf<Tool>, Output>;
export function fromLangChainTool<Tool extends LangChainTool, Output = ToolOutcome>(
  tool: Tool,
  declaration?: ToolDeclaration<ArgsOf<Tool>, Output> & { readonly kind?: "write" },
): WriteAction<ArgsOf<Tool>, Output>;
export function fromLangChainTool<Tool extends LangChainTool, Output = ToolOutcome>(
  tool: Tool,
  declaration: ToolDeclaration<ArgsOf<Tool>, Output> = {},
): ReadAction<ArgsOf<Tool>, Output> | WriteAction<ArgsOf<Tool>, Output> {
  type Args = ArgsOf<Tool>;
  const shared = sharedOf<Args, Output>(tool, declaration);
  if (declaration.kind === "read") {
    return defineAction<Args, Output>({
      ...shared,
      kind: "read",
      run: (args, context) => callRead(tool, declaration, args, context),
    });
  }
  const { kind: _kind, changes, preview = onlyCall(tool), ...given } = declaration;
  const { name: _name, output: _output, result: _result, call: _call, nothingHappened: _nothing, ...effects } = given;
  return defineAction<Args, Output>({
    ...effects,
    ...shared,
    kind: "write",
    preview: async (args, context) => {
      await assertTaken(tool, toolArgs(declaration, args, context));
      return await preview(args, context);
    },
    run: (args, context) =>
      ofThisCall(async () => {
        const before = changes ? [] : await beforehand(() => preview(args, { ...context, staged: [] }));
        const output = await callWrite(tool, declaration, args, context);
        return { output, changes: changes?.(args, output) ?? before };
      }),
  });
}

const MAX_SUMMARY = 2000;

function sharedOf<Args, Output>(tool: LangChainTool, declaration: Common<Args, Output>) {
  const { name = tool.name, version = 1, title = tool.name, description = tool.description } = declaration;
  const owner = `"${name}"`;
  const input = { ...(toJsonSchema(tool.schema as InteropZodType, { io: "input" }) as JsonObject), type: "object" };
  const summarize = (_args: Args, output: Output): string => {
    const { text } = output as Partial<ToolOutcome>;
    return `${title}: ${shortened(typeof text === "string" ? text : JSON.stringify(output), MAX_SUMMARY) || "done."}`;
  };
  const { timeoutMs, retry, breaker, example } = declaration;
  return {
    ...{ name, version, title, description, timeoutMs, retry, breaker },
    ...(example === undefined ? {} : { example }),
    // JSON Schema also of zod's: theirs may change values, and the tool does so itself.
    input: zodFromOutside(JSON.parse(JSON.stringify(input)), owner) as unknown as z.ZodType<Args>,
    output: declaration.output ?? (zodFromOutside(OUTCOME, owner) as unknown as z.ZodType<Output>),
    untrustedOutput: declaration.untrustedOutput ?? true,
    summarize: declaration.summarize ?? summarize,
  };
}

const OUTCOME = { type: "object", properties: { text: { type: "string" }, artifact: {} }, required: ["text"] };

/** Of a tool of which nothing is known beforehand, that it would be called is all there is to show. */
const onlyCall =
  ({ name }: LangChainTool) =>
  async (args: unknown): Promise<Change[]> => [
    { table: "tool", key: name, before: null, after: rowOf(args as JsonObject) },
  ];

const toolArgs = <Args, Output>({ call }: Common<Args, Output>, args: Args, context: ActionContext): object =>
  call ? call(args, context) : (args as object);

/**
 * The tool's own schema may say more than JSON Schema can. LangChain checks by it, too; but what it throws then cannot be
 * told from what a tool threw that called another one.
 * @throws ActionFailure
 */
async function assertTaken({ schema, name }: LangChainTool, args: object): Promise<void> {
  const parsed = isInteropZodSchema(schema)
    ? await interopSafeParseAsync(schema as InteropZodType, args)
    : zodFromOutside(schema, `"${name}"`).safeParse(args);
  if (parsed.success) return;
  const { issues } = parsed.error as { issues: readonly { path: readonly PropertyKey[]; message: string }[] };
  const where = issues[0]?.path.join(".") || "that";
  throw new ActionFailure("invalid_request", `"${name}" does not take ${where}: ${issues[0]?.message}.`);
}

/** Before the tool is called, nothing has happened, however it failed. */
async function beforehand<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ActionFailure) throw error;
    throw new ActionFailure("failed", `It was not called: ${explainError(error)}`, { cause: error });
  }
}

async function callRead<Args, Output>(
  tool: LangChainTool,
  declaration: Common<Args, Output>,
  args: Args,
  context: ActionContext,
): Promise<Output> {
  const { isError, outcome } = await invoke(tool, declaration, args, context);
  const long = tooLong(tool, outcome);
  if (long !== undefined) throw new ActionFailure("failed", long);
  if (isError) throw new ActionFailure("invalid_request", `"${tool.name}" failed: ${outcome.text.slice(0, 500)}`);
  return resultOf(declaration, outcome);
}

async function callWrite<Args, Output>(
  tool: LangChainTool,
  declaration: Common<Args, Output>,
  args: Args,
  context: ActionContext,
): Promise<Output> {
  const { isError, outcome } = await invoke(tool, declaration, args, context);
  const long = tooLong(tool, outcome);
  if (long !== undefined) throw new Error(`${long} Something may have happened all the same.`);
  const failed = new Error(`"${tool.name}" says that it failed: ${outcome.text.slice(0, 500)}`);
  if (!isError) return resultOf(declaration, outcome);
  if (!declaration.nothingHappened?.(failed)) throw failed;
  throw new ActionFailure("failed", failed.message);
}

/** Of an output that cannot be kept, why. */
function tooLong({ name }: LangChainTool, outcome: ToolOutcome): string | undefined {
  const bytes = bytesOf(outcome);
  return bytes <= MAX_OUTPUT ? undefined : `"${name}" put out ${bytes} bytes; at most ${MAX_OUTPUT} are taken.`;
}

/** What does not fit is told as any failure after the call: something may have happened. */
function resultOf<Args, Output>({ result, output }: Common<Args, Output>, outcome: ToolOutcome): Output {
  const made = result ? result(outcome) : (outcome as Output);
  return output ? output.parse(made) : made;
}

async function invoke<Args, Output>(
  tool: LangChainTool,
  declaration: Common<Args, Output>,
  args: Args,
  context: ActionContext,
): Promise<{ isError: boolean; outcome: ToolOutcome }> {
  const { signal, idempotencyKey } = context;
  const given = await beforehand(async () => {
    signal.throwIfAborted();
    const made = toolArgs(declaration, args, context);
    await assertTaken(tool, made);
    return made as Record<string, unknown>;
  });
  try {
    // As a model would call it: only so a tool gives its artifact.
    const call = { type: "tool_call" as const, id: idempotencyKey, name: tool.name, args: given };
    return outcomeOf(await tool.invoke(call as never, { signal } as never));
  } catch (error) {
    if (error instanceof ActionFailure || declaration.nothingHappened?.(error) !== true) throw error;
    throw new ActionFailure("failed", `"${tool.name}" did not do it: ${explainError(error)}`, { cause: error });
  }
}

/** The longest output, in bytes: it is kept, and models read it. The same as of an MCP server that says nothing else. */
const MAX_OUTPUT = 1_000_000;

const bytesOf = ({ text, artifact }: ToolOutcome): number =>
  Buffer.byteLength(text) + (artifact === undefined ? 0 : Buffer.byteLength(JSON.stringify(artifact)));

function outcomeOf(given: unknown): { isError: boolean; outcome: ToolOutcome } {
  const { content = given, artifact, status } = isMessage(given) ? given : {};
  const text = typeof content === "string" ? content : (JSON.stringify(content) ?? "");
  const kept = artifact === undefined || artifact === null ? undefined : JsonSchema.safeParse(plainJson(artifact));
  return { isError: status === "error", outcome: { text, ...(kept?.success ? { artifact: kept.data } : {}) } };
}

interface Message {
  readonly content?: unknown;
  readonly artifact?: unknown;
  readonly status?: unknown;
}
const isMessage = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && "content" in value && "tool_call_id" in value;

/** As it would be kept; undefined where it is no JSON. */
function plainJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return undefined;
  }
}
