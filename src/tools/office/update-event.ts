/** Changing an event: when, who, where. */
import { z } from "zod";
import type { Json } from "../../domain/json.ts";
import type { Effect } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import { type ActionContext, defineAction, type PreviewContext, type WriteAction } from "../action.ts";
import { type CalendarEvent, eventChange } from "./event.ts";
import {
  changeEvent,
  type EventOutput,
  EventOutputSchema,
  type EventResult,
  eventImpact,
  eventMovedOn,
  findResult,
  getEvent,
  isSameField,
  leftBehind,
  NOTHING,
  undoChange,
} from "./event-effects.ts";
import { assertTimes, eventFields, movedTo } from "./event-input.ts";
import { EVENT_ID } from "./fields.ts";
import type { Office } from "./office.ts";
import { eventsThen, mustBeFree } from "./overbooking.ts";
import { eventBefore, hasHappened } from "./remembered.ts";
import { EXAMPLE_ID } from "./scratch.ts";
import { assertSeen, describeEvent, eventThen, SEEN } from "./seen-event.ts";

const InputSchema = z
  .strictObject({
    id: EVENT_ID,
    title: eventFields.title.optional(),
    start: eventFields.start.optional().describe("Without an end, it stays as long as it is."),
    end: eventFields.end.optional(),
    people: eventFields.people.optional().describe("All who come from now on, by mail address."),
    location: eventFields.location.nullable().optional(),
    description: eventFields.description.nullable().optional(),
    seen: SEEN.optional(),
  })
  .refine(
    ({ id: _id, seen: _seen, ...changes }) => Object.values(changes).some((value) => value !== undefined),
    "say what is to change: title, start, end, people, location or description",
  );
type UpdateInput = z.infer<typeof InputSchema>;

export function createUpdateEvent(office: Office): WriteAction<UpdateInput, EventOutput> {
  return defineAction({
    kind: "write",
    name: "update_event",
    version: 1,
    title: "Change an event",
    description:
      "Moves an event by its id (see find_events), or changes its title, people, place or description; one that recurs, " +
      "as a whole. What is left out stays as it is. It tells nobody: send_email does.",
    input: InputSchema,
    output: EventOutputSchema,
    example: { id: EXAMPLE_ID, start: "2090-02-01T15:00:00Z", location: null },
    reversibility: "reversible",
    idempotent: true,
    dedupeKey: ({ seen: _seen, ...args }) => JSON.parse(JSON.stringify(args)) as Json,
    prepare: async (args: UpdateInput, context: PreviewContext) => {
      return { ...args, seen: describeEvent(await eventThen(office, args.id, context), office.timeZone) };
    },
    preview: async (args: UpdateInput, context: PreviewContext) => {
      const event = await eventThen(office, args.id, context);
      const after = { ...event, ...changesOf(args, event) };
      assertChangeable(args.id, event);
      assertSeen(office, args.seen, event);
      assertTimes(after, context.now);
      const { span, check } = mustBeFree(office, after, args.id);
      check(await eventsThen(office, span, context));
      return [eventChange(args.id, event, after)];
    },
    impact: (_args, changes) => eventImpact(office, changes),
    run: async (args: UpdateInput, context: ActionContext) => update(office, args, context),
    undo: async (effect, context) => undoUpdate(office, effect, context),
    movedOn: async (effect, context) => eventMovedOn(office, String(effect.args.id), effect, context),
    summarize: (_args, { title, when, people }) =>
      `"${title}" is changed: ${when}${people.length > 0 ? `, with ${people.join(", ")}` : ""}.`,
  });
}

function changesOf(
  { id: _id, seen: _seen, start, end, ...others }: UpdateInput,
  event: CalendarEvent,
): Partial<CalendarEvent> {
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...movedTo(event, { start, end }) };
}

function assertChangeable(id: string, { title, status }: CalendarEvent): void {
  if (status === "confirmed") return;
  throw new ActionFailure("invalid_request", `id: the event "${title}" (${id}) is cancelled.`);
}

async function update(office: Office, args: UpdateInput, context: ActionContext): Promise<EventResult> {
  const { event, ...kept } = await getEvent(office, args.id, context);
  const done = findResult(office, args.id, kept, context.idempotencyKey);
  if (done) return done;
  assertChangeable(args.id, event);
  assertSeen(office, args.seen, event);
  const changes = changesOf(args, event);
  assertTimes({ ...event, ...changes }, context.now);
  return await changeEvent(office, { id: args.id, kept, changes, key: context.idempotencyKey, context });
}

/** What it changed becomes what it was; what others have changed since stays, be it the same. */
async function undoUpdate(office: Office, effect: Effect, context: ActionContext): Promise<string> {
  const { id, seen: _seen, ...changed } = InputSchema.parse(effect.args);
  const { event: now, ...kept } = await getEvent(office, id, context);
  const before = hasHappened(kept.ics, effect) ? eventBefore(kept.ics, effect) : undefined;
  const moved = changed.start !== undefined || changed.end !== undefined;
  const fields = [...new Set([...Object.keys(changed), ...(moved ? ["start", "end"] : [])])] as (keyof CalendarEvent)[];
  const left = leftBehind(effect);
  const others = fields.filter((field) => left && !isSameField(field, left, now));
  const own = fields.filter((field) => !others.includes(field));
  const changes = before ? Object.fromEntries(own.map((field) => [field, before[field]])) : {};
  const done = await undoChange(office, effect, { id, kept, changes, context });
  if (done === "nothing") return NOTHING;
  if (done === "before") return "The event was put back already.";
  if (others.length === 0) return "The event is as it was.";
  return `The event is as it was, but for what somebody else changed since and what stays: ${others.join(", ")}.`;
}
