/** One call of an HTTP action: its template filled in, its secrets put in last, and its answer read. */
import { type Json, JsonSchema } from "../../domain/json.ts";
import { printable } from "../../domain/printable.ts";
import { shortened } from "../../domain/text.ts";
import { ActionFailure } from "../../errors.ts";
import type { ActionContext } from "../action.ts";
import { originOf, secretsIn } from "./check.ts";
import type { RequestTemplate } from "./definition.ts";
import { type Network, NotReached } from "./guard.ts";
import { createMask, MASKED, masked, type SecretSource, secretsOf } from "./secrets.ts";
import { type Answered, CutOff, NoAnswer, type Outgoing, send } from "./send.ts";
import { fill, fillHeader, fillPath, fillText, type Scope, Unfillable } from "./template.ts";

/** What the actions of a program share. */
export interface HttpEnvironment {
  readonly network: Network;
  readonly secrets: SecretSource;
  /** An origin that stands in for that of every request, such as that of a scratch server. */
  readonly against?: string | undefined;
}

/** What an answer with one of its own statuses says. */
export interface Answer {
  readonly status: number;
  /** With `headers` and `response`, its JSON or text, for templates; secrets are masked. */
  readonly scope: Scope;
}

/** The receiver said no. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Call {
  readonly request: RequestTemplate;
  readonly scope: Scope;
  readonly context: ActionContext;
  readonly isShared: boolean;
  /** The header that a receiver knows a repeat by, with its value. */
  readonly repeat?: Readonly<Record<string, string>> | undefined;
}

/** What a request may say of the call. `effect` is the key of the effect, which that of its undo is made from. */
export const callScope = ({ tenant, principal, idempotencyKey, now }: ActionContext): Json => ({
  // While it is only shown, there is no key yet.
  ...{ tenant, principal, now, key: idempotencyKey || "the-key" },
  effect: idempotencyKey.replace(/:undo$/, "") || "the-key",
});
/** The same where a request is only shown: it is sent at another time, and under a key that it does not have yet. */
export const shownCall = ({ tenant, principal }: ActionContext): Json => ({
  ...{ tenant, principal, now: "(time of sending)", key: "the-key", effect: "the-key" },
});

/**
 * Sends a request, and reads the answer.
 * @throws ActionFailure when nothing was sent; Refused at any status but 200 to 299; anything else when nobody knows
 */
export async function call(environment: HttpEnvironment, { request, scope, context, ...more }: Call): Promise<Answer> {
  const { network } = environment;
  const source = environment.against === undefined ? environment.secrets : standIns;
  const secrets = secretsOf(secretsIn(request), source, { tenant: context.tenant, isShared: more.isShared });
  const mask = createMask(secrets);
  const outgoing = fillRequest(request, { ...scope, secret: secrets }, { ...more, ...environment });
  const allowed = (await context.allowedHosts?.()) ?? [];
  let answered: Answered;
  try {
    answered = await send(outgoing, { allowed, network, signal: context.signal });
  } catch (error) {
    throw maskedError(error, mask);
  }
  return answerOf(answered, { outgoing, mask });
}

/** A scratch server gets no real secrets. */
const standIns: SecretSource = (_tenant, name) => `scratch-value-of-${name}`;

function maskedError(error: unknown, mask: (text: string) => string): unknown {
  if (!(error instanceof Error)) return new NoAnswer("The request failed, and does not say why.");
  if (error instanceof NotReached) return new NotReached(error.status, mask(error.message));
  if (error instanceof ActionFailure) return error; // the guard's own words, which hold none
  return error instanceof CutOff ? new CutOff(mask(error.message)) : new NoAnswer(mask(error.message));
}

/** @throws ActionFailure when a template cannot be filled: nothing is sent */
function fillRequest(
  { method, url, query = {}, headers = {}, body, form }: RequestTemplate,
  scope: Scope,
  { against, repeat = {} }: Pick<HttpEnvironment, "against"> & Pick<Call, "repeat">,
): Outgoing {
  try {
    const origin = originOf(url);
    const path = fillPath(url.slice(origin.length), scope);
    const target = new URL(`${against ?? origin}${path}`);
    if (target.pathname !== (path || "/")) throw new Unfillable("its address would lead elsewhere");
    target.search = encoded(query, scope);
    const named = Object.entries(headers).map(([name, value]) => [name, fillHeader(name, value, scope)]);
    const content = form ? encoded(form, scope) : body === undefined ? undefined : JSON.stringify(fill(body, scope));
    const type = form ? "application/x-www-form-urlencoded" : "application/json";
    return {
      ...{ method, url: target, body: content },
      headers: {
        ...{ accept: "application/json", "user-agent": "holdpoint" },
        ...(content === undefined ? {} : { "content-type": type }),
        ...Object.fromEntries(named),
        ...repeat,
      },
    };
  } catch (error) {
    if (!(error instanceof Unfillable)) throw error;
    throw new ActionFailure("invalid_request", `The request cannot be made: ${error.message}.`);
  }
}

const encoded = (fields: Readonly<Record<string, string>>, scope: Scope): string =>
  Object.entries(fields)
    .map(([name, text]) => `${encodeURIComponent(name)}=${encodeURIComponent(fillText(text, scope).toWellFormed())}`)
    .join("&");

/** Where a request goes to, without its path. */
export const targetOf = ({ url }: RequestTemplate, { against }: Pick<HttpEnvironment, "against">): URL =>
  new URL(against ?? originOf(url));

/** A request as a person sees it: its secrets are masked. */
export function shownRequest(request: RequestTemplate, scope: Scope, repeat: Call["repeat"]) {
  const hidden = Object.fromEntries(secretsIn(request).map((name) => [name, MASKED]));
  return fillRequest(request, { ...scope, secret: hidden }, { against: undefined, repeat });
}

const MAX_SAID = 300;

function answerOf(
  { status, headers, text }: Answered,
  { outgoing: { method, url }, mask }: { outgoing: Outgoing; mask: (text: string) => string },
): Answer {
  const what = mask(`${method} ${url.origin}${url.pathname}`);
  if (status >= 200 && status < 300) {
    const response = masked(parsed(headers["content-type"] ?? "", text, what), mask);
    return { status, scope: { response, headers: masked(headers, mask) } };
  }
  const said = printable(shortened(mask(plainly(text, mask)).trim(), MAX_SAID));
  const why =
    status >= 300 && status < 400 ? "which leads elsewhere: redirects are not followed" : said && `and said: ${said}`;
  throw new Refused(status, `${what} was answered with ${status}${why ? `, ${why}` : ""}`);
}

/** What a refusal says; of JSON, each value is masked as it is meant, however it is written. */
function plainly(text: string, mask: (text: string) => string): string {
  try {
    return JSON.stringify(masked(parseJson(text), mask));
  } catch {
    return text;
  }
}

/** @throws NoAnswer when it is neither JSON nor text */
function parsed(type: string, text: string, what: string): Json {
  if (text.trim() === "") return null;
  const media = type.split(";")[0]?.trim().toLowerCase() ?? "";
  if (media === "application/json" || /^[\w.-]+\/[\w.+-]+\+json$/.test(media)) return jsonOf(text, what);
  if (media.startsWith("text/")) return text;
  throw new NoAnswer(`${what} was answered with ${media || "no type of content"}, which is neither JSON nor text.`);
}

function jsonOf(text: string, what: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw new NoAnswer(`${what} was answered with something that is no JSON, or too deep.`);
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
/** A whole number beyond what a double tells apart stays the text it was written as: rounded, an id is another one's. */
const keepWhole: Reviver = (_key, value, { source }) =>
  typeof value === "number" && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)
    ? source
    : value;

/** @throws anything when it is no JSON, or too deep */
const parseJson = (text: string): Json =>
  JsonSchema.parse(JSON.parse(text, keepWhole as (key: string, value: unknown) => unknown)) as Json;
