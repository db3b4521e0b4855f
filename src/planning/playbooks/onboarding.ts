/** The playbook of the operations: onboarding somebody, from one sentence to tasks, a meeting, a report and a mail. */
import { resolveDay, todayIn } from "../../domain/day-words.ts";
import type { Plan } from "../../domain/plan.ts";
import type { Actions } from "../own-playbooks/compile.ts";
import type { PlaybookInput } from "../own-playbooks/declaration.ts";
import { openPlaybooks } from "../own-playbooks/index.ts";
import type { PlaybookResult } from "./match.ts";
import type { OfficePlaybooks } from "./office.ts";

type Parameters = NonNullable<PlaybookInput["parameters"]>;
type Steps = PlaybookInput["steps"];

const NAME = "onboarding";
const ROLES = [
  ...["software engineer", "data engineer", "data scientist", "engineer", "developer", "designer", "product manager"],
  ...["project manager", "sales manager", "accountant", "analyst", "intern", "employee", "colleague"],
  ...["frontend engineer", "backend engineer", "software developer", "machine learning engineer", "data analyst"],
  ...["engineering manager", "marketing manager", "office manager", "manager", "researcher", "consultant", "recruiter"],
  ...["architect", "administrator", "assistant", "technician", "trainee", "apprentice", "support engineer"],
];

/** What is said of somebody, in any order. */
const PARTS = {
  email: "[[with] [the|their] (email|e-mail|mail) [address]] {email}",
  start: "[and] (on|from|starting [on]|starts [on]|who starts [on]|joining [on]) {start}",
  manager: "[and] (reporting to|reports to|managed by|whose manager is|[with] [the|their] manager [is]) {manager}",
} as const;
type Part = keyof typeof PARTS;

const ORDERS: readonly (readonly [Part, Part, Part])[] = [
  ["email", "start", "manager"],
  ["email", "manager", "start"],
  ["start", "email", "manager"],
  ["start", "manager", "email"],
  ["manager", "email", "start"],
  ["manager", "start", "email"],
];

const BEGINNINGS = [
  "(onboard|welcome) [our|a|an|the] [new] [{role}] {name}",
  "(onboard|welcome) {name} as [our|a|an|the] [new] {role}",
];

const wordings = (write: (part: Part) => string): string[] =>
  BEGINNINGS.flatMap((beginning) => ORDERS.map((order) => [beginning, ...order.map(write)].join(" ")));

const parameters = (more: { optional?: true }): Parameters => ({
  name: { type: "name", max: 60, description: "Their full name." },
  role: { type: { oneOf: ROLES }, default: "colleague", description: "What they are to be." },
  email: { type: "email", description: "Their mail address.", ...more },
  start: { type: "date", description: "Their first day.", ...more },
  manager: { type: "email", description: "The mail address of their manager.", ...more },
});

const task = (id: string, title: string, assignee: string): Steps[number] => ({
  ...{ id, title, action: "create_task" },
  args: { title, assignee, due: "{start}", priority: "high", project: "Onboarding {name}" },
});

const onboarding: PlaybookInput = {
  name: NAME,
  title: "Onboard somebody",
  description:
    "Tasks for accounts, laptop, desk and buddy, a present from stock, a welcome meeting on the first day, a report, a " +
    "notification for the manager and a welcome mail.",
  parameters: parameters({}),
  match: {
    examples: ["Onboard new {role} {name} ({email}) starting {start}, manager {manager}"],
    patterns: wordings((part) => PARTS[part]),
  },
  steps: [
    {
      id: "slot",
      title: "Find half an hour in the morning of {start}",
      action: "find_free_slot",
      args: { people: ["{email}", "{manager}"], minutes: 30, day: "{start}", part: "morning" },
    },
    task("accounts", "Create accounts and access for {name}, {role}", "IT"),
    task("laptop", "Set up a laptop for {name}", "IT"),
    task("desk", "Prepare a desk and a badge for {name}", "Facilities"),
    task("buddy", "Name a buddy for {name} and plan the first week", "{manager}"),
    {
      id: "present",
      title: "Take a pair of Classic out of stock as a present for {name}",
      action: "update_inventory",
      args: { updates: [{ item: "SG005", change: -1 }], reason: "Welcome present for {name}" },
      onFailure: "skip", // nobody is kept from starting by a present
    },
    {
      id: "event",
      title: "Put the welcome meeting with {name} into the calendar",
      action: "create_event",
      args: {
        ...{ title: "Welcome, {name}", start: { $ref: "slot.start" }, end: { $ref: "slot.end" } },
        people: ["{email}", "{manager}"],
      },
    },
    {
      id: "report",
      title: "Write the list of tasks down",
      action: "generate_report",
      args: { about: "tasks", project: "Onboarding {name}", format: "html", title: "Onboarding {name}" },
      dependsOn: ["accounts", "laptop", "desk", "buddy"],
    },
    {
      id: "notify",
      title: "Tell {manager} what is under way",
      action: "send_notification",
      args: {
        ...{ channel: "in_app", to: ["{manager}"], title: "{name} starts on {start}" },
        text: "{name} joins as {role} on {start}. You meet {name} on ${slot.when}. What is to be done is on the list, as Onboarding {name}; please name a buddy.",
      },
      dependsOn: ["event"],
    },
    {
      id: "mail",
      title: "Welcome {name} by mail",
      action: "send_email",
      args: {
        ...{ to: ["{email}"], cc: ["{manager}"], subject: "Welcome, {name}" },
        text: "Hello {name},\n\nwelcome! Your first day as {role} is {start}. We meet on ${slot.when}; the invitation is attached.\n\nYour manager is {manager}.\n",
        event: {
          ...{ title: "Welcome, {name}", start: { $ref: "slot.start" }, end: { $ref: "slot.end" } },
          people: ["{email}", "{manager}"],
        },
      },
      dependsOn: ["event"],
    },
  ],
};

/** The same wordings with parts left out: it is never carried out, and says what was left out. */
const incomplete: PlaybookInput = {
  ...{ name: `${NAME}-incomplete`, title: "Onboard somebody", parameters: parameters({ optional: true }) },
  match: { patterns: wordings((part) => `[${PARTS[part]}]`) },
  steps: [
    {
      ...{ id: "said", title: "{name}", action: "create_task" },
      args: { title: "{name}, {role}", description: "{email}", due: "{start}", assignee: "{manager}" },
    },
  ],
};

const QUESTIONS = {
  due: "On which day do they start (starting 2030-01-31)?",
  description: "What is their mail address?",
  assignee: "Who is their manager, by mail address?",
} as const;

const KNOWN_ROLES = `A role may be left out, or is one of: ${ROLES.join(", ")}.`;

const EXAMPLE =
  "Onboard new software engineer Sarah Chen (sarah.chen@example.com), starting 2030-01-31, manager dana@example.com";

/** Days in words, as requests have them. */
const DAY =
  /\b(?:today|tomorrow|(?:(?:next|this)\s+)?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday))\b/giu;

/**
 * The playbook of the operations. Days are settled when a request is planned.
 * @param time the time zone in which today is today, and the time now, ISO 8601 UTC
 */
export function openOnboarding(actions: Actions, time: { timeZone: string; now(): string }): OfficePlaybooks {
  const [whole, part] = [openPlaybooks([onboarding], actions), openPlaybooks([incomplete], actions)];
  const match = (request: string): PlaybookResult => {
    const { said, assumptions } = withDates(request, todayIn(time.timeZone, time.now()));
    const result = whole.match(said);
    if (result.kind === "plan") {
      const goal = request.slice(0, 500).toWellFormed();
      assumptions.push(...weekendOf(result.plan));
      return { ...result, plan: { ...result.plan, goal, ...(assumptions.length > 0 ? { assumptions } : {}) } };
    }
    const read = part.match(said);
    if (read.kind === "plan") return asked(read.plan);
    return result.kind === "not_understood" && /^\W*(?:please\s+)?(?:onboard|welcome)\b/i.test(said)
      ? { ...result, problem: `${result.problem} ${KNOWN_ROLES}` }
      : result;
  };
  return {
    match,
    // Answers are shown without mail addresses that nobody had named.
    examples: [
      'Onboard somebody: "Onboard new software engineer <name> (<mail address>), starting <day>, manager <mail address>"',
    ],
    list: [{ name: NAME, title: "Onboard somebody", examples: [EXAMPLE] }],
    offered: { ...whole, match },
  };
}

/** That the first day is one on which most are not at work. */
function weekendOf({ steps }: Plan): string[] {
  const start = String(steps.find(({ id }) => id === "slot")?.args.day ?? "");
  const day = { 0: "Sunday", 6: "Saturday" }[new Date(`${start}T00:00:00Z`).getUTCDay()];
  return day === undefined ? [] : [`The first day, ${start}, is a ${day}, and is meant all the same.`];
}

/** What has to be said, too. */
function asked({ steps: [step] }: Plan): PlaybookResult {
  const args = step?.args ?? {};
  const open = Object.entries(QUESTIONS).filter(([field]) => args[field] === undefined);
  const problem = `To onboard ${step?.title ?? "somebody"}, more has to be known. ${open.map(([, question]) => question).join(" ")}`;
  return { kind: "invalid", playbook: NAME, problem };
}

function withDates(request: string, today: string): { said: string; assumptions: string[] } {
  const assumptions: string[] = [];
  const said = request.replace(DAY, (words) => {
    const day = resolveDay(words, today) ?? words;
    assumptions.push(`"${words}" is ${day}; today is ${today}.`);
    return day;
  });
  return { said, assumptions };
}
