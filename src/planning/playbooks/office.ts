/** The playbooks of the office: from a request to a meeting, without a model. */
import type { Actions } from "../own-playbooks/compile.ts";
import type { PlaybookInput } from "../own-playbooks/declaration.ts";
import { type OwnPlaybooks, openPlaybooks } from "../own-playbooks/index.ts";
import type { PlaybookResult } from "./match.ts";
import { cancelling, moving } from "./office-changes.ts";
import { settled, type Time, WEEKDAYS, withMinutes, withMoment } from "./office-times.ts";

const KINDS = ["Team", "Project", "Status", "Planning", "Review", "Kick-off", "Budget", "Board", "Introduction"];

/** The wordings of a meeting; the two playbooks differ in how the day is said. */
function meeting(name: string, title: string, day: { type: PlaybookType; example: string }): PlaybookInput {
  return {
    name,
    title,
    description:
      "Finds a time within working hours at which all are free, puts a meeting into the calendar and tells them by mail.",
    parameters: {
      people: { type: { listOf: "email" }, max: 20, description: "Who comes, by mail address." },
      minutes: { type: "integer", min: 5, max: 480, default: 30, description: "How long it takes." },
      kind: { type: { oneOf: KINDS }, default: "Team", description: "What kind of meeting." },
      day: { type: day.type, description: "On which day." },
      part: { type: { oneOf: ["morning", "afternoon"] }, optional: true, description: "The half of the day." },
    },
    match: {
      examples: [`Schedule a {minutes} minutes {kind} meeting with {people} ${day.example}`],
      patterns: [
        "(schedule|arrange|set up|book|plan|organise|organize) [a|an|the] [{minutes} minutes] [{kind}] (meeting|call) with {people} [on] {day} [[in the] {part}]",
        "(schedule|arrange|set up|book|plan|organise|organize) [a|an|the] [{kind}] (meeting|call) (of|for) {minutes} minutes with {people} [on] {day} [[in the] {part}]",
        "(schedule|arrange|set up|book|plan|organise|organize) [a|an|the] [{kind}] (meeting|call) with {people} for {minutes} minutes [on] {day} [[in the] {part}]",
        "(schedule|arrange|set up|book|plan|organise|organize) [a|an|the] [{kind}] (meeting|call) with {people} [on] {day} [[in the] {part}] for {minutes} minutes",
        "(schedule|arrange|set up|book|plan|organise|organize) [a|an|the] [{minutes} minutes] [{kind}] (meeting|call) [on] {day} [[in the] {part}] with {people}",
      ],
    },
    steps: [
      {
        id: "find",
        title: "Find {minutes} minutes at which all are free",
        action: "find_free_slot",
        args: { people: "{people}", minutes: "{minutes}", day: "{day}", part: "{part}" },
      },
      {
        id: "draft",
        title: "Draft the mail to {people}",
        action: "draft_email",
        args: {
          to: "{people}",
          subject: "{kind} meeting, ${find.when}",
          text: "Hello,\n\nthe {kind} meeting takes place on ${find.when}.\n\nIt takes {minutes} minutes. Invited: {people}. The invitation is attached.\n",
        },
      },
      {
        id: "event",
        title: "Put the {kind} meeting into the calendar",
        action: "create_event",
        args: {
          title: "{kind} meeting",
          start: { $ref: "find.start" },
          end: { $ref: "find.end" },
          people: "{people}",
        },
        dependsOn: ["draft"],
      },
      {
        id: "mail",
        title: "Tell {people} by mail",
        action: "send_email",
        args: {
          ...{ to: { $ref: "draft.to" }, subject: { $ref: "draft.subject" }, text: { $ref: "draft.text" } },
          event: {
            ...{
              title: "{kind} meeting",
              start: { $ref: "find.start" },
              end: { $ref: "find.end" },
              people: "{people}",
            },
          },
        },
        dependsOn: ["event"],
      },
    ],
  };
}

type PlaybookType = NonNullable<PlaybookInput["parameters"]>[string]["type"];

const WORDS = { oneOf: ["today", "tomorrow", ...WEEKDAYS.flatMap((day) => [day, `next ${day}`, `this ${day}`])] };
const ANY_DAY = { type: WORDS, optional: true as const, description: "On which day it is." };
const DATE = { type: "date" as const, description: "On which day it is." };

const PLAYBOOKS = [
  meeting("meeting", "Schedule a meeting", { type: WORDS, example: "{day} {part}" }),
  meeting("meeting-on-date", "Schedule a meeting on a date", { type: "date", example: "on {day}" }),
  cancelling("cancel-meeting", KINDS, ANY_DAY),
  cancelling("cancel-meeting-on-date", KINDS, DATE),
  moving("move-meeting", KINDS, ANY_DAY),
  moving("move-meeting-on-date", KINDS, DATE),
];

export interface OfficePlaybooks {
  match(request: string): PlaybookResult;
  /** What can be asked, a line each. */
  readonly examples: readonly string[];
  readonly list: readonly { name: string; title: string; examples: readonly string[] }[];
  /** As a model is offered them. */
  readonly offered: OwnPlaybooks;
}

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  meeting: [
    "Schedule a 30-minute team meeting with bob@example.com and carol@example.com next Tuesday afternoon.",
    "Book a one-hour project call with bob@example.com tomorrow in the morning",
  ],
  "meeting-on-date": ["Arrange a meeting for 45 minutes with bob@example.com on 2030-01-31"],
  "cancel-meeting": ["Cancel the meeting with bob@example.com on Tuesday"],
  "cancel-meeting-on-date": ["Call off the review with bob@example.com on 2030-01-31"],
  "move-meeting": ["Move the meeting with bob@example.com on Tuesday to Wednesday 15:00"],
  "move-meeting-on-date": ["Move the team meeting with bob@example.com on 2030-01-31 to 2030-02-01 at 9:30"],
};

/**
 * The office's playbooks. Days are settled when a request is planned, so that "tomorrow" stays the day that was meant.
 * @param time the time zone in which today is today, and the time now, ISO 8601 UTC
 */
export function openOfficePlaybooks(actions: Actions, time: Time): OfficePlaybooks {
  const opened = openPlaybooks(PLAYBOOKS, actions);
  const match = (request: string): PlaybookResult => {
    const said = withMoment(withMinutes(request), time);
    const result = opened.match(said.text);
    if (result.kind !== "plan") return result;
    const plan = { ...settled(result.plan, time, said.assumptions), goal: request.slice(0, 500).toWellFormed() };
    return { ...result, plan };
  };
  return {
    match,
    // Answers are shown without mail addresses that nobody had named.
    examples: [
      'Schedule a meeting: "Schedule a 30-minute team meeting with <mail addresses> next Tuesday afternoon."',
      'Cancel a meeting: "Cancel the meeting with <mail addresses> on Tuesday."',
      'Move a meeting: "Move the meeting with <mail addresses> on Tuesday to Wednesday 15:00."',
    ],
    list: opened.list.map(({ name, title }) => ({ name, title, examples: EXAMPLES[name] ?? [] })),
    offered: {
      list: opened.list,
      match,
      fill: (name, values, request) => {
        const filled = opened.fill(name, values, request);
        return filled && "plan" in filled ? { plan: settled(filled.plan, time, []) } : filled;
      },
    },
  };
}
