/** Actions made from definitions. */
import type { Json } from "../../domain/json.ts";
import type { Change, Effect } from "../../domain/proposal.ts";
import { ActionFailure, explainError } from "../../errors.ts";
import { type Action, type ActionContext, type AnyWrite, defineAction } from "../action.ts";
import {
  type Answer,
  call,
  callScope,
  type HttpEnvironment,
  Refused,
  shownCall,
  shownRequest,
  targetOf,
} from "./call.ts";
import type { Checked } from "./check.ts";
import type { Definition, RequestTemplate } from "./definition.ts";
import { assertAllowed, hostOf } from "./guard.ts";
import { readError, writeError } from "./outcomes.ts";
import { filled, impactOf, rowOf } from "./parts.ts";
import { assertPresent, fill, fillText, type Scope, Unfillable } from "./template.ts";

/** Whose an action is; absent for every tenant's. */
type Tenants = readonly string[] | undefined;

export function httpAction(checked: Checked, environment: HttpEnvironment, tenants: Tenants): Action {
  return new HttpAction(checked, environment, tenants).made();
}

class HttpAction {
  readonly #checked: Checked;
  readonly #definition: Definition;
  readonly #environment: HttpEnvironment;
  readonly #tenants: Tenants;

  constructor(checked: Checked, environment: HttpEnvironment, tenants: Tenants) {
    this.#checked = checked;
    this.#definition = checked.definition;
    this.#environment = environment;
    this.#tenants = tenants;
  }

  made(): Action {
    const { name, version, title, description, example, summary, untrustedOutput, ...rest } = this.#definition;
    const { timeoutMs, retry, breaker } = rest;
    const base = {
      ...{ name, version, title, description, untrustedOutput, timeoutMs, retry, breaker },
      ...{ input: this.#checked.input, output: this.#checked.output, definition: this.#checked.written },
      ...(example === undefined ? {} : { example: example as Json }),
      ...(this.#tenants === undefined ? {} : { tenants: this.#tenants }),
      summarize: (args: Json, output: Json) => fillText(summary, { args, output }),
    };
    if (this.#definition.kind === "read") return defineAction({ ...base, kind: "read", run: this.#read });
    return defineAction<Json, Json>({ ...base, kind: "write", ...this.#writing() });
  }

  #writing(): Omit<AnyWrite, "kind" | "name" | "version" | "title" | "description" | "input" | "output" | "summarize"> {
    const { idempotency, reversibility, undoWindowMs, impact, captureUndo, undo, lookup } = this.#definition;
    return {
      reversibility: reversibility ?? "irreversible",
      idempotent: idempotency?.honoured ?? false,
      preview: this.#preview,
      run: this.#run,
      ...(impact ? { impact: (args: Json) => impactOf(impact, { args }) } : {}),
      ...(captureUndo
        ? { captureUndo: (args: Json, context: ActionContext) => this.#capture(captureUndo, args, context) }
        : {}),
      ...(lookup ? { lookup: (key: string, context: ActionContext) => this.#lookUp(lookup, key, context) } : {}),
      ...(undo ? { undo: (effect: Effect, context: ActionContext) => this.#undo(undo, effect, context) } : {}),
      ...(undoWindowMs === undefined ? {} : { undoWindowMs }),
    };
  }

  #read = async (args: Json, context: ActionContext): Promise<Json> => {
    const answer = await this.#ask(this.#definition.request, { args }, context);
    return filled(this.#definition.result, { args, ...answer.scope });
  };

  #preview = async (args: Json, context: ActionContext): Promise<Change[]> => {
    const { preview, request } = this.#definition;
    try {
      await this.#assertAllowed(context);
      this.#assertUndoable({ args });
      if (!preview) return [this.#statement(request, args, context)];
      const before = preview.read ? (await this.#ask(preview.read, { args }, context)).scope : {};
      return preview.changes.map((change) => ({
        table: fillText(change.table, { args, ...before }),
        key: fillText(change.key, { args, ...before }),
        before: rowOf(change.before, { args, ...before }),
        after: rowOf(change.after, { args, ...before }),
      }));
    } catch (error) {
      if (error instanceof ActionFailure) throw error;
      context.signal.throwIfAborted();
      // It only looked.
      throw new ActionFailure("failed", `What it would change could not be looked at: ${explainError(error)}`);
    }
  };

  /** Found here rather than after somebody has approved it. @throws ActionFailure */
  async #assertAllowed({ allowedHosts }: ActionContext): Promise<void> {
    assertAllowed(hostOf(targetOf(this.#definition.request, this.#environment)), (await allowedHosts?.()) ?? []);
  }

  /** What would be sent, where the file does not say what that changes. */
  #statement(request: RequestTemplate, args: Json, context: ActionContext): Change {
    const { method, url, body } = shownRequest(request, { args, call: shownCall(context) }, undefined);
    const sent = body === undefined ? {} : { body };
    return {
      table: "request",
      key: `${method} ${url.origin}${url.pathname}`,
      before: null,
      after: { method, url: url.href, ...sent },
    };
  }

  #run = async (args: Json, context: ActionContext): Promise<{ output: Json; changes: Change[] }> => {
    const { request, result } = this.#definition;
    try {
      const changes = await this.#preview(args, context);
      const answer = await this.#send(request, { args }, context);
      return { output: fill(result, { args, ...answer.scope }), changes };
    } catch (error) {
      if (error instanceof Unfillable) throw new Error(`The answer does not fit: ${error.message}.`);
      throw writeError(error, this.#definition);
    }
  };

  async #capture(
    { request, result }: NonNullable<Definition["captureUndo"]>,
    args: Json,
    context: ActionContext,
  ): Promise<Json> {
    const { scope } = await this.#ask(request, { args }, context);
    this.#assertUndoable({ args, ...scope }, result);
    const captured = filled(result, { args, ...scope });
    this.#assertUndoable({ args, captured });
    return captured;
  }

  /** What is not there cannot be put back: found before anything is sent. @throws ActionFailure */
  #assertUndoable(scope: Scope, template?: Json): void {
    const { undo } = this.#definition;
    if (!undo) return;
    try {
      assertPresent(template ?? [undo.request as Json, undo.says], scope);
    } catch (error) {
      if (!(error instanceof Unfillable)) throw error;
      throw new ActionFailure("failed", `It could not be undone, and was not done: ${error.message}.`);
    }
  }

  async #lookUp(
    { request, absent, list, result }: NonNullable<Definition["lookup"]>,
    key: string,
    context: ActionContext,
  ): Promise<{ output: Json } | undefined> {
    let answer: Answer;
    try {
      answer = await this.#call(request, {}, { ...context, idempotencyKey: key });
    } catch (error) {
      if (error instanceof Refused && absent.includes(error.status)) return undefined;
      throw readError(error);
    }
    if (list === undefined) return { output: filled(result ?? { $ref: "response" }, answer.scope) };
    const items = filled({ $ref: list }, answer.scope);
    if (!Array.isArray(items)) throw new ActionFailure("failed", `The answer has no list at ${list}.`);
    const [item] = items;
    return item === undefined ? undefined : { output: filled(result ?? { $ref: "item" }, { ...answer.scope, item }) };
  }

  async #undo(
    { request, gone, says }: NonNullable<Definition["undo"]>,
    { args, output, undoData, key }: Effect,
    context: ActionContext,
  ): Promise<string> {
    const { lookup } = this.#definition;
    const scope: Scope = { args, output, captured: undoData };
    if (output === null && lookup) {
      const found = await this.#lookUp(lookup, key, context);
      if (!found) return "There was nothing to take back: it never happened.";
      return await this.#undo(
        { request, gone, says },
        { args, output: found.output, undoData, key } as Effect,
        context,
      );
    }
    const said = this.#undoSays({ request, says }, scope);
    try {
      await this.#send(request, scope, context);
    } catch (error) {
      if (!(error instanceof Refused && gone.includes(error.status))) throw writeError(error, this.#definition);
      return "There was nothing to take back: it is gone.";
    }
    return said;
  }

  /** The sentence about an undo, before it is sent. @throws ActionFailure where the request or it would lack something */
  #undoSays({ request, says }: { request: RequestTemplate; says: string }, scope: Scope): string {
    try {
      assertPresent(request as Json, scope);
      return fillText(says, scope);
    } catch (error) {
      if (!(error instanceof Unfillable)) throw error;
      throw new ActionFailure("failed", `It cannot be undone: ${error.message}. Nothing was sent.`);
    }
  }

  /** A request that changes something, with the key by which a receiver knows a repeat. */
  async #send(request: RequestTemplate, scope: Scope, context: ActionContext): Promise<Answer> {
    const { idempotency } = this.#definition;
    const repeat = idempotency && { [idempotency.header]: context.idempotencyKey };
    return await this.#call(request, scope, context, repeat);
  }

  /** A request that changes nothing. */
  async #ask(request: RequestTemplate, scope: Scope, context: ActionContext): Promise<Answer> {
    try {
      return await this.#call(request, scope, context);
    } catch (error) {
      throw readError(error);
    }
  }

  async #call(request: RequestTemplate, scope: Scope, context: ActionContext, repeat?: Record<string, string>) {
    const isShared = this.#tenants === undefined;
    const whole = { ...scope, call: callScope(context) };
    return await call(this.#environment, { request, scope: whole, context, isShared, repeat });
  }
}
