/** `show`: everything that the ledger holds of a thread's newest run, for a person. */

import type { Measures, Share } from "../domain/measures.ts";
import { printable } from "../domain/printable.ts";
import { byWhom } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import type { AuditEntry } from "../ledger/audit.ts";
import { type ModelCallRecord, sumUsage } from "../ledger/model-calls.ts";
import type { RunDetails } from "../work/look.ts";
import type { ShownThread } from "../work/shown.ts";
import { resumeCommands } from "./conclude.ts";
import { duration } from "./duration.ts";
import { renderReads } from "./reads.ts";
import { renderAnswer, renderPause, renderPlan, renderProgress, renderQuestion } from "./render.ts";
import { renderPrograms } from "./render-program.ts";
import { renderRevisions } from "./revisions.ts";
import type { Session } from "./session.ts";
import { dim, heading, table, wrap } from "./text.ts";

export function renderRecord(session: Session, view: ShownThread, details: RunDetails): string {
  const { run, question } = view;
  const parts = [
    `${heading("Thread")} ${view.threadId} ${dim(`(run ${run.id})`)}`,
    `  "${printable(run.request)}" asked by ${printable(run.requester)} at ${run.createdAt}`,
    `  ${run.answer ? `ended: ${run.answer.status}` : run.status}`,
    run.forgottenAt
      ? `  Its personal data was forgotten at ${run.forgottenAt}; what is left says what was done, not with what.`
      : "",
    renderProgress(details.progress),
    renderPlan(view, details.progress),
    renderRevisions(details),
    renderPrograms(details.programs),
    renderReads(details.reads),
    ...proposals(details),
    effects(view, details),
    run.pause ? renderPause(run.pause) : "",
    question ? renderQuestion(question, null) : renderAnswer(view),
    question ? `${heading("To decide")}\n  ${resumeCommands(session, view.threadId, question).ask}` : "",
    measures(details.measures),
    usage(details.modelCalls),
    audit(details.audit),
    ...earlier(details.earlier),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function proposals({ proposals: all, decisions }: RunDetails): string[] {
  if (all.length === 0) return [];
  const lines = all.map((proposal) => {
    const decision = decisions.find((candidate) => candidate.proposalId === proposal.id);
    const by = decision
      ? `; ${decision.verdict.replace("_", " ")} by ${byWhom(decision)} at ${decision.decidedAt}${decision.reason === null ? "" : `: ${decision.reason}`}`
      : "";
    return `  ${proposal.id}: ${proposal.actions.length} action(s), ${proposal.status}${printable(by)}`;
  });
  return [heading("Proposals"), ...lines];
}

function effects(view: ShownThread, { proposals: all }: RunDetails): string {
  if (view.effects.length === 0) return "";
  // What only something else made up for is not gone.
  const statusOf = ({ status, step, proposalId }: ShownThread["effects"][number]): string => {
    const proposed = all.find(({ id }) => id === proposalId)?.actions.find((action) => action.step === step);
    return status === "undone" && proposed?.reversibility === "compensatable" ? "not undone" : status;
  };
  const rows = view.effects.map((e) => [e.step, e.action, statusOf(e), String(e.attempts), e.note ?? ""]);
  return `${heading("Effects")}\n${table(["step", "action", "status", "attempts", "note"], rows)}`;
}

/** What is measured of this run alone; what it asked of models stands by itself. */
function measures({ plans, steps, replans, approvals, rollbacks }: Measures): string {
  const said = (what: string, { count, of }: Share) => (of === 0 ? [] : [`${what} ${count} of ${of}`]);
  const { medianMs } = approvals.time;
  const parts = [
    ...said("plans valid at first", plans.validAtFirst),
    ...said("steps failed", steps.failed),
    ...(replans.total > 0 ? [`another plan was wanted ${replans.total} time(s)`] : []),
    ...(medianMs === null ? [] : [`people decided after ${duration(medianMs)}`]),
    ...said("transactions rolled back", rollbacks.transactions),
  ];
  return parts.length === 0 ? "" : `${heading("Measures")}\n${wrap(parts.join(", "), 2)}`;
}

function usage(calls: readonly ModelCallRecord[]): string {
  if (calls.length === 0) return "";
  const sum = sumUsage(calls);
  const tokens = `${sum.promptTokens} prompt and ${sum.completionTokens} completion tokens`;
  const rows = calls.map((call) => [
    call.role,
    call.prompt,
    call.outcome,
    String(call.promptTokens),
    String(call.completionTokens),
    `${call.durationMs} ms`,
  ]);
  const head = ["role", "prompt", "outcome", "prompt tokens", "completion tokens", "took"];
  return `${heading("Model")} ${sum.calls} call(s), ${tokens}\n${table(head, rows)}`;
}

function audit(entries: readonly AuditEntry[]): string {
  const rows = entries.map((entry) => [String(entry.seq), entry.at, entry.principal, entry.event]);
  return `${heading("Audit")}\n${table(["#", "when", "who", "what"], rows)}`;
}

function earlier(runs: readonly Run[]): string[] {
  if (runs.length === 0) return [];
  return [
    heading("Earlier on this thread"),
    ...runs.map((run) => `  ${run.answer?.status ?? run.status}: "${printable(run.request)}"`),
  ];
}
