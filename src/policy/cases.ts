/**
 * Cases against a policy: an action as it could be proposed, and what is expected to come of it. They try everything that
 * policy says of a transaction, rules and guardrails alike, and run nothing.
 */
import { z } from "zod";
import { JsonObjectSchema } from "../domain/json.ts";
import {
  ChangeSchema,
  type Finding,
  ImpactLevelSchema,
  type Proposal,
  type ProposedAction,
  type Reversibility,
  ReversibilitySchema,
  type Verdict,
  VerdictSchema,
} from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { type Fault, faultsOf } from "./faults.ts";
import { checkTransaction, type Policy, transactionVerdict } from "./policy.ts";
import { parseYaml } from "./yaml-file.ts";

const name = z.string().min(1).max(200);

/** Of a case that names no tenant. */
export const NO_TENANT = "development";

/** One case. Reversibility, when it is left out, is the action's own, and impact what an action has that says nothing. */
const CaseSchema = z.strictObject({
  name,
  /** An action that writes. */
  action: name,
  /** As they would be proposed: prepared, with the names of things as ids. */
  args: JsonObjectSchema.default({}),
  impact: ImpactLevelSchema.optional(),
  reversibility: ReversibilitySchema.optional(),
  changes: z.array(ChangeSchema.strict()).default([]),
  /** Other actions of the same transaction. */
  with: z.array(name).default([]),
  edited: z.boolean().default(false),
  requester: name.default("somebody"),
  request: z.string().default(""),
  tenant: name.default(NO_TENANT),
  expect: VerdictSchema,
  /** A rule, or a check of Holdpoint's own, that is to have brought it about. */
  because: name.optional(),
});
export type PolicyCase = z.output<typeof CaseSchema>;

const FileSchema = z.strictObject(
  { cases: z.array(CaseSchema).min(1, "expected at least one case") },
  "expected `cases:` with a list of cases",
);

/** What a case needs to know of an action that writes. */
export interface CaseAction {
  readonly name: string;
  readonly version: number;
  readonly title: string;
  readonly reversibility: Reversibility;
}

/** What came of a case. `because`: the rules and checks that brought the verdict about. */
export interface CaseResult {
  readonly case: PolicyCase;
  readonly verdict: Verdict;
  readonly because: readonly Finding[];
  readonly isAsExpected: boolean;
}

/**
 * @param file its text, and what it is called in errors
 * @param actions those that write
 * @throws HoldpointError `usage` that names file, line and column of each fault
 */
export function readCases(
  { path, text }: { readonly path: string; readonly text: string },
  actions: readonly CaseAction[],
): PolicyCase[] {
  const file = parseYaml(text, path);
  const parsed = FileSchema.safeParse(file.content);
  if (!parsed.success) throw file.error(faultsOf(parsed.error, file.content));
  const { cases } = parsed.data;
  const known = actions.map((action) => action.name);
  const faults = cases.flatMap((one, index): Fault[] => {
    const named: [string, PropertyKey[]][] = [
      [one.action, ["action"]],
      ...one.with.map((other, position): [string, PropertyKey[]] => [other, ["with", position]]),
    ];
    return named
      .filter(([action]) => !known.includes(action))
      .map(([action, at]) => ({
        path: ["cases", index, ...at],
        message: `there is no action "${action}" that writes; there are ${known.join(", ")}`,
      }));
  });
  if (faults.length > 0) throw file.error(faults);
  return cases;
}

const STEP = "case";

/** Puts a case before policy, as the guardrail puts a proposal. */
export function runCase(policy: Policy, actions: readonly CaseAction[], given: PolicyCase): CaseResult {
  const { proposal, run } = proposalOf(actions, given);
  const findings = checkTransaction(policy, proposal, run).filter(({ step }) => step === undefined || step === STEP);
  const own = { ...proposal, actions: proposal.actions.filter(({ step }) => step === STEP) };
  const verdict = transactionVerdict(own, findings);
  const because = findings.filter((finding) => finding.verdict === verdict);
  const isNamed = given.because === undefined || because.some(({ rule }) => isRule(rule, given.because));
  return { case: given, verdict, because, isAsExpected: verdict === given.expect && isNamed };
}

const isRule = (rule: string, named: string | undefined) => rule === named || rule === `rule:${named}`;

function proposalOf(actions: readonly CaseAction[], given: PolicyCase): { proposal: Proposal; run: Run } {
  const at = new Date(0).toISOString();
  const proposed = [
    proposedAction(actions, given, STEP),
    ...given.with.map((other, index) =>
      proposedAction(actions, { ...given, action: other, args: {}, changes: [], edited: false }, `other-${index}`),
    ),
  ];
  const ids = { id: "case", runId: "case", number: 1, revision: 1, digest: "", createdAt: at };
  const state = {
    kind: "transaction" as const,
    status: "pending" as const,
    findings: [],
    review: null,
    failure: null,
    expiresAt: null,
  };
  const [first] = proposed;
  if (!first) throw new Error("a case has an action");
  const { tenant, requester, request } = given;
  const ended = { answer: null, cancellation: null, pause: null, rollback: null };
  const times = { idleMs: 0, idleSince: null, createdAt: at, updatedAt: at };
  return {
    proposal: { ...ids, ...state, actions: proposed, impact: first.impact },
    run: { id: "case", threadId: "case", tenant, requester, request, status: "running", ...ended, ...times },
  };
}

function proposedAction(actions: readonly CaseAction[], given: PolicyCase, step: string): ProposedAction {
  const action = actions.find((one) => one.name === given.action);
  if (!action) throw new Error(`"${given.action}" is no action`);
  const reversibility = given.reversibility ?? action.reversibility;
  const level = given.impact ?? (reversibility === "irreversible" ? "high" : "medium");
  const resources = [...new Set(given.changes.map(({ table, key }) => `${table}/${key}`))];
  return {
    ...{ step, title: action.title, action: action.name, version: action.version, args: given.args, dependsOn: [] },
    ...{ changes: given.changes, reversibility },
    impact: { level, resources, reversible: reversibility === "reversible", durationMs: 0 },
    edited: given.edited ? { by: [given.requester], before: {} } : null,
  };
}
