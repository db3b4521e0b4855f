/** Taking back what a tool did, by another call; never over what somebody else did since. */
import type { Json, JsonObject } from "../../domain/json.ts";
import type { Effect, Row } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import type { ActionContext } from "../action.ts";
import { type Declaration, fitsAny } from "./declaration.ts";
import { beforehand, callRead, sent } from "./failures.ts";
import { outputOf } from "./output.ts";
import { isSame, type Rows, readRows, scopeOf } from "./rows.ts";
import type { McpServer } from "./server.ts";
import { fill, fillObject, type Scope } from "./template.ts";

export interface WriteParts {
  readonly server: McpServer;
  readonly tool: string;
  readonly title: string;
  readonly declaration: Declaration;
}

type Found = { readonly output: Json } | undefined;

/** Asks the server whether the call with a key happened. @throws ActionFailure, CallFailed when it cannot tell */
export async function lookUp(parts: WriteParts, key: string, context: ActionContext): Promise<Found> {
  const { server, declaration } = parts;
  const { lookup, errors } = declaration;
  if (!lookup) return undefined;
  const scope = { ...scopeOf({}, context), key };
  const call = { server, tool: lookup.tool, errors };
  const result = await sent(call, fillObject(lookup.args, scope), context.signal);
  if (result.isError) {
    if (fitsAny(result.text, lookup.absent)) return undefined;
    throw new Error(`Looking it up failed: ${result.text.slice(0, 500)}`);
  }
  // What was found may hold any text; only a place that is declared says that it is not there.
  const answer = { ...scope, output: outputOf(result) };
  if (lookup.absentWhen !== undefined && isEmpty(fill(lookup.absentWhen, answer))) return undefined;
  return { output: fill(lookup.output, answer) ?? null };
}

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0);

/** How the rows are now, how they were before, and how the call left them. */
interface Standing {
  readonly now: Rows;
  readonly before: Rows;
  readonly left: Rows;
}

async function standingOf(parts: WriteParts, effect: Effect, context: ActionContext): Promise<Standing | undefined> {
  const { server, declaration } = parts;
  const { changes, errors } = declaration;
  const before = (effect.undoData as { before?: Rows } | null)?.before;
  if (!before || Object.keys(before).length === 0) return undefined;
  const scope = scopeOf(effect.args, context);
  const now = await readRows({ server, errors }, changes, scope, context.signal);
  const names = Object.keys(changes);
  const left = Object.fromEntries(
    Object.keys(before).map((name): [string, Row | null] => [name, effect.changes[names.indexOf(name)]?.after ?? null]),
  );
  return { now, before, left };
}

/** What somebody else changed since, a sentence. */
export async function movedOn(parts: WriteParts, effect: Effect, context: ActionContext): Promise<string[]> {
  const standing = await standingOf(parts, effect, context);
  if (!standing || isSame(standing.now, standing.before) || isSame(standing.now, standing.left)) return [];
  return [`What "${parts.title}" left behind was changed since.`];
}

/**
 * Takes an effect back.
 * @throws ActionFailure when it was surely not taken back; anything else when nobody knows
 */
export async function undo(parts: WriteParts, effect: Effect, context: ActionContext): Promise<string> {
  const { server, title, declaration } = parts;
  const { undo: back, errors } = declaration;
  if (!back) throw new ActionFailure("failed", `"${title}" cannot be taken back.`);
  const standing = await standingOf(parts, effect, context);
  if (standing && isSame(standing.now, standing.before)) return "Everything is as it was before.";
  if (standing && !isSame(standing.now, standing.left)) {
    throw new ActionFailure("failed", `What "${title}" left behind was changed since: it was not touched.`, {
      hint: "Look at it, and mend it by hand.",
    });
  }
  const output = effect.output ?? (await foundOutput(parts, effect));
  if (output === undefined) return "It never happened.";
  const scope: Scope = {
    ...scopeOf(effect.args, context),
    key: effect.key,
    before: (standing?.before ?? {}) as JsonObject,
    ...(output === null ? {} : { output }),
  };
  const args = beforehand(() => fillObject(back.args, scope));
  server.lookAgain(); // as before any write
  const result = await sent({ server, tool: back.tool, errors }, args, context.signal);
  if (!result.isError) return `"${title}" was taken back.`;
  if (fitsAny(result.text, back.gone)) return "What it left behind was gone already.";
  const why = `Taking back "${title}" failed: ${result.text.slice(0, 500)}`;
  throw fitsAny(result.text, errors.nothing) ? new ActionFailure("failed", why) : new Error(why);

  /** Null: nobody can tell. Undefined: it did not happen. */
  async function foundOutput(asked: WriteParts, { key }: Effect): Promise<Json | undefined> {
    if (!asked.declaration.lookup) return null;
    return (await lookUp(asked, key, context))?.output;
  }
}

/** What a call would do, said by the tool itself. */
export async function previewOf(parts: WriteParts, scope: Scope, signal: AbortSignal): Promise<Json | undefined> {
  const { server, declaration } = parts;
  const { preview, errors } = declaration;
  if (!preview) return undefined;
  const args = beforehand(() => fillObject(preview.args, scope));
  return outputOf(await callRead({ server, tool: preview.tool, errors }, args, signal));
}
