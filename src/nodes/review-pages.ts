/**
 * The parts of a question that existing review pages read:
 *
 * - LangChain JS: `actionRequests`, `reviewConfigs`
 * - agent-chat-ui: the same in snake_case, as LangChain for Python writes it
 * - Agent Inbox: of `action_requests` the first with its `arguments`, which nothing else reads, and of `review_configs`
 *   the first; before 2026 `action_request`, `config` and `description`. Of several actions all are in the one form
 */
import type { JsonObject } from "../domain/json.ts";
import { pageForm } from "../domain/page-form.ts";
import { PlanArgsSchema } from "../domain/plan-proposal.ts";
import { printable } from "../domain/printable.ts";
import {
  type Change,
  changedFields,
  type Impact,
  type ImpactLevel,
  isUpTo,
  type Proposal,
  type ProposedAction,
  pointOfNoReturn,
} from "../domain/proposal.ts";
import type { ToldProgram } from "./told-program.ts";

type DecisionType = "approve" | "edit" | "reject";

interface ActionRequest {
  name: string;
  args: JsonObject;
  arguments: JsonObject;
  description: string;
}

export interface ReviewPageFields {
  actionRequests: ActionRequest[];
  reviewConfigs: { actionName: string; allowedDecisions: DecisionType[]; argsSchema: JsonObject }[];
  action_requests: ActionRequest[];
  review_configs: { action_name: string; allowed_decisions: DecisionType[]; args_schema: JsonObject }[];
  /** The action; of several, all of them in one form. */
  action_request: { action: string; args: JsonObject };
  config: { allow_accept: boolean; allow_edit: boolean; allow_respond: boolean; allow_ignore: boolean };
  description: string;
}

interface Asked {
  kind: Proposal["kind"];
  request: string;
  requester: string;
  reasons: string[];
  review: { verdict: string; reasons: string[]; saferWay: string | null } | null;
  impact: Impact;
  actions: ProposedAction[];
  program: ToldProgram | null;
  notices: string[];
}

const DECISIONS: Record<Proposal["kind"], DecisionType[]> = {
  transaction: ["approve", "edit", "reject"],
  reconciliation: ["approve", "reject"],
  plan: ["approve", "edit", "reject"],
};

export function reviewPageFields(
  asked: Asked,
  { schemaOf, plainAnswerImpact }: { schemaOf(action: string): JsonObject; plainAnswerImpact: ImpactLevel | undefined },
): ReviewPageFields {
  const { actions, impact } = asked;
  const [single] = actions.length === 1 ? actions : [];
  // Agent Inbox shows the first action only: nobody may say yes to what is not on the page.
  const form = pageForm(actions);
  const requests = actions.map(({ action, args }, index) => ({
    name: action,
    args,
    arguments: index === 0 ? form : args,
    description: describe(asked, index === 0 ? actions : [actions[index] as ProposedAction]),
  }));
  const allowed = DECISIONS[asked.kind];
  const mayRun = asked.kind !== "reconciliation";
  const names = [...new Set(actions.map((action) => action.action))];
  const configs = names.map((name) => ({ name, schema: schemaOf(name) }));
  return {
    actionRequests: requests,
    reviewConfigs: configs.map(({ name, schema }) => ({
      actionName: name,
      allowedDecisions: allowed,
      argsSchema: schema,
    })),
    action_requests: requests,
    review_configs: configs.map(({ name, schema }) => ({
      action_name: name,
      allowed_decisions: allowed,
      args_schema: schema,
    })),
    action_request: { action: single?.action ?? `${actions.length} actions`, args: form },
    config: {
      allow_accept: mayRun && plainAnswerImpact !== undefined && isUpTo(impact.level, plainAnswerImpact),
      allow_edit: mayRun,
      allow_respond: mayRun,
      allow_ignore: mayRun,
    },
    description: describe(asked, actions),
  };
}

/**
 * What the person should know, as one fenced block: pages show descriptions as Markdown, in which text from outside
 * could draw links and pictures.
 */
function describe(asked: Asked, actions: readonly ProposedAction[]): string {
  const { request, requester, reasons, review, impact, notices } = asked;
  const all = asked.actions.length;
  const question =
    "NOBODY CAN TELL whether this happened. Find out, then: approve if it DID happen, reject if it did NOT.";
  const lines = [
    ...(asked.kind === "reconciliation" ? [question] : []),
    ...(asked.kind === "plan" ? [PLAN_QUESTION, ...planLines(asked.actions)] : []),
    ...notices.map((notice) => `NOTE: ${notice}`),
    `${requester} asked: ${request}`,
    ...programLines(asked.program),
    ...(all > 1 ? [`${all} actions that belong together: they succeed together, or are undone together.`] : []),
    ...(asked.kind === "plan" ? [] : actions).flatMap((action) => [
      ...(all > 1 && pointOfNoReturn(asked.actions) === action.step ? [NO_RETURN] : []),
      `${action.step}: ${action.title} (${action.action})`,
      ...(action.repeats === undefined ? [] : [`  once more what step ${action.repeats} does`]),
      ...(action.optional ? ["  where it fails, the others go on without it"] : []),
      ...(action.edited
        ? [`  edited by ${action.edited.by.join(", ")}; before: ${JSON.stringify(action.edited.before)}`]
        : []),
      ...(action.edited || action.changes.length === 0 ? [`  arguments: ${JSON.stringify(action.args)}`] : []),
      ...action.changes.flatMap(changeLines),
    ]),
    `Impact ${impact.level}; ${impact.reversible ? "can be undone" : "CANNOT all be undone"}.`,
    ...reasons.map((reason) => `Why you are asked: ${reason}`),
    ...(review?.reasons ?? []).map((reason) => `Reviewer (${review?.verdict}): ${reason}`),
    ...(review?.saferWay ? [`Reviewer, a safer way: ${review.saferWay}`] : []),
  ];
  const shown = lines.slice(0, MAX_LINES).map((line) => printable(cut(line)).replaceAll("```", "'''"));
  const rest = lines.length > MAX_LINES ? [`(${lines.length - MAX_LINES} more lines are not shown here)`] : [];
  return ["```text", ...shown, ...rest, "```"].join("\n");
}

/** The program that staged it all. */
function programLines(program: ToldProgram | null): string[] {
  if (!program) return [];
  const { code, log, untrusted } = program;
  return [
    "Planned by a program:",
    ...code.split("\n").map((line) => `  ${line}`),
    ...log.map((line) => `It logged: ${line}`),
    ...(untrusted ? ["It read text from outside, which is not to be trusted."] : []),
  ];
}

const PLAN_QUESTION =
  "MAY THIS PLAN BE CARRIED OUT? Approving it runs what only reads; each of its writes is asked for by itself.";

/** The plan's steps, a line each, with what they wait for. */
function planLines([proposed]: readonly ProposedAction[]): string[] {
  const plan = PlanArgsSchema.safeParse(proposed?.args);
  if (!plan.success) return [];
  const { steps, assumptions = [] } = plan.data;
  const lines = steps.map(({ id, title, action, args, dependsOn, when, notBefore }) => {
    const waits = [...(dependsOn.length > 0 ? [`after ${dependsOn.join(", ")}`] : []), ...(when ? [`if ${when}`] : [])];
    const about = [...waits, ...(notBefore ? [`not before ${notBefore}`] : [])].map((text) => `; ${text}`);
    return `${id}: ${title} (${action} ${JSON.stringify(args)}${about.join("")})`;
  });
  return [...lines, ...assumptions.map((text) => `It is assumed: ${text}`)];
}

const MAX_LINES = 200;
const MAX_LINE = 1000;

const cut = (line: string): string =>
  line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE)}… (${line.length - MAX_LINE} more characters)`;

const NO_RETURN = "FROM HERE ON, a failure can no longer be undone whole:";

function changeLines(change: Change): string[] {
  const { table, key, before, after } = change;
  const text = (value: unknown) => (value === null || value === undefined ? "-" : String(value));
  return changedFields(change).map(
    (field) => `  ${table} ${key}: ${field} ${text(before?.[field])} -> ${text(after?.[field])}`,
  );
}
