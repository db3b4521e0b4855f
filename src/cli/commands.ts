/** The commands. Each returns its exit status. */
import { printable } from "../domain/printable.ts";
import type { Proposal } from "../domain/proposal.ts";
import type { RollbackReport } from "../domain/run.ts";
import { sumUsage } from "../ledger/model-calls.ts";
import type { Question } from "../nodes/question.ts";
import { conclude, leave, toJson } from "./conclude.ts";
import { answerFrom, assertReason, carriesDecision, type DecisionOptions } from "./decisions.ts";
import { EXIT } from "./exit-status.ts";
import { renderRecord } from "./record.ts";
import { renderRollback } from "./render-rollback.ts";
import type { Session } from "./session.ts";
import { table } from "./text.ts";

export async function run(session: Session, request: string, options: { thread?: string }): Promise<number> {
  await goOnAfterCrash(session);
  const threadId = options.thread === undefined ? {} : { threadId: options.thread };
  return await conclude(session, await session.backend.start({ request, ...threadId }));
}

/** Before anything new: what a crash left goes on, and the person is told. */
async function goOnAfterCrash(session: Session): Promise<void> {
  for (const { threadId, run: found, outcome, problem } of await session.backend.recoverFirst()) {
    if (outcome === "left") continue;
    const ended = outcome === "rolled_back" ? (problem ?? "what it did was undone.") : found.answer?.text;
    if (outcome === "paused") continue;
    const now = outcome === "waiting" ? `it waits: ${session.command(`resume ${threadId}`)}` : ended;
    session.surroundings.writeError(
      `Thread ${threadId} was left under way, and has gone on: ${printable(now ?? "")}\n`,
    );
  }
}

export async function resume(session: Session, threadId: string, options: DecisionOptions): Promise<number> {
  const { backend } = session;
  if (!carriesDecision(options)) return await conclude(session, await backend.goOn(threadId));
  await backend.assertMayAnswer();
  if (await isUnasked(session, threadId)) {
    // Cut off before it asked: nobody has seen what would be decided, so it is only carried on and shown.
    const view = await backend.goOn(threadId);
    if (view.question) session.surroundings.writeError("The decision was not taken: the thread had not asked yet.\n");
    return await conclude(session, view);
  }
  if (options.notNow) {
    const { proposal: proposalId } = options;
    const about = { note: options.reason?.trim() || null, ...(proposalId === undefined ? {} : { proposalId }) };
    const waiting = await backend.postpone(threadId, about);
    return leave(session, waiting, `${(await backend.whoAmI()).principal} does not decide now.`);
  }
  const decide = (question: Question) => answerFrom(options, question);
  return await conclude(session, await backend.answer(threadId, decide));
}

/** Whether a thread is under way, or was cut off, before it asked what can be decided. */
async function isUnasked({ backend }: Session, threadId: string): Promise<boolean> {
  const { run: found } = await backend.view(threadId);
  if (found.status !== "running") return false;
  const latest = (await backend.proposals(threadId)).at(-1);
  return latest === undefined || latest.status === "pending" || latest.status === "stale";
}

export async function cancel(
  session: Session,
  threadId: string,
  options: { reason?: string; rollback?: boolean },
): Promise<number> {
  assertReason("--reason", options.reason);
  const input = { threadId, reason: options.reason?.trim() || null, rollback: options.rollback ?? false };
  const view = await session.backend.cancel(input);
  if (view.question) {
    session.surroundings.writeError("The cancellation is recorded. The run ends once somebody has said this:\n");
  }
  return await conclude(session, view);
}

export async function show(session: Session, threadId: string): Promise<number> {
  const { backend, surroundings, json } = session;
  const { view, details } = await backend.show(threadId);
  const text = json
    ? JSON.stringify({ ...toJson(session, view), ...details, usage: sumUsage(details.modelCalls) }, null, 2)
    : renderRecord(session, view, details);
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

export async function list(session: Session, options: { waiting?: boolean }): Promise<number> {
  const { backend, surroundings, json } = session;
  const runs = await backend.list(options.waiting ? { status: "waiting" } : {});
  if (json) {
    surroundings.write(`${JSON.stringify({ runs }, null, 2)}\n`);
    return EXIT.done;
  }
  const rows = runs.map((row) => [
    row.threadId,
    row.answer?.status ?? row.status,
    row.requester,
    row.createdAt.slice(0, 19).replace("T", " "),
    row.request.length > 60 ? `${row.request.slice(0, 59)}…` : row.request,
  ]);
  const nothing = options.waiting ? "Nothing waits for a decision." : "Nothing was asked yet.";
  const none = async () =>
    [`${nothing} What can be asked:`, ...(await backend.whatCanBeAsked()).map((line) => `  ${line}`)].join("\n");
  const text = rows.length > 0 ? table(["thread", "status", "asked by", "when (UTC)", "request"], rows) : await none();
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

export async function recover(session: Session): Promise<number> {
  const { backend, surroundings, json } = session;
  const recovered = await backend.recover();
  const status = recovered.some(({ outcome }) => outcome === "left") ? EXIT.conflict : EXIT.done;
  if (json) {
    surroundings.write(`${JSON.stringify({ recovered, exitStatus: status }, null, 2)}\n`);
    return status;
  }
  const rows = recovered.map(({ threadId, outcome, run, problem }) => [
    threadId,
    outcome === "rolled_back" ? "rolled back" : (run.answer?.status ?? outcome),
    problem ??
      (outcome === "rolled_back"
        ? "what it did was undone"
        : (run.answer?.text ?? run.pause?.reason ?? "waits for a person")),
  ]);
  const text = rows.length > 0 ? table(["thread", "status", ""], rows) : "No run was left under way.";
  surroundings.write(`${text}\n`);
  return status;
}

export async function rollback(
  session: Session,
  threadId: string,
  options: { reason?: string; anyway?: boolean },
): Promise<number> {
  assertReason("--reason", options.reason);
  const reason = options.reason?.trim() || null;
  const anyway = options.anyway ?? false;
  const report = await session.backend.rollBack({ threadId, reason, anyway });
  const titles = titlesOf(await session.backend.proposals(threadId));
  const status = exitStatusOfRollback(report);
  const text = session.json
    ? JSON.stringify({ ...report, exitStatus: status }, null, 2)
    : renderRollback(report, titles);
  session.surroundings.write(`${text}\n`);
  return status;
}

/** As they were approved, which an edit may have made something else of than the plan says; the last one counts. */
const titlesOf = (proposals: readonly Proposal[]): ReadonlyMap<string, string> =>
  new Map(proposals.flatMap(({ actions }) => actions.map(({ step, title }) => [step, title] as const)));

function exitStatusOfRollback(report: RollbackReport): number {
  if (report.kind === "moved_on") return EXIT.conflict;
  return report.effects.every((effect) => effect.status === "undone") ? EXIT.done : EXIT.failed;
}

export async function reseed(session: Session): Promise<number> {
  const { backend, surroundings, json } = session;
  const tables = await backend.reseed();
  if (json) {
    surroundings.write(`${JSON.stringify({ reseeded: true, tables }, null, 2)}\n`);
    return EXIT.done;
  }
  const shown = tables.map(({ table: name, rows }) => {
    const columns = Object.keys(rows[0] ?? {});
    return `${name}\n${table(
      columns,
      rows.map((row) => columns.map((column) => String(row[column] ?? "-"))),
    )}`;
  });
  surroundings.write(`The store has its initial data again.\n${shown.join("\n")}\n`);
  return EXIT.done;
}
