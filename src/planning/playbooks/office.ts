/** The playbooks of the office: from a request to a meeting, without a model. */
import { resolveDay, todayIn } from "../../domain/day-words.ts";
import type { Json } from "../../domain/json.ts";
import type { Plan, Step } from "../../domain/plan.ts";
import type { Actions } from "../own-playbooks/compile.ts";
import type { PlaybookInput } from "../own-playbooks/declaration.ts";
import { openPlaybooks } from "../own-playbooks/index.ts";
import type { PlaybookResult } from "./match.ts";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
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

const meetingOnWeekday = meeting("meeting", "Schedule a meeting", {
  type: { oneOf: ["today", "tomorrow", ...WEEKDAYS.flatMap((day) => [day, `next ${day}`, `this ${day}`])] },
  example: "{day} {part}",
});
const meetingOnDate = meeting("meeting-on-date", "Schedule a meeting on a date", {
  type: "date",
  example: "on {day}",
});

export interface OfficePlaybooks {
  match(request: string): PlaybookResult;
  /** What can be asked, a line each. */
  readonly examples: readonly string[];
  readonly list: readonly { name: string; title: string; examples: readonly string[] }[];
}

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  meeting: [
    "Schedule a 30-minute team meeting with bob@example.com and carol@example.com next Tuesday afternoon.",
    "Book a one-hour project call with bob@example.com tomorrow in the morning",
  ],
  "meeting-on-date": ["Arrange a meeting for 45 minutes with bob@example.com on 2030-01-31"],
};

/** Lengths as people say them, as the wordings have them. */
const LENGTHS: readonly [RegExp, string][] = [
  [/\b(\d{1,4})(?:[-‐‑ ]?min(?:ute)?s?)\b/giu, "$1 minutes"],
  [/\bhalf(?:[- ]an?)?[- ]hour(?:-long)?\b/giu, "30 minutes"],
  [/\b(?:an|one|1)[- ]hour(?:-long)?\b/giu, "60 minutes"],
];

/**
 * The office's playbooks. Days are settled when a request is planned, so that "tomorrow" stays the day that was meant.
 * @param time the time zone in which today is today, and the time now, ISO 8601 UTC
 */
export function openOfficePlaybooks(actions: Actions, time: { timeZone: string; now(): string }): OfficePlaybooks {
  const opened = openPlaybooks([meetingOnWeekday, meetingOnDate], actions);
  return {
    match: (request) => {
      const said = LENGTHS.reduce((text, [length, minutes]) => text.replace(length, minutes), request);
      const result = opened.match(said);
      if (result.kind !== "plan") return result;
      const plan = { ...result.plan, goal: request.slice(0, 500).toWellFormed() };
      return { ...result, plan: withDays(plan, todayIn(time.timeZone, time.now())) };
    },
    // Answers are shown without mail addresses that nobody had named.
    examples: ['Schedule a meeting: "Schedule a 30-minute team meeting with <mail addresses> next Tuesday afternoon."'],
    list: opened.list.map(({ name, title }) => ({ name, title, examples: EXAMPLES[name] ?? [] })),
  };
}

/** Days in words become dates, and the plan says which. */
function withDays(plan: Plan, today: string): Plan {
  const assumptions: string[] = [];
  const settle = (step: Step): Step => {
    const said: Json | undefined = step.args.day;
    const day = typeof said === "string" ? resolveDay(said, today) : undefined;
    if (day === undefined || day === said) return step;
    assumptions.push(`"${said}" is ${day}; today is ${today}.`);
    return { ...step, args: { ...step.args, day } };
  };
  const steps = plan.steps.map(settle);
  return { ...plan, steps, ...(assumptions.length > 0 ? { assumptions } : {}) };
}
