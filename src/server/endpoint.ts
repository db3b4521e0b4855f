/**
 * An endpoint as data: what it takes, what it answers, and which operation of a role it is. The application, the OpenAPI
 * document and the tests are made from the same list.
 */
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Identity } from "../domain/run.ts";
import { assertMayAnswer } from "../ledger/delegations.ts";
import { assertMay } from "../ledger/members.ts";
import { OPERATIONS, type Operation } from "../policy/operations.ts";
import type { StoreRuntime } from "../runtime.ts";
import { answerOnce } from "./once.ts";
import { HttpProblem, type Misfit } from "./problem.ts";
import { ProblemSchema } from "./problem-schema.ts";
import type { Served, Variables } from "./served.ts";

export type App = OpenAPIHono<{ Variables: Variables }>;

/** A request as an endpoint gets it: checked, and with who sends it. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly identity: Identity;
  readonly runtime: StoreRuntime;
  readonly served: Served;
  readonly headers: Headers;
  /** Aborted when whoever asked went away. */
  readonly signal: AbortSignal;
  /** The `Idempotency-Key`, where one is given. */
  readonly key: string | undefined;
  /**
   * For an answer that goes on for long: whether the caller still is who it was, and may still do this.
   * @throws HoldpointError `unauthenticated`, `denied`, and what the database throws
   */
  assertStill(): Promise<void>;
}

/** What is answered: JSON, or with `text` anything that is written as it comes. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: string | ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default: JSON. */
  readonly type?: string;
}

export interface Endpoint<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  /** The name of the call in clients. */
  readonly id: string;
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly path: string;
  readonly tag: string;
  /** What it takes a role for; null for what anybody may do. */
  readonly operation: Operation | null;
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** It looks at `If-Match`. */
  readonly versioned?: boolean;
  /** False where the answer is a secret, which is never kept: sent again, the request does it again. Default: true. */
  readonly once?: boolean;
  readonly answers: Readonly<Record<number, Answer>>;
  run(call: Call<z.output<P>, z.output<Q>, z.output<B>>): Promise<Reply>;
}

// biome-ignore lint/suspicious/noExplicitAny: of a list of endpoints, each has its own types
export type AnyEndpoint = Endpoint<any, any, any>;

/** Checks the types of an endpoint that is put in a list. */
export const endpoint = <
  P extends z.ZodType = z.ZodObject,
  Q extends z.ZodType = z.ZodObject,
  B extends z.ZodType = z.ZodUndefined,
>(
  given: Endpoint<P, Q, B>,
): AnyEndpoint => given;

/** Whether it changes something. */
export const isWrite = ({ method }: Pick<AnyEndpoint, "method">): boolean => method !== "get";

/** Whether it may be sent again under an `Idempotency-Key`. */
const isOnce = (given: Pick<AnyEndpoint, "method" | "once">): boolean => isWrite(given) && given.once !== false;

const KeyHeader = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(255)
    .regex(/^[\x21-\x7e]+$/, "expected printable ASCII without spaces")
    .optional()
    .describe("Sent again under the same key, the request does nothing again, and gets the same answer for a day."),
});
const VersionHeader = z.object({
  "if-match": z.string().max(200).optional().describe("The ETag of the version that is meant: another one is refused."),
});

/** Adds an endpoint to the application, and to what describes it. */
export function mount(app: App, served: Served, given: AnyEndpoint): void {
  const { id, method, path, tag, summary, description, params, query, body, versioned, operation } = given;
  const headers = [...(isOnce(given) ? [KeyHeader] : []), ...(versioned ? [VersionHeader] : [])];
  const role = operation === null ? undefined : `Takes the role ${OPERATIONS[operation]}.`;
  app.openAPIRegistry.registerPath({
    ...{ method, path, operationId: id, tags: [tag], summary },
    description: [description, role].filter((line) => line !== undefined).join("\n\n"),
    ...(operation === null && !path.startsWith("/api/") ? { security: [] } : {}),
    request: {
      ...(params ? { params } : {}),
      ...(query ? { query } : {}),
      ...(headers.length > 0 ? { headers } : {}),
      ...(body ? { body: { required: !takesNothing(body), content: { "application/json": { schema: body } } } } : {}),
    },
    responses: responsesOf(given),
  });
  app.on(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ":$1"), (c) => answer(c, served, given));
}

const takesNothing = (body: z.ZodType): boolean => body.safeParse({}).success;

function responsesOf({ answers }: AnyEndpoint) {
  const own = Object.entries(answers).map(([status, { description, schema, type = "application/json" }]) => [
    status,
    schema ? { description, content: { [type]: { schema } } } : { description },
  ]);
  const problem = { description: "A problem.", content: { "application/problem+json": { schema: ProblemSchema } } };
  return { ...Object.fromEntries(own), default: problem };
}

async function answer(c: Context<{ Variables: Variables }>, served: Served, given: AnyEndpoint): Promise<Response> {
  const who = c.get("who");
  const { identity } = who;
  const { headers } = c.req.raw;
  const runtime = served.runtimeFor(who, headers);
  const assertAllowed = async (caller: Identity) => {
    // Whoever stands in for somebody may answer, and nothing else.
    if (given.operation === "answer") await assertMayAnswer(runtime.ledger, { ...caller, at: runtime.now() });
    else if (given.operation !== null) await assertMay(runtime.ledger, caller, given.operation);
  };
  await assertAllowed(identity);
  const call = {
    ...(await read(c, given)),
    ...{ identity, runtime, served, headers, signal: c.req.raw.signal },
    key: headers.get("idempotency-key") ?? undefined,
    assertStill: async () => await assertAllowed({ ...(await c.get("again")()).identity, tenant: identity.tenant }),
  };
  const run = async () => toResponse(await given.run(call));
  return isOnce(given) ? await answerOnce(c, served, { identity, run }) : await run();
}

/** What a request brings, checked. @throws HttpProblem `invalid_request` that names all that does not fit */
async function read(c: Context, given: AnyEndpoint) {
  const misfits: Misfit[] = [];
  const check = (where: string, schema: z.ZodType, value: unknown): unknown => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    misfits.push(...parsed.error.issues.map(({ path, message }) => ({ where: [where, ...path].join("."), message })));
    return undefined;
  };
  const { params = z.object({}), query = z.strictObject({}), body } = given;
  if (isOnce(given)) check("header", KeyHeader, c.req.header());
  if (given.versioned) check("header", VersionHeader, c.req.header());
  const checked = {
    params: check("path", params, c.req.param()),
    query: check("query", query, c.req.query()),
    body: body && check("body", body, await readBody(c)),
  };
  if (misfits.length === 0) return checked;
  const [first] = misfits;
  throw new HttpProblem("invalid_request", `${first?.where} does not fit: ${first?.message}.`, {
    hint: "See /api/v1/openapi.json for what is expected.",
    errors: misfits.slice(0, MAX_MISFITS),
  });
}

const MAX_MISFITS = 20;
const MAX_DEPTH = 100;

/** Nothing is an empty object. */
async function readBody(c: Context): Promise<unknown> {
  const text = await c.req.text();
  if (text.trim() === "") return {};
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new HttpProblem("unsupported_media_type", `The body is "${type.slice(0, 80)}".`, {
      hint: "Send JSON, with Content-Type: application/json.",
    });
  }
  if (depthOf(text) > MAX_DEPTH) {
    throw new HttpProblem("invalid_request", `The body is nested deeper than ${MAX_DEPTH} levels.`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpProblem("invalid_request", `The body is no JSON: ${(error as Error).message.slice(0, 200)}.`);
  }
}

/** How deep brackets stand in each other, outside of texts: what is too deep would end every reader by recursion. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++depth);
    else if (token === "]" || token === "}") depth--;
  }
  return deepest;
}

function toResponse({ status, body, text, headers = {} }: Reply): Response {
  if (text !== undefined) return new Response(text, { status, headers });
  if (body === undefined) return new Response(null, { status, headers });
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}
