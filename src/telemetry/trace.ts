/**
 * Traces, by the API of OpenTelemetry alone: whoever runs the program registers an SDK, or none. Without one nothing is
 * loaded, and nothing is made. No span holds arguments, texts or messages of errors: ids, names, statuses, counts.
 */
import { createRequire } from "node:module";
import type * as OpenTelemetry from "@opentelemetry/api";

/** Where every version 1 of the API keeps what was registered, so that all copies of it share that (its global-utils). */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");
const require = createRequire(import.meta.url);
let loaded: typeof OpenTelemetry | undefined;

/** The API where somebody registered an SDK for traces. */
function api(): typeof OpenTelemetry | undefined {
  const registered = (globalThis as { [REGISTERED]?: { trace?: unknown } })[REGISTERED];
  if (registered?.trace === undefined) return undefined;
  loaded ??= require("@opentelemetry/api") as typeof OpenTelemetry;
  return loaded;
}

type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Traced {
  /** Of few values: an operation, and what it is done with. */
  readonly name: string;
  /** Whether it leaves the process. */
  readonly isClient?: boolean;
  readonly attributes: Attributes;
}

/** Adds to what is said of a span. Does nothing where there is none. */
export type Say = (attributes: Attributes) => void;

const SILENT: Say = () => undefined;

const tracerOf = ({ trace }: typeof OpenTelemetry): OpenTelemetry.Tracer => trace.getTracer("holdpoint");

const optionsOf = ({ isClient = false, attributes }: Traced, { SpanKind }: typeof OpenTelemetry) => ({
  kind: isClient ? SpanKind.CLIENT : SpanKind.INTERNAL,
  attributes: attributes as OpenTelemetry.Attributes,
});

/** Says of a span what was thrown: its kind, and never its message. */
function fail(span: OpenTelemetry.Span, error: unknown, { SpanStatusCode }: typeof OpenTelemetry): void {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  span.setAttribute("error.type", String(code ?? name ?? "error").slice(0, 100));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/**
 * Does work within a span; what it starts in turn is below that.
 * @param what is only asked where somebody traces
 * @param options `isFailure`: whether what the work throws says that it failed; default: all does
 */
export function traced<T>(
  what: () => Traced,
  work: (say: Say) => Promise<T>,
  { isFailure = () => true }: { isFailure?: (error: unknown) => boolean } = {},
): Promise<T> {
  const otel = api();
  if (!otel) return work(SILENT);
  const one = what();
  return tracerOf(otel).startActiveSpan(one.name, optionsOf(one, otel), async (span) => {
    try {
      return await work((attributes) => void span.setAttributes(attributes as OpenTelemetry.Attributes));
    } catch (error) {
      if (isFailure(error)) fail(span, error, otel);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A span that others are below, although they do not run inside the call that began it. */
export interface Carried {
  /** Does work below it. */
  within<T>(work: () => Promise<T>): Promise<T>;
  end(error?: unknown): void;
}

/** @returns undefined where nobody traces */
export function carriedSpan(what: () => Traced): Carried | undefined {
  const otel = api();
  if (!otel) return undefined;
  const { context, trace } = otel;
  const one = what();
  const span = tracerOf(otel).startSpan(one.name, optionsOf(one, otel));
  const below = trace.setSpan(context.active(), span);
  return {
    within: (work) => context.with(below, work),
    end: (error) => {
      if (error !== undefined) fail(span, error, otel);
      span.end();
    },
  };
}
