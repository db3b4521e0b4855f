/** Cancelling an event: it stays in the calendar, marked, so that it can be restored. */
import { z } from "zod";
import type { Effect } from "../../domain/proposal.ts";
import { ActionFailure } from "../../errors.ts";
import { type ActionContext, defineAction, type PreviewContext, type WriteAction } from "../action.ts";
import { type CalendarEvent, eventChange } from "./event.ts";
import {
  changeEvent,
  type EventOutput,
  EventOutputSchema,
  eventImpact,
  eventMovedOn,
  findResult,
  getEvent,
  NOTHING,
  undoChange,
} from "./event-effects.ts";
import { EVENT_ID, line } from "./fields.ts";
import type { Office } from "./office.ts";
import { EXAMPLE_ID } from "./scratch.ts";
import { assertSeen, describeEvent, eventThen, SEEN } from "./seen-event.ts";

const InputSchema = z.strictObject({
  id: EVENT_ID,
  reason: line("reason", 200).optional(),
  seen: SEEN.optional(),
});
type CancelInput = z.infer<typeof InputSchema>;

export function createCancelEvent(office: Office): WriteAction<CancelInput, EventOutput> {
  return defineAction({
    kind: "write",
    name: "cancel_event",
    version: 1,
    title: "Cancel an event",
    description:
      "Cancels an event by its id (see find_events); one that recurs, as a whole. It tells nobody: send_email does.",
    input: InputSchema,
    output: EventOutputSchema,
    example: { id: EXAMPLE_ID },
    reversibility: "reversible",
    idempotent: true,
    dedupeKey: ({ id }) => ({ id }),
    prepare: async (args: CancelInput, context: PreviewContext) => {
      return { ...args, seen: describeEvent(await eventThen(office, args.id, context), office.timeZone) };
    },
    preview: async ({ id, seen }: CancelInput, context: PreviewContext) => {
      const event = await eventThen(office, id, context);
      assertStands(id, event);
      assertSeen(office, seen, event);
      return [eventChange(id, event, { ...event, status: "cancelled" })];
    },
    impact: (_args, changes) => eventImpact(office, changes),
    run: async ({ id, seen }: CancelInput, context: ActionContext) => {
      const { event, ...kept } = await getEvent(office, id, context);
      const done = findResult(office, id, kept, context.idempotencyKey);
      if (done) return done;
      assertStands(id, event);
      assertSeen(office, seen, event);
      const changes = { status: "cancelled" as const };
      return await changeEvent(office, { id, kept, changes, key: context.idempotencyKey, context });
    },
    undo: async (effect, context) => restore(office, effect, context),
    movedOn: async (effect, context) => eventMovedOn(office, String(effect.args.id), effect, context),
    summarize: ({ reason }, { title, when }) =>
      `"${title}" (${when}) is cancelled${reason === undefined ? "" : `: ${reason}`}.`,
  });
}

function assertStands(id: string, { title, status }: CalendarEvent): void {
  if (status === "confirmed") return;
  throw new ActionFailure("invalid_request", `id: the event "${title}" (${id}) is cancelled already.`);
}

/** @throws ActionFailure when somebody who comes has something else by now */
async function restore(office: Office, effect: Effect, context: ActionContext): Promise<string> {
  const { id } = InputSchema.parse(effect.args);
  const { event: _event, ...kept } = await getEvent(office, id, context);
  const done = await undoChange(office, effect, { id, kept, changes: { status: "confirmed" }, context });
  if (done === "nothing") return NOTHING;
  return done === "before" ? "The event was restored already." : "The event is restored.";
}
