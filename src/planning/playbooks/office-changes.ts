/** The office's playbooks for a meeting that there is already: cancelling it, and moving it. */
import type { PlaybookInput } from "../own-playbooks/declaration.ts";

type Parameter = NonNullable<PlaybookInput["parameters"]>[string];

const THE_MEETING = "[the|my|our] [{kind}] (meeting|call|appointment) with {people}";

const find = (title: string) => ({
  id: "find",
  title,
  action: "find_events",
  // Of several that fit none is chosen, and whoever asked hears which there are.
  args: { people: "{people}", day: "{day}", text: "{kind}", only: true },
});

const id = { $ref: "find.events.0.id" };
const everybody = { $ref: "find.events.0.people" };

/** @param day of the meeting */
export function cancelling(name: string, kinds: readonly string[], day: Parameter): PlaybookInput {
  const when = day.optional ? "[[on] {day}]" : "[on] {day}";
  return {
    name,
    title: "Cancel a meeting",
    description: "Cancels the one meeting with these people, and tells all who were invited by mail.",
    parameters: {
      people: { type: { listOf: "email" }, max: 20, description: "Who comes, by mail address." },
      kind: { type: { oneOf: [...kinds] }, optional: true, description: "A word of its title." },
      day,
    },
    match: {
      examples: ["Cancel the meeting with {people} on {day}"],
      patterns: [
        `(cancel|call off) ${THE_MEETING} ${when}`,
        `(cancel|call off) [the|my|our] {kind} with {people} ${when}`,
      ],
    },
    steps: [
      find("Find the meeting with {people}"),
      { id: "cancel", title: "Cancel the meeting with {people}", action: "cancel_event", args: { id } },
      {
        id: "mail",
        title: "Tell all who were invited by mail",
        action: "send_email",
        args: {
          to: everybody,
          subject: "Cancelled: meeting on ${find.events.0.when}",
          text: "Hello,\n\n${find.events.0.title} on ${find.events.0.when} is cancelled.\n",
          event: id,
        },
        dependsOn: ["cancel"],
      },
    ],
  };
}

/** @param day of the meeting as it is now */
export function moving(name: string, kinds: readonly string[], day: Parameter): PlaybookInput {
  const when = day.optional ? "[[on|from|of] {day}]" : "[on|from|of] {day}";
  return {
    name,
    title: "Move a meeting",
    description: "Moves the one meeting with these people to another time, as long as it is, and tells all by mail.",
    parameters: {
      people: { type: { listOf: "email" }, max: 20, description: "Who comes, by mail address." },
      kind: { type: { oneOf: [...kinds] }, optional: true, description: "A word of its title." },
      day,
      to: { type: "datetime", description: "When it begins from now on." },
    },
    match: {
      examples: ["Move the meeting with {people} on {day} to {to}"],
      patterns: [
        `(move|reschedule|postpone|shift) ${THE_MEETING} ${when} to {to}`,
        `(move|reschedule|postpone|shift) [the|my|our] {kind} with {people} ${when} to {to}`,
      ],
    },
    steps: [
      find("Find the meeting with {people}"),
      {
        id: "move",
        title: "Move the meeting with {people} to {to}",
        action: "update_event",
        args: { id, start: "{to}" },
      },
      {
        id: "mail",
        title: "Tell all who are invited by mail",
        action: "send_email",
        args: {
          to: everybody,
          subject: "Moved: meeting on ${find.events.0.when}",
          text: "Hello,\n\n${find.events.0.title}, which was on ${find.events.0.when}, begins on {to} now. It takes as long as before. The new invitation is attached.\n",
          event: id,
        },
        dependsOn: ["move"],
      },
    ],
  };
}
