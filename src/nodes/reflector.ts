/** The reflector: says what came of the request, from what the ledger recorded, and ends the run. */
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Answer } from "../domain/answer.ts";
import type { Effect, Proposal } from "../domain/proposal.ts";
import type { Run } from "../domain/run.ts";
import { loadRecord, type RunRecord } from "../execution/progress.ts";
import type { Outcome } from "../graph/routes.ts";
import { findLatestProposal, findTransaction } from "../ledger/proposals.ts";
import { endRun, getRun } from "../ledger/runs.ts";
import { answerMessage } from "../messages.ts";
import { ReflectorReplySchema, reflectorPrompt } from "../models/prompts/reflector.ts";
import type { State, Update } from "../state.ts";
import type { Registry } from "../tools/registry.ts";
import { askRole } from "./ask-role.ts";
import { identityOf, type NodeDeps, stampOf } from "./deps.ts";

export function createReflector(deps: NodeDeps) {
  return async (state: State, config: LangGraphRunnableConfig): Promise<Update & { outcome: Outcome<"reflector"> }> => {
    const { tenant } = identityOf(config);
    if (!state.run) return { outcome: "done" };
    const run = await getRun(deps.ledger, tenant, state.run.id);
    if (run.answer) return done(run, run.answer, state);
    const latest = await findLatestProposal(deps.ledger, tenant, run.id);
    if (latest?.status === "pending") return { outcome: "decision pending" };
    const record = await loadRecord(deps.ledger, tenant, run.id);
    const proposal = await findTransaction(deps.ledger, tenant, run.id);
    const unfinished = [latest, proposal].some(
      (open) => open?.status === "approved" && record.decisions.some(({ proposalId }) => proposalId === open.id),
    );
    if (unfinished) return { outcome: "transaction pending" };
    const facts: Facts = {
      run,
      failure: state.failure,
      proposal,
      record,
      titles: new Map((state.plan?.steps ?? []).map((step) => [step.id, step.title])),
    };
    const composed = composeAnswer(facts, deps.registry);
    const said = composed.status === "success" ? await reword(deps, config, facts, state.plan?.goal ?? "") : undefined;
    const answer = await endRun(deps.ledger, stampOf(deps, config), run.id, said ?? composed);
    return done(run, answer, state);
  };
}

/** The answer, and for chat pages the same as a message. */
function done(run: Run, answer: Answer, { notices }: State): Update & { outcome: Outcome<"reflector"> } {
  const text = [...notices, answer.text].join("\n\n");
  return { answer, messages: [answerMessage(run.id, text)], outcome: "done" };
}

/** The model's answer for the customer, from the recorded outcomes; undefined where it is of no use. */
async function reword(
  deps: NodeDeps,
  config: LangGraphRunnableConfig,
  facts: Facts,
  goal: string,
): Promise<Answer | undefined> {
  const { run, record, titles } = facts;
  const outcomes = [
    ...record.reads.map((read) => ({ step: read.step, status: read.status, summary: read.summary })),
    ...record.effects.map((e) => ({ step: e.step, status: e.status, summary: summaryOf(e, deps.registry) })),
    ...record.decisions.flatMap(({ actions }) =>
      actions
        .filter((action) => action.verdict === "rejected")
        .map(({ step, reason }) => ({ step, status: "rejected", summary: reason ?? "" })),
    ),
  ].map(({ step, ...outcome }) => ({ title: titles.get(step) ?? step, ...outcome }));
  const prompt = reflectorPrompt({ request: run.request, goal, outcomes });
  const reply = await askRole(deps, config, { role: "reflector", runId: run.id, schema: ReflectorReplySchema, prompt });
  if (reply?.kind !== "answer") return undefined;
  const { answer, met, missing } = reply.value;
  const recorded = outcomes.map((outcome) => `Recorded: ${outcome.summary}`);
  return {
    status: "success",
    text: answer,
    details: [...(met ? [] : missing.map((text) => `Missing: ${text}`)), ...recorded],
  };
}

interface Facts {
  run: Run;
  failure: State["failure"];
  proposal: Proposal | undefined;
  record: RunRecord;
  titles: ReadonlyMap<string, string>;
}

function composeAnswer(facts: Facts, registry: Registry): Answer {
  const { failure, proposal, record } = facts;
  const done = record.effects.filter((effect) => effect.status === "succeeded");
  const doneTexts = done.map((effect) => summaryOf(effect, registry));
  const decision = record.decisions.find(({ proposalId }) => proposalId === proposal?.id);
  if (record.effects.some((effect) => effect.status === "uncertain")) return uncertainAnswer(record, doneTexts);
  if (proposal?.status === "rolled_back" || failure) return failureAnswer(facts, doneTexts);
  if (proposal?.status === "rejected" && decision) {
    const verb = decision.verdict === "cancelled" ? "cancelled" : "rejected";
    const why = decision.reason === null ? "" : `: ${decision.reason.replace(/[.\s]+$/, "")}`;
    const text = `${decision.principal} ${verb} it${why}. ${changedSoFar(doneTexts)}`;
    return { status: verb, text, details: [] };
  }
  if (proposal?.status === "denied" || proposal?.status === "stale") {
    return { ...notRun(proposal), text: `${notRun(proposal).text} ${changedSoFar(doneTexts)}` };
  }
  if (proposal?.status === "expired" && decision) {
    return { status: "expired", text: `${decision.reason} ${changedSoFar(doneTexts)}`, details: [] };
  }
  const reads = record.reads.filter((read) => read.status === "succeeded").map((read) => read.summary);
  const rejected = record.decisions.flatMap(({ actions }) => actions.filter(({ verdict }) => verdict === "rejected"));
  const left = rejected.map(
    ({ step, reason }) => `Not done: ${facts.titles.get(step) ?? step}${reason === null ? "" : ` (${reason})`}.`,
  );
  const texts = done.length > 0 ? [...doneTexts, ...left] : reads;
  if (texts.length === 0) return { status: "failed", text: "Nothing was done.", details: [] };
  return { status: "success", text: texts.join(" "), details: [] };
}

/** A proposal that came to nothing, from what the ledger holds of it: state may have been lost with a process. */
function notRun({ status, findings, review, failure }: Proposal): Answer {
  const denied = findings.filter((finding) => finding.verdict === "deny").map((finding) => finding.reason);
  const why = [...denied, ...(review?.verdict === "deny" ? review.reasons : [])].join(" ");
  if (status === "denied") return { status: "denied", text: sentence(why || "It is not allowed"), details: [] };
  return {
    status: "failed",
    text: sentence(`It was approved, but ${failure?.message ?? "cannot run any more"}`),
    details: [],
  };
}

function changedSoFar(doneTexts: readonly string[]): string {
  return doneTexts.length === 0 ? "Nothing was changed." : `What was done before stays: ${doneTexts.join(" ")}`;
}

function failureAnswer({ failure: kept, proposal, record }: Facts, doneTexts: readonly string[]): Answer {
  const recorded = proposal?.status === "rolled_back" ? proposal.failure : null;
  const failure = kept ?? (recorded && { ...recorded, details: [] });
  const undone = record.effects.filter((effect) => effect.status === "undone");
  const stuck = record.effects.filter((effect) => effect.status === "undo_failed");
  const status = stuck.length > 0 ? "failed" : (failure?.status ?? "failed");
  const parts = [sentence(failure?.message ?? "One part failed")];
  if (undone.length > 0) parts.push(`What had been done was undone. ${undone.map((effect) => effect.note).join(" ")}`);
  if (stuck.length > 0) {
    parts.push(`These could NOT be undone: ${stuck.map((effect) => `${effect.action} (${effect.note})`).join("; ")}.`);
  } else if (record.effects.length > 0 || doneTexts.length > 0) {
    parts.push(changedSoFar(doneTexts));
  } else {
    parts.push("Nothing was changed.");
  }
  return { status, text: parts.join(" "), details: failure?.details ?? [] };
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function uncertainAnswer(record: RunRecord, doneTexts: readonly string[]): Answer {
  const unknown = record.effects.filter((effect) => effect.status === "uncertain");
  const names = unknown.map((effect) => `${effect.action} (${effect.note ?? "no word from it"})`);
  const text = `Nobody can tell whether this happened: ${names.join("; ")}. Look before anything is repeated.`;
  return { status: "uncertain", text, details: doneTexts.map((done) => `Done: ${done}`) };
}

function summaryOf(effect: Effect, registry: Registry): string {
  const action = registry.find(effect.action);
  if (!action || action.version !== effect.version) return `${effect.action} was done.`;
  try {
    return action.summarize(effect.args, effect.output);
  } catch {
    // An output that does not fit the schema was recorded with a note; the summary must not lose the run.
    return `${effect.action} was done.`;
  }
}
