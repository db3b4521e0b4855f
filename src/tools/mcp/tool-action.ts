/** A tool of an MCP server as an action. What its server says of it only makes it stricter, unless the server is trusted. */
import type { z } from "zod";
import type { Json, JsonObject } from "../../domain/json.ts";
import { printable } from "../../domain/printable.ts";
import type { Change, Impact } from "../../domain/proposal.ts";
import { shortened } from "../../domain/text.ts";
import { ActionFailure, explainError } from "../../errors.ts";
import {
  type Action,
  type ActionContext,
  defineAction,
  type PreviewContext,
  type ReadAction,
  type WriteAction,
} from "../action.ts";
import { zodFromOutside } from "../outside/json-schema.ts";
import { rowOf } from "../outside/row.ts";
import { ofThisCall } from "../outside/this-call.ts";
import type { Declaration } from "./declaration.ts";
import { beforehand, callRead, callWrite } from "./failures.ts";
import { argumentsFor, inputFor } from "./input.ts";
import type { Accepted } from "./lock.ts";
import { misfit, outputOf, outputSchemaOf } from "./output.ts";
import { assertRows, expectedChanges, readRows, realChanges, scopeOf, withStaged } from "./rows.ts";
import type { McpServer } from "./server.ts";
import { fill, fillText, MissingReference } from "./template.ts";
import { lookUp, movedOn, previewOf, undo, type WriteParts } from "./undo.ts";

export interface ToolParts {
  readonly name: string;
  readonly server: McpServer;
  /** Where the server is, without anything secret: an approval is bound to it, too. */
  readonly place: Json;
  readonly accepted: Accepted["definition"];
  readonly declaration: Declaration;
  /** Whether what the server says of its tools is believed. */
  readonly trusted: boolean;
}

/**
 * The action. Without a declaration it is a write that cannot be undone and happens twice when it is repeated, which is
 * what the protocol's defaults say, too.
 * @throws HoldpointError `usage` when its schema cannot be taken
 */
export function toolAction(parts: ToolParts): Action {
  const { declaration, accepted, trusted } = parts;
  const hints = trusted ? (accepted.annotations ?? {}) : {};
  const kind = declaration.kind ?? (hints.readOnlyHint === true ? "read" : "write");
  return kind === "read" ? readAction(parts) : writeAction(parts, hints);
}

type Args = JsonObject;

function base({ name, accepted, declaration }: ToolParts) {
  const owner = `"${name}"`;
  const title = printable(declaration.title ?? accepted.title ?? accepted.name);
  return {
    name,
    version: declaration.version,
    title,
    description: declaration.description ?? accepted.description ?? title,
    input: zodFromOutside(inputFor(accepted.inputSchema as JsonObject, declaration), owner) as z.ZodType<Args>,
    output: outputSchemaOf(accepted.outputSchema, owner),
    untrustedOutput: declaration.untrustedOutput,
    ...(declaration.timeoutMs === undefined ? {} : { timeoutMs: declaration.timeoutMs }),
    ...(declaration.example === undefined ? {} : { example: declaration.example }),
    summarize: (args: Args, output: Json) => summaryOf(title, declaration, args, output),
  };
}

const MAX_SUMMARY = 2000;

function summaryOf(title: string, { summary }: Declaration, args: Args, output: Json): string {
  if (summary !== undefined) {
    try {
      return shortened(fillText(summary, { args, output }), MAX_SUMMARY);
    } catch (error) {
      if (!(error instanceof MissingReference)) throw error;
    }
  }
  const text = typeof output === "object" && output !== null ? (output as JsonObject).text : undefined;
  const said = typeof text === "string" ? text : JSON.stringify(output);
  return said.trim() === "" ? `${title}: done.` : `${title}: ${shortened(said, MAX_SUMMARY)}`;
}

function readAction(parts: ToolParts): ReadAction<Args, Json> {
  const { server, accepted, declaration } = parts;
  const shared = base(parts);
  const call = { server, tool: accepted.name, errors: declaration.errors };
  return defineAction({
    ...shared,
    kind: "read",
    run: async (args: Args, { signal, idempotencyKey }) => {
      const output = outputOf(await callRead(call, argumentsFor(args, declaration, idempotencyKey), signal));
      const why = misfit(shared.output, output);
      if (why !== undefined) throw new ActionFailure("failed", `${shared.name}: ${why}.`);
      return output;
    },
  });
}

function writeAction(
  parts: ToolParts,
  hints: NonNullable<Accepted["definition"]["annotations"]>,
): WriteAction<Args, Json> {
  const { server, accepted, declaration } = parts;
  const shared = base(parts);
  const write: WriteParts = { server, tool: accepted.name, title: shared.title, declaration };
  const canUndo = declaration.undo !== undefined;
  const reversibility = canUndo ? (declaration.reversibility ?? "reversible") : "irreversible";
  const idempotent = declaration.idempotent ?? hints.idempotentHint === true;
  const level = hints.destructiveHint === false ? "medium" : "high";
  const canLookUp = declaration.lookup !== undefined;
  return defineAction<Args, Json>({
    ...shared,
    kind: "write",
    // An approval is bound to all that the operator declared, such as fixed arguments and the undo, to the tool, and to its server.
    definition: plain({ declaration, tool: accepted, trusted: parts.trusted, place: parts.place }),
    reversibility,
    idempotent: idempotent !== false,
    preview: async (args: Args, context) => (await nothingYet(() => prepared(write, args, context))).expected,
    impact: (args, changes) => impactOf({ declaration, level, isReversible: canUndo }, args, changes),
    run: (args: Args, context) => ofThisCall(() => run(write, shared.output, args, context)),
    ...(canLookUp ? lookUpOf(write) : {}),
    ...(canUndo ? undoOf(write) : {}),
  });
}

const plain = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json;

type Parts<Name extends keyof WriteAction> = Pick<WriteAction<Args, Json>, Name>;

const lookUpOf = (write: WriteParts): Parts<"lookup"> => ({
  lookup: async (key, context) => {
    const found = await lookUp(write, key, context);
    return found && { output: found.output };
  },
});

const undoOf = (write: WriteParts): Parts<"captureUndo" | "undo" | "movedOn"> => ({
  captureUndo: async (args, context) => ({ before: (await rowsNow(write, args, context)) as JsonObject }),
  undo: (effect, context) => undo(write, effect, context),
  movedOn: (effect, context) => movedOn(write, effect, context),
});

const rowsNow = ({ server, declaration: { changes, errors } }: WriteParts, args: Args, context: ActionContext) =>
  readRows({ server, errors }, changes, scopeOf(args, context), context.signal);

/** All that is looked at before the call. @throws ActionFailure when it could not be done */
async function prepared(
  write: WriteParts,
  args: Args,
  context: ActionContext & Partial<PreviewContext>,
): Promise<{ expected: Change[] }> {
  const { declaration, tool, server } = write;
  const { changes } = declaration;
  // That a tool was not accepted, or is not there, is told before anybody is asked; also of one that would undo it.
  for (const one of new Set([tool, declaration.undo?.tool ?? tool, declaration.lookup?.tool ?? tool])) {
    await server.assertCallable(one, context.signal);
  }
  const scope = scopeOf(args, context);
  const before = withStaged(changes, await rowsNow(write, args, context), scope, context);
  assertRows(changes, before, scope);
  const preview = await previewOf(write, scope, context.signal);
  if (Object.keys(changes).length === 0) {
    return {
      expected: [{ table: server.name, key: tool, before: null, after: rowOf({ ...args, ...declaration.fixed }) }],
    };
  }
  return { expected: beforehand(() => expectedChanges(changes, before, { ...scope, preview })) };
}

async function run(write: WriteParts, schema: z.ZodType, args: Args, context: ActionContext) {
  const { server, tool, declaration } = write;
  const { changes, errors } = declaration;
  server.lookAgain(); // not every server says that a tool has become another one
  const { expected } = await nothingYet(() => prepared(write, args, context));
  const sentArgs = argumentsFor(args, declaration, context.idempotencyKey);
  const output = outputOf(await callWrite({ server, tool, errors }, sentArgs, context.signal));
  const why = misfit(schema, output);
  if (why !== undefined) throw new Error(`${tool}: ${why}.`);
  // It has happened: that it cannot be looked at now does not change that.
  const after = await rowsNow(write, args, context).catch(() => undefined);
  return { output, changes: realChanges(expected, changes, after) };
}

/** Until the call itself is sent nothing has happened, however it failed. */
async function nothingYet<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ActionFailure) throw error;
    throw new ActionFailure("failed", `It was not called: ${explainError(error)}`, { cause: error });
  }
}

interface Stakes {
  readonly declaration: Declaration;
  readonly level: Impact["level"];
  readonly isReversible: boolean;
}

function impactOf({ declaration, level, isReversible }: Stakes, args: Args, changes: readonly Change[]): Impact {
  const { impact } = declaration;
  const listed = (template: Json | undefined): string[] | undefined => {
    const value = template === undefined ? undefined : fill(template, { args });
    if (value === undefined || value === null) return undefined;
    return (Array.isArray(value) ? value : [value]).map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
  };
  const amount = impact?.amount === undefined ? undefined : fill(impact.amount, { args });
  const outside = listed(impact?.outside);
  return {
    level: impact?.level ?? level,
    resources: listed(impact?.resources) ?? changes.map(({ key }) => key),
    reversible: isReversible,
    durationMs: 1000,
    ...(outside === undefined ? {} : { outside }),
    ...(typeof amount === "number" && amount >= 0 ? { amount: Math.round(amount) } : {}),
  };
}

/** What stands for a tool that was never accepted: nothing that its server says of it, and nothing that can be called. */
export function stoppedAction(name: string, why: string): Action {
  const stop = () => Promise.reject(new ActionFailure("failed", why));
  return defineAction({
    ...{ kind: "write", name, version: 1, title: `${name} (stopped)`, description: why },
    input: zodFromOutside({ type: "object" }, `"${name}"`) as z.ZodType<Args>,
    output: zodFromOutside({ type: "object" }, `"${name}"`),
    untrustedOutput: true,
    preview: stop,
    run: stop,
    summarize: () => why,
  });
}
