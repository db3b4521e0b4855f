/**
 * What an investigation looks at: reads as tools, each call once, numbered and bounded, whatever the model asks for.
 */

import type { Tool, ToolCall } from "../../domain/conversation.ts";
import { canonicalJson, type JsonObject } from "../../domain/json.ts";
import { shortened } from "../../domain/text.ts";
import type { Pseudonyms } from "../../telemetry/pseudonyms.ts";
import type { ActionContext, AnyRead } from "../action.ts";
import { argsJsonSchema } from "../args.ts";
import type { LookUp } from "./investigate-schema.ts";
import type { Looked, Thinker } from "./thinker.ts";

/** Calls of one turn, and of all turns together. What goes beyond is not made. */
const MAX_A_TURN = 8;
const MAX_CALLS = 60;
/** Of arguments, of one result as the model sees it, and of all results together, in characters. */
const MAX_ARGS = 4000;
const MAX_RESULT = 6000;
const MAX_RESULTS = 80_000;
/** What is left of a result when all that may be shown is used up. */
const MIN_RESULT = 300;

/** Reads under names that every endpoint takes. */
export function toolsOf(reads: readonly AnyRead[], taken: string): { tools: Tool[]; byName: Map<string, AnyRead> } {
  const byName = new Map<string, AnyRead>();
  for (const read of reads) {
    const plain = read.name.replaceAll(".", "_");
    let name = plain;
    for (let n = 2; name === taken || byName.has(name); n++) name = `${plain.slice(0, 60)}_${n}`;
    byName.set(name, read);
  }
  const tools = [...byName].map(([name, read]) => {
    return { name, description: read.description, parameters: withoutNames(argsJsonSchema(read)) };
  });
  return { tools, byName };
}

/** `propertyNames` says nothing here, and some endpoints refuse it. */
const withoutNames = (schema: JsonObject): JsonObject =>
  JSON.parse(
    JSON.stringify(schema, (key, value) => (key === "propertyNames" || key === "$schema" ? undefined : value)),
  );

interface Answered {
  readonly calls: (ToolCall & { readonly result: string })[];
  /** What the model is told besides. */
  readonly note: string;
  /** Whether anything was looked at that had not been. */
  readonly isNew: boolean;
}

export interface LookUps {
  readonly trace: readonly LookUp[];
  /** How many calls were asked for again. */
  readonly repeated: number;
  /** Whether a call of that number brought something. */
  succeeded(call: number): boolean;
  /** Makes the calls of a turn, those that are new side by side. */
  answer(calls: readonly ToolCall[]): Promise<Answered>;
}

export function createLookUps(
  thinker: Thinker,
  byName: ReadonlyMap<string, AnyRead>,
  { pseudonyms, context }: { pseudonyms: Pseudonyms; context: ActionContext },
): LookUps {
  const trace: LookUp[] = [];
  const known = new Map<string, LookUp>();
  let repeated = 0;
  let room = MAX_RESULTS;

  const show = (entry: LookUp, { output, summary }: Pick<Looked, "output" | "summary">): string => {
    const masked = JSON.stringify(pseudonyms.mask(entry.status === "succeeded" ? output : summary));
    const allowed = Math.max(MIN_RESULT, Math.min(MAX_RESULT, room));
    room -= Math.min(masked.length, allowed);
    const base = { call: entry.call, status: entry.status };
    if (masked.length <= allowed) return thinker.show({ ...base, result: JSON.parse(masked) as unknown });
    const cut = `The result has ${masked.length} characters; these are its first ${allowed}. Ask for less.`;
    return thinker.show({ ...base, cut, result: masked.slice(0, allowed).toWellFormed() });
  };
  const enter = (action: string, args: JsonObject, looked: Pick<Looked, "status" | "summary">): LookUp => {
    const text = JSON.stringify(args);
    const entry = {
      ...{ call: trace.length + 1, action: shortened(action, 100), status: looked.status },
      args: text.length > 500 ? shortened(text, 500) : args,
      summary: shortened(looked.summary, 300),
    };
    trace.push(entry);
    return entry;
  };
  const make = async (call: ToolCall): Promise<{ result: string; isNew: boolean }> => {
    const { name } = call;
    const args = call.args && pseudonyms.restoreJson(call.args);
    const read = byName.get(name);
    const secrets = pseudonyms.secretMarks(JSON.stringify(call.args));
    const why = refusalOf(read, args, { name, known: [...byName.keys()], secrets });
    if (!read || !args || why !== undefined) {
      const refused = { status: "refused" as const, output: null, summary: why ?? "" };
      return { result: show(enter(read?.name ?? name, {}, refused), refused), isNew: false };
    }
    const key = canonicalJson([name, args]);
    const before = known.get(key);
    if (before) {
      repeated++;
      const again = `It is call ${before.call} again, and was not made again: its result stands above.`;
      return { result: thinker.show({ call: before.call, again }), isNew: false };
    }
    // Entered before it is made, so that the same call beside it is known, and the numbers are those of the order.
    const entry = enter(read.name, args, { status: "refused", summary: "" });
    known.set(key, entry);
    const looked = await thinker.look(read, args, context);
    entry.status = looked.status;
    entry.summary = shortened(looked.summary, 300);
    return { result: show(entry, looked), isNew: true };
  };
  return {
    trace,
    get repeated() {
      return repeated;
    },
    succeeded: (call) => trace[call - 1]?.status === "succeeded",
    answer: async (calls) => {
      const allowed = Math.max(0, Math.min(MAX_A_TURN, MAX_CALLS - trace.length));
      const made = calls.slice(0, allowed);
      const results = await Promise.all(made.map(make));
      const left = calls.length - made.length;
      return {
        calls: made.map((call, index) => ({ ...echoOf(call), result: results[index]?.result ?? "" })),
        note:
          left === 0
            ? ""
            : `${left} calls were not made: at most ${MAX_A_TURN} are made in a turn, ${MAX_CALLS} in all.`,
        isNew: results.some(({ isNew }) => isNew),
      };
    },
  };
}

/** A call as the model is reminded of it: a flood does not come back with every turn. */
function echoOf({ name, args }: ToolCall): ToolCall {
  const isLong = args !== null && JSON.stringify(args).length > MAX_ARGS;
  return { name: name.replaceAll(/[^\w-]/g, "_").slice(0, 64) || "unnamed", args: isLong ? {} : args };
}

/** Why a call is not made, or undefined. */
function refusalOf(
  read: AnyRead | undefined,
  args: JsonObject | null,
  { name, known, secrets }: { name: string; known: readonly string[]; secrets: readonly string[] },
): string | undefined {
  if (!read) return `There is no "${shortened(name, 100)}" here. There are: ${known.join(", ")}.`;
  if (!args) return "The arguments are no JSON object.";
  // Whatever text in a result asks for, none is carried from one system to another.
  if (secrets.length > 0) return `A secret is not passed on: ${secrets.join(", ")}.`;
  const { length } = JSON.stringify(args);
  if (length > MAX_ARGS) return `The arguments have ${length} characters; at most ${MAX_ARGS} are taken.`;
  const parsed = read.input.safeParse(args);
  if (parsed.success) return undefined;
  const faults = parsed.error.issues
    .slice(0, 10)
    .map(({ path, message }) => `${path.join(".") || "arguments"}: ${message}`);
  return `The arguments do not fit: ${faults.join("; ")}`;
}
