/**
 * Graph state: small, readable in Studio, and never proof of consent. What was decided and what happened is in the
 * ledger; state is control flow and a picture of it.
 */
import { randomUUID } from "node:crypto";
import type { BaseMessage } from "@langchain/core/messages";
import { ReducedValue, StateSchema } from "@langchain/langgraph";
import { z } from "zod";
import { AnswerSchema } from "./domain/answer.ts";
import { PlanSchema, StepStatusSchema } from "./domain/plan.ts";
import { FindingSchema, ProposalSchema } from "./domain/proposal.ts";
import { RoleSchema } from "./domain/role.ts";
import { PauseSchema } from "./domain/run.ts";
import { isMessages, MAX_STORED_TEXT, mergeMessages, readMessages } from "./messages.ts";

const RequestSchema = z.object({ id: z.string(), text: z.string() });

type Request = z.infer<typeof RequestSchema>;

/** A request as text gets an id when it is written: the same text said again is another request. */
function identified(given: string | Request): Request {
  return typeof given === "string" ? { id: `run_${randomUUID()}`, text: given.slice(0, MAX_STORED_TEXT + 1) } : given;
}

const latestRequest = (_current: Request | null, next: string | Request) => identified(next);

/** What went wrong, for the reflector: the customer-facing status, and a sentence. */
const FailureSchema = z.object({
  status: AnswerSchema.shape.status,
  message: z.string(),
  details: z.array(z.string()),
});

/**
 * A field that keeps what was written last. A client can jump into a node while another one waits, so that two nodes
 * write in one step; LangGraph's plain fields would then refuse, and the thread could never go on.
 */
function latest<T>(schema: z.ZodType<T, unknown>): ReducedValue<T> {
  return new ReducedValue<T, T>(schema, { inputSchema: schema, reducer: lastWritten });
}

/** LangGraph takes two declarations of a field for one where this is the same. */
const lastWritten = <T>(_current: T, next: T): T => next;

const messages = (inputSchema: z.ZodType<unknown>) =>
  new ReducedValue<BaseMessage[], unknown>(z.custom<BaseMessage[]>(isMessages).default([]), {
    inputSchema,
    reducer: mergeMessages,
    jsonSchemaExtra: {
      type: "array",
      items: { type: "object" },
      langgraph_type: "messages",
      title: "Messages",
      description: "For chat pages, instead of a request: the last human message is the request.",
    },
  });

export const HoldpointState = new StateSchema({
  request: new ReducedValue(RequestSchema.nullable().default(null), {
    inputSchema: z.union([z.string(), RequestSchema]),
    reducer: latestRequest,
  }),
  /** Who made the last call that carried a request; see the guardrail. */
  asker: latest(z.string().nullable().default(null)),
  run: latest(z.object({ id: z.string() }).nullable().default(null)),
  /** For chat pages: what was asked and answered on the thread, as text. */
  messages: messages(z.unknown()),
  /** The id of the request that the last human message was taken for, or would have been: it is not taken again. */
  heard: latest(z.string().nullable().default(null)),
  /** The current revision of the plan. */
  plan: latest(PlanSchema.extend({ number: z.number().int() }).nullable().default(null)),
  steps: latest(z.record(z.string(), z.object({ status: StepStatusSchema, note: z.string() })).default({})),
  proposal: latest(ProposalSchema.nullable().default(null)),
  /** What the guardrail found last. */
  findings: latest(z.array(FindingSchema).default([])),
  failure: latest(FailureSchema.nullable().default(null)),
  /** Why the run does not go on for now, though nobody is asked to decide. */
  pause: latest(PauseSchema.nullable().default(null)),
  /** A caller writes it to let a paused run go on; it says nothing by itself. */
  wake: latest(z.boolean().default(false)),
  /** What the person must know besides: a proposal that was superseded, an answer that was not taken. */
  notices: latest(z.array(z.string()).default([])),
  /** How the last node ended; the routes lead on from it. */
  outcome: latest(z.string().default("")),
  answer: latest(AnswerSchema.nullable().default(null)),
});

export type State = typeof HoldpointState.State;
export type Update = typeof HoldpointState.Update;

/**
 * State as it is declared today, from a checkpoint that any version of the program may have written.
 * @returns the state, in which what is absent or does not fit has its default, and the names of the fields that do not fit
 */
export function readState(values: Readonly<Record<string, unknown>>): { state: State; unreadable: (keyof State)[] } {
  const unreadable: (keyof State)[] = [];
  const read = Object.entries(HoldpointState.fields).map(([key, field]) => {
    const schema = field.valueSchema as unknown as z.ZodType;
    const parsed = schema.safeParse(values[key]);
    if (!parsed.success) unreadable.push(key as keyof State);
    return [key, parsed.success ? parsed.data : schema.parse(undefined)];
  });
  return { state: Object.fromEntries(read), unreadable };
}

const asked = z.string().meta({ title: "Request", description: "What you want done, in plain words." });

/**
 * What a caller gives: the request as text, or messages of which the last human one is the request. Both have their ids
 * before the first checkpoint is written, so that it is the same request when that one is replayed.
 */
export const HoldpointInput = new StateSchema({
  request: new ReducedValue<Request | null, string>(RequestSchema.nullable().default(null), {
    inputSchema: asked.transform(identified) as z.ZodType<unknown> as z.ZodType<string>, // typed as what callers give
    reducer: latestRequest,
  }),
  messages: messages(z.unknown().transform(readMessages)),
  // Put there by the graph, whatever a caller says; as a custom type it is in no form that a page makes of this.
  asker: new ReducedValue(z.string().nullable().default(null), {
    inputSchema: z.custom<string | null>((value) => typeof value === "string"),
    reducer: lastWritten<string | null>,
  }),
  wake: latest(
    z.boolean().default(false).meta({ title: "Wake", description: "Instead of a request: lets a paused run go on." }),
  ),
});

const name = z.string().min(1).max(100).optional();
const CallerNames = z.object({ tenant: name, principal: name });

/** Who calls, in embedded use: whose data, who acts, and as what, where the program itself authenticates people. */
export const CallerContext = CallerNames.extend({
  role: RoleSchema.optional(),
  scopes: z.array(z.string().max(100)).max(100).optional(),
});

/** The same for LangGraph, by whose types a caller would have to give everything that a context may hold. */
export const GraphContext: typeof CallerNames = CallerContext as unknown as typeof CallerNames;
