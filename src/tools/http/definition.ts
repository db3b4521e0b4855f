/** The form of a file that defines an HTTP action; what a form cannot say is checked in check.ts. */
import { z } from "zod";
import { JsonSchema } from "../../domain/json.ts";
import { ImpactLevelSchema, ReversibilitySchema } from "../../domain/proposal.ts";

const text = (max: number) => z.string().trim().min(1, "expected a text").max(max);
const template = z.string().max(10_000);
const status = z.int().min(100).max(599);

/** The scheme, the host and the port are written out; the path may hold references. */
const URL_FORM = /^https?:\/\/[^\s/?#@\\]+(?:\/[^\s?#\\]*)?$/;
/** What the connection and the body say, nobody else does. */
const OWN_HEADERS =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|accept-encoding|proxy-.*)$/;

const HeadersSchema = z.record(
  z
    .string()
    .regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "expected the name of a header in lower case")
    .refine((name) => !OWN_HEADERS.test(name), "is set by the connection itself"),
  template,
);

const requestOf = <Method extends string>(methods: readonly [Method, ...Method[]]) =>
  z
    .strictObject({
      method: z.enum(methods),
      url: z
        .string()
        .max(4000)
        .regex(
          URL_FORM,
          "expected an address such as https://api.example.com/things/${args.id}, with the query in query",
        ),
      query: z.record(text(200), template).optional(),
      headers: HeadersSchema.optional(),
      body: JsonSchema.optional(),
      form: z.record(text(200), template).optional(),
    })
    .refine(({ body, form }) => body === undefined || form === undefined, {
      error: "expected body or form, not both",
      path: ["form"],
    });

const ReadRequestSchema = requestOf(["GET", "POST"]);
const WriteRequestSchema = requestOf(["POST", "PUT", "PATCH", "DELETE"]);
const AnyRequestSchema = requestOf(["GET", "POST", "PUT", "PATCH", "DELETE"]);
/** A request as a file writes it. */
export type RequestTemplate = z.infer<typeof AnyRequestSchema>;

const RowSchema = z.record(text(200), JsonSchema).nullable();

const PreviewSchema = z.strictObject({
  read: ReadRequestSchema.optional(),
  changes: z
    .array(z.strictObject({ table: template, key: template, before: RowSchema, after: RowSchema }))
    .min(1)
    .max(100),
});

const LookupSchema = z.strictObject({
  request: ReadRequestSchema,
  /** The statuses that say that it never happened. */
  absent: z.array(status).max(20).default([404]),
  /** Where in the answer a list is: an empty one says that it never happened, and its first item is `item`. */
  list: z
    .string()
    .regex(/^response(?:\.[A-Za-z0-9_-]+)*$/, "expected where in the answer it is, such as response.items")
    .optional(),
  result: JsonSchema.optional(),
});

const UndoSchema = z.strictObject({
  request: WriteRequestSchema,
  /** The statuses that say that it is gone already. Silence: none, as many receivers say 404 of what one may not see. */
  gone: z.array(status).max(20).default([]),
  says: text(1000),
});

const ImpactSchema = z.strictObject({
  level: ImpactLevelSchema,
  resources: z.array(template).max(100).default([]),
  durationMs: z.int().min(0).default(1000),
  amount: JsonSchema.optional(),
  outside: z.array(JsonSchema).max(100).optional(),
});

const ms = z.int().min(1);

export const DefinitionSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z][\w.-]{0,63}$/, "expected a name such as rename_ticket"),
  version: z.int().min(1),
  title: text(200),
  description: text(2000),
  kind: z.enum(["read", "write"]),
  input: z.record(z.string(), JsonSchema),
  output: z.record(z.string(), JsonSchema),
  example: z.record(z.string(), JsonSchema).optional(),
  request: AnyRequestSchema,
  /** Where in the answer the output is. */
  result: JsonSchema.default({ $ref: "response" }),
  /** Which hosts a secret may go to; silence: that of `request` alone. */
  secrets: z
    .record(
      z
        .string()
        .regex(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/, "expected a name of capitals, digits and single underscores")
        .max(60),
      z.array(text(260)).min(1).max(20),
    )
    .optional(),
  errors: z
    .strictObject({
      /** Statuses with which the receiver surely did nothing, beside or against the usual ones. */
      nothingHappened: z.array(status).max(50).default([]),
      unknown: z.array(status).max(50).default([]),
    })
    .prefault({}),
  summary: text(2000),
  /** Its output was written outside; only whoever knows that it was not says so. */
  untrustedOutput: z.boolean().default(true),
  timeoutMs: ms.optional(),
  retry: z.strictObject({ attempts: ms.optional(), pauseMs: ms.optional(), maxPauseMs: ms.optional() }).optional(),
  breaker: z.union([z.literal(false), z.strictObject({ failures: ms.optional(), openMs: ms.optional() })]).optional(),
  // Of writes alone:
  idempotency: z.strictObject({ header: HeadersSchema.def.keyType, honoured: z.boolean() }).optional(),
  reversibility: ReversibilitySchema.optional(),
  preview: PreviewSchema.optional(),
  captureUndo: z.strictObject({ request: ReadRequestSchema, result: JsonSchema }).optional(),
  undo: UndoSchema.optional(),
  undoWindowMs: ms.optional(),
  lookup: LookupSchema.optional(),
  impact: ImpactSchema.optional(),
});
export type Definition = z.infer<typeof DefinitionSchema>;

/** The parts that only a write has. */
export const OF_WRITES = [
  ...["idempotency", "reversibility", "preview", "captureUndo", "undo", "undoWindowMs", "lookup", "impact"],
] as const satisfies readonly string[];
