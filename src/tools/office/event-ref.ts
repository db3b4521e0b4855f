/** How an argument names an event: by its id, or by what is known of it. */
import { z } from "zod";
import { EventSchema } from "./event.ts";
import { eventFields, timesFault } from "./event-input.ts";
import { EVENT_ID } from "./fields.ts";

/** As create_event puts it out, or as much of it as is known. */
const DescribedSchema = EventSchema.partial()
  .extend({
    id: EVENT_ID.optional(),
    title: eventFields.title,
    start: eventFields.start,
    end: eventFields.end,
    people: eventFields.people.optional(),
    /** In words; what counts are start and end. */
    when: z.string().optional(),
  })
  .superRefine((event, context) => {
    const message = timesFault(event);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });

export const EventRefSchema = z
  .union([EVENT_ID, DescribedSchema])
  .describe(
    "The event that it tells of: its id; of one that this plan makes, its title, start, end and people as create_event gets " +
      "them. An invitation to it is attached; where it is cancelled, the cancellation.",
  );
export type EventRef = z.infer<typeof EventRefSchema>;
