/**
 * What `create_event`, `update_event` and `cancel_event` have in common.
 *
 * 1. An event says itself what was done to it under which key, so a repeat finds that it is one, wherever the calendar is.
 * 2. A key that was undone never has an effect again: its undo is written down in the event, too.
 * 3. Preview and run make the same checks: the first over staged changes, the second on what the calendar holds then.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Change, Effect, Impact } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import type { ActionContext } from "../action.ts";
import type { Kept } from "./calendar.ts";
import { type CalendarEvent, EventSchema, eventChange, eventOfRow, TABLE } from "./event.ts";
import { changeIcs, findDone, readIcs } from "./ics.ts";
import { type Office, outsiders } from "./office.ts";
import { firstSpan, mustBeFree } from "./overbooking.ts";
import { hasHappened } from "./remembered.ts";
import { describeSpan } from "./zones.ts";

export const EventOutputSchema = EventSchema.extend({
  id: z.string(),
  /** In words. */
  when: z.string(),
});
export type EventOutput = z.infer<typeof EventOutputSchema>;

export interface EventResult {
  output: EventOutput;
  changes: Change[];
}

/** The id of the event that a call makes: the same however often it is tried. */
export function newEventId({ tenant, idempotencyKey }: Pick<ActionContext, "tenant" | "idempotencyKey">): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([tenant, idempotencyKey]))
    .digest("hex");
  return `${hash.slice(0, 32)}@holdpoint`;
}

export const undoKey = (key: string): string => `${key}:undo`;

/** How one changes an event under a key. */
export interface EventCall {
  readonly id: string;
  readonly kept: Kept;
  readonly changes: Partial<CalendarEvent>;
  /** Under which it is written down. */
  readonly key: string;
  /** Whether the key is that of an undo, which needs no undo itself. */
  readonly isUndo?: boolean;
  readonly context: ActionContext;
}

/** An event with its id. @throws ActionFailure `no_match` when there is none */
export async function getEvent(
  office: Office,
  id: string,
  context: ActionContext,
): Promise<Kept & { event: CalendarEvent }> {
  const kept = await office.calendar.find(id, context);
  const event = kept && readIcs(kept.ics, office.timeZone);
  if (kept && event) return { ...kept, event };
  throw new ActionFailure("no_match", `id: there is no event "${id}" in the calendar.`, {
    hint: "Give an id that create_event or find_events gave.",
  });
}

/** Changes an event in one step, where it still is as it was found. @throws ActionFailure when nothing was changed */
export async function changeEvent(office: Office, call: EventCall): Promise<EventResult> {
  const { id, kept, changes, key, isUndo, context } = call;
  const before = readIcs(kept.ics, office.timeZone);
  const done = { key, before: isUndo ? null : before };
  const writing = { now: context.now, zone: office.timeZone, done };
  const ics = changeIcs(kept.ics, changes, writing);
  const after = readIcs(ics, office.timeZone);
  const takesTime = (["start", "end", "people"] as const).some((field) => changes[field] !== undefined);
  const among = after && (takesTime || changes.status === "confirmed") ? { among: mustBeFree(office, after, id) } : {};
  await office.calendar.put({ id, ics, replaces: kept.version, ...among }, context);
  return resultOf(office, id, before, after);
}

/** What was done under this key, where it was. @throws ActionFailure `failed` when it was undone */
export function findResult(office: Office, id: string, { ics }: Kept, key: string): EventResult | undefined {
  if (findDone(ics, undoKey(key))) {
    throw new ActionFailure("failed", `This change of the event "${id}" was undone and is not done again.`, {
      hint: "Ask for it again to have it done anew.",
    });
  }
  const done = findDone(ics, key);
  if (!done) return undefined;
  const before = EventSchema.safeParse(done.before).data;
  return resultOf(office, id, before, readIcs(ics, office.timeZone));
}

export function resultOf(
  office: Office,
  id: string,
  before: CalendarEvent | undefined,
  after: CalendarEvent | undefined,
): EventResult {
  if (!after) throw new Error("An event cannot be read that has just been written.");
  const when = describeSpan(firstSpan(after, office.timeZone), office.timeZone);
  return { output: { id, when, ...after }, changes: [eventChange(id, before, after)] };
}

/** Writes an undo down, and the changes that it makes; may be repeated. @throws ActionFailure when nobody knows of what */
export async function undoChange(
  office: Office,
  effect: Effect,
  { id, kept, changes, context }: Omit<EventCall, "key" | "isUndo">,
): Promise<"undone" | "nothing" | "before"> {
  if (findDone(kept.ics, undoKey(effect.key))) return "before";
  const happened = hasHappened(kept.ics, effect);
  const key = undoKey(effect.key);
  await changeEvent(office, { id, kept, changes: happened ? changes : {}, key, isUndo: true, context });
  return happened ? "undone" : "nothing";
}

export const NOTHING = "Nothing had happened, so there was nothing to undo.";

/** What others have changed of the event since. */
export async function eventMovedOn(
  office: Office,
  id: string,
  effect: Effect,
  context: ActionContext,
): Promise<string[]> {
  const was = leftBehind(effect);
  if (!was) return [];
  const kept = await office.calendar.find(id, context);
  const now = kept && readIcs(kept.ics, office.timeZone);
  if (!now) return [`The event "${was.title}" is not in the calendar any more.`];
  return (Object.keys(was) as (keyof CalendarEvent)[]).flatMap((field) => {
    return isSameField(field, was, now)
      ? []
      : [`The ${field} of the event "${was.title}" was ${shown(was[field])}, and is ${shown(now[field])} now.`];
  });
}

/** The event as an effect left it behind, where that is known. */
export function leftBehind({ changes }: Effect): CalendarEvent | undefined {
  const row = changes.find(({ table }) => table === TABLE)?.after;
  return row ? eventOfRow(row) : undefined;
}

/** Whether two events have the same in a field, however it is written. */
export const isSameField = (field: keyof CalendarEvent, one: CalendarEvent, other: CalendarEvent): boolean =>
  comparable(field, one[field]) === comparable(field, other[field]);

function comparable(field: string, value: unknown): unknown {
  if (field === "people")
    return [...(value as string[])]
      .map((person) => person.toLowerCase())
      .sort()
      .join();
  return field === "start" || field === "end" ? Date.parse(String(value)) : value;
}

const shown = (value: CalendarEvent[keyof CalendarEvent]): string => {
  if (value === null || value.length === 0) return "empty";
  return typeof value === "string" ? value : value.join(", ");
};

/** How much is at stake: who comes, and who of them is outside. */
export function eventImpact(office: Office, changes: readonly Change[]): Impact {
  const people = [...new Set(changes.flatMap(peopleOf))];
  const outside = outsiders(office, people);
  return {
    level: people.length > 10 ? "medium" : "low",
    resources: [...changes.map(({ table, key }) => `${table}/${key}`), ...people],
    reversible: true,
    durationMs: 500,
    ...(office.calendar.invites && outside.length > 0 ? { outside } : {}),
  };
}

function peopleOf({ before, after }: Change): string[] {
  return [before, after].flatMap((row) => (row ? (eventOfRow(row)?.people ?? []) : []));
}
