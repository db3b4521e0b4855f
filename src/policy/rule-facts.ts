/**
 * What the condition of a rule can see of one action: the only place that says so. To add a fact, add it to
 * {@link RuleFactsSchema} with what it means, and give it in {@link factsOf}; conditions are checked against the schema
 * when they are loaded, and facts when they are judged.
 *
 * Whole numbers that are declared here (`z.int()`) are CEL's `int`. Numbers inside arguments and rows are `double`, as
 * JSON has no others: they compare with either, and calculate with doubles (`action.args.quantity * 2.0`).
 */
import { z } from "zod";
import { JsonObjectSchema } from "../domain/json.ts";
import {
  ChangeSchema,
  ImpactLevelSchema,
  type Proposal,
  type ProposedAction,
  ReversibilitySchema,
} from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";

const count = (meaning: string) => z.int().nonnegative().describe(meaning);
const text = (meaning: string) => z.string().describe(meaning);

export const RuleFactsSchema = z
  .object({
    action: z.object({
      name: text("the name of the action, such as `sell`"),
      version: count("the version of the action"),
      title: text("what the step says that it does"),
      step: text("the step's id in the plan"),
      reversibility: ReversibilitySchema.describe("`reversible`, `compensatable` or `irreversible`"),
      args: JsonObjectSchema.describe("the arguments, as they would run; what is still unknown is a reference"),
    }),
    impact: z.object({
      level: ImpactLevelSchema.describe("`low`, `medium`, `high` or `critical`"),
      rank: count("the same as a number, 0 to 3, to compare with"),
      resources: z.array(z.string()).describe("what it touches"),
      reversible: z.boolean().describe("whether it can be undone"),
      durationMs: count("how long it is estimated to take, in milliseconds"),
      amount: count("the money that it moves, in the smallest unit of its currency; 0 when it says none"),
      outside: z.array(z.string()).describe("who outside would be told of it"),
    }),
    changes: z.array(ChangeSchema).describe("the rows that it would change, each with what it is and will be"),
    rows: count("how many those are"),
    run: z.object({
      id: text("the id of the run"),
      request: text("what was asked, in its words"),
      requester: text("who asked"),
    }),
    tenant: text("whose data it is"),
    transaction: z.object({
      size: count("how many actions are proposed together"),
      actions: z.array(z.string()).describe("their names, in the order in which they would run"),
    }),
    edited: z.boolean().describe("whether a person changed its arguments"),
  })
  .refine(({ rows, changes }) => rows === changes.length, { path: ["rows"], error: "is not the number of changes" })
  .refine(({ impact }) => impact.rank === rankOf(impact.level), {
    path: ["impact", "rank"],
    error: "is not that of the level",
  });

export type RuleFacts = z.infer<typeof RuleFactsSchema>;

/** Of a run, what policy may look at. */
export interface PolicyRun {
  readonly runId: string;
  readonly tenant: string;
  readonly requester: string;
  readonly request: string;
}

export const policyRunOf = ({ id, tenant, requester, request }: Run): PolicyRun => ({
  ...{ runId: id, tenant, requester, request },
});

export const rankOf = (level: z.infer<typeof ImpactLevelSchema>): number => ImpactLevelSchema.options.indexOf(level);

/**
 * The facts of one action of a proposal.
 * @param run undefined where the caller did not say: the facts then lack it, and no rule can be judged
 */
export function factsOf(action: ProposedAction, proposal: Proposal, run: PolicyRun | undefined): unknown {
  const { action: name, version, title, step, reversibility, args, impact, changes, edited } = action;
  return {
    action: { name, version, title, step, reversibility, args },
    impact: { ...impact, rank: rankOf(impact.level), amount: impact.amount ?? 0, outside: impact.outside ?? [] },
    changes,
    rows: changes.length,
    ...(run ? { run: { id: run.runId, request: run.request, requester: run.requester }, tenant: run.tenant } : {}),
    transaction: { size: proposal.actions.length, actions: proposal.actions.map((other) => other.action) },
    edited: edited !== null,
  } satisfies Partial<RuleFacts>;
}
