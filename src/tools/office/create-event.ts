/** Putting an event into the calendar. */
import { z } from "zod";
import type { Effect } from "../../domain/proposal.ts";
import { type ActionContext, defineAction, type PreviewContext, type WriteAction } from "../action.ts";
import { type CalendarEvent, eventChange } from "./event.ts";
import {
  type EventOutput,
  EventOutputSchema,
  type EventResult,
  eventImpact,
  eventMovedOn,
  findResult,
  NOTHING,
  newEventId,
  resultOf,
  undoChange,
  undoKey,
} from "./event-effects.ts";
import { assertTimes, eventFields, timesFault } from "./event-input.ts";
import { newIcs } from "./ics.ts";
import type { Office } from "./office.ts";
import { eventsThen, mustBeFree } from "./overbooking.ts";

const InputSchema = z
  .strictObject({
    title: eventFields.title,
    start: eventFields.start,
    end: eventFields.end,
    people: eventFields.people.optional(),
    location: eventFields.location.optional(),
    description: eventFields.description.optional(),
    recurrence: eventFields.recurrence.optional(),
  })
  .superRefine((args, context) => {
    const message = timesFault(args);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
type CreateInput = z.infer<typeof InputSchema>;

export function createCreateEvent(office: Office): WriteAction<CreateInput, EventOutput> {
  const idOf = ({ tenant }: ActionContext, { key }: Effect) => newEventId({ tenant, idempotencyKey: key });
  return defineAction({
    kind: "write",
    name: "create_event",
    version: 1,
    title: "Create an event",
    description:
      "Puts an event into the calendar, at a time at which all who come are free (see find_free_slot). It tells nobody: " +
      "send_email does.",
    input: InputSchema,
    output: EventOutputSchema,
    example: {
      title: "Planning",
      start: "2090-02-01T13:00:00Z",
      end: "2090-02-01T14:00:00Z",
      people: ["bob@example.com"],
    },
    reversibility: "reversible",
    idempotent: true,
    dedupeKey: ({ title, start, people = [] }) => ({ title, start: Date.parse(start), people: [...people].sort() }),
    preview: async (args: CreateInput, context: PreviewContext) => {
      const event = eventOf(args);
      assertTimes(event, context.now);
      const { span, check } = mustBeFree(office, event, undefined);
      check(await eventsThen(office, span, context));
      return [eventChange(undefined, undefined, event)];
    },
    impact: (_args, changes) => eventImpact(office, changes),
    run: async (args: CreateInput, context: ActionContext) => create(office, args, context),
    lookup: async (key, context) => {
      const id = newEventId({ ...context, idempotencyKey: key });
      const kept = await office.calendar.find(id, context);
      return kept && findResult(office, id, kept, key);
    },
    undo: async (effect, context) => undoCreation(office, idOf(context, effect), effect, context),
    movedOn: async (effect, context) => eventMovedOn(office, idOf(context, effect), effect, context),
    summarize: (_args, { title, when, people, id }) =>
      `"${title}" is in the calendar: ${when}${people.length > 0 ? `, with ${people.join(", ")}` : ""} (id ${id}).`,
  });
}

function eventOf({ people = [], location, description, recurrence, ...event }: CreateInput): CalendarEvent {
  return {
    ...event,
    ...{ people, location: location ?? null, description: description ?? null, recurrence: recurrence ?? null },
    status: "confirmed",
  };
}

async function create(office: Office, args: CreateInput, context: ActionContext): Promise<EventResult> {
  const key = context.idempotencyKey;
  const id = newEventId(context);
  const kept = await office.calendar.find(id, context);
  const done = kept && findResult(office, id, kept, key);
  if (done) return done;
  const event = eventOf(args);
  assertTimes(event, context.now);
  const ics = newIcs(id, office.address, event, writing(office, context, key));
  await office.calendar.put({ id, ics, replaces: null, among: mustBeFree(office, event, id) }, context);
  return resultOf(office, id, undefined, event);
}

const writing = ({ timeZone: zone }: Office, { now }: ActionContext, key: string) => ({
  ...{ now, zone },
  done: { key, before: null },
});

/** Of an event that is not there a cancelled one is kept: a call that is still under way must not make it afterwards. */
async function undoCreation(office: Office, id: string, effect: Effect, context: ActionContext): Promise<string> {
  const kept = await office.calendar.find(id, context);
  if (!kept) {
    const event = { ...eventOf(InputSchema.parse(effect.args)), status: "cancelled" as const };
    const ics = newIcs(id, office.address, event, writing(office, context, undoKey(effect.key)));
    await office.calendar.put({ id, ics, replaces: null }, context);
    return NOTHING;
  }
  const done = await undoChange(office, effect, { id, kept, changes: { status: "cancelled" }, context });
  if (done === "nothing") return NOTHING;
  return done === "before" ? "The event was cancelled already." : "The event is cancelled.";
}
