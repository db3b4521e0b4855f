/** The types of calls, read off those that the OpenAPI document gives. */
import type { CALLS, operations } from "./api.ts";

/** The name of a call: an `operationId` of the OpenAPI document. */
export type CallId = keyof typeof CALLS & keyof operations;

type Given<T> = Exclude<T, undefined>;
type Parameters<Id extends CallId> = operations[Id]["parameters"];
type RequestBody<Id extends CallId> = operations[Id] extends { requestBody?: infer Body } ? Given<Body> : never;

/** A part of the input: left out where there is none, free where all of it is. */
type Part<Name extends string, Value> = [Value] extends [never]
  ? { readonly [name in Name]?: never }
  : Record<string, never> extends Value
    ? { readonly [name in Name]?: Value }
    : { readonly [name in Name]: Value };

type JsonOf<Body> = Body extends { content: { "application/json": infer Json } } ? Json : never;

/** What a call takes. */
export type Input<Id extends CallId> = Part<"path", Given<Parameters<Id>["path"]>> &
  Part<"query", Given<Parameters<Id>["query"]>> &
  Part<"body", JsonOf<RequestBody<Id>>>;

type Responses<Id extends CallId> = operations[Id]["responses"];
type Content<Answer> = Answer extends { content: infer Types } ? Types[keyof Types] : undefined;

/** What a call answers. */
export type Output<Id extends CallId> = {
  [Status in keyof Responses<Id> & (200 | 201 | 202 | 204)]: Content<Responses<Id>[Status]>;
}[keyof Responses<Id> & (200 | 201 | 202 | 204)];

/** What may be said with each call. */
export interface Options {
  /** Gives the call up; what it set off goes on on the server. */
  readonly signal?: AbortSignal;
  /** For how long the server waits for the work before it answers, in seconds, up to 60; 0 for not at all. */
  readonly wait?: number;
  /** The version that is meant, as an ETag: a change of another one is refused. */
  readonly version?: string;
  /** Sent again under the same key, a write does nothing again. Default: a new one. */
  readonly key?: string;
}

/** A call whose input has nothing that must be given may leave it out. */
export type Rest<Id extends CallId> =
  Record<string, never> extends Input<Id>
    ? [input?: Input<Id>, options?: Options]
    : [input: Input<Id>, options?: Options];
