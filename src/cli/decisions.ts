/** A decision from the command line: `--approve`, `--reject <reason>` or `--decisions <file.json>`. */
import { readFileSync } from "node:fs";
import { type ProposalAnswer, readAnswer } from "../domain/answer-formats.ts";
import { asStorageError, HoldpointError } from "../errors.ts";
import type { Question } from "../nodes/question.ts";

export interface DecisionOptions {
  approve?: boolean;
  reject?: string;
  sendBack?: string;
  decisions?: string;
  happened?: boolean;
  notHappened?: boolean;
  lookAgain?: boolean;
  notNow?: boolean;
  /** Why, with `notNow`. */
  reason?: string;
  proposal?: string;
}

/** True when the command line carries a decision. @throws HoldpointError `usage` when it carries more than one */
export function carriesDecision(options: DecisionOptions): boolean {
  const given = [
    options.approve && "--approve",
    options.reject !== undefined && "--reject",
    options.sendBack !== undefined && "--send-back",
    options.decisions && "--decisions",
    options.happened && "--happened",
    options.notHappened && "--not-happened",
    options.lookAgain && "--look-again",
    options.notNow && "--not-now",
  ];
  const names = given.filter((name) => typeof name === "string");
  if (names.length > 1) {
    throw new HoldpointError("usage", `${names.join(" and ")} exclude each other.`, { hint: "Give one of them." });
  }
  if (options.reject !== undefined && options.reject.trim() === "") {
    throw new HoldpointError("usage", "--reject needs a reason.", { hint: 'For example: --reject "wrong customer".' });
  }
  if (options.sendBack !== undefined && options.sendBack.trim() === "") {
    throw new HoldpointError("usage", "--send-back needs words.", {
      hint: 'For example: --send-back "ask Ann first".',
    });
  }
  assertReason("--reject", options.reject);
  assertReason("--send-back", options.sendBack);
  assertReason("--reason", options.reason);
  if (options.reason !== undefined && !options.notNow) {
    throw new HoldpointError("usage", "--reason belongs to --not-now.", { hint: "A rejection is --reject <reason>." });
  }
  return names.length === 1;
}

const MAX_REASON = 2000;

/** @throws HoldpointError `usage` when a reason is too long */
export function assertReason(option: string, reason: string | undefined): void {
  if (reason === undefined || reason.length <= MAX_REASON) return;
  throw new HoldpointError(
    "usage",
    `The reason has ${reason.length} characters; ${option} takes at most ${MAX_REASON}.`,
  );
}

/** The answer that the options stand for. @throws HoldpointError `usage` when the file or the proposal does not fit */
export function answerFrom(options: DecisionOptions, question: Question): ProposalAnswer {
  const { proposalId } = question;
  if (options.proposal !== undefined && options.proposal !== proposalId) {
    throw new HoldpointError(
      "usage",
      `The thread waits for a decision on "${proposalId}", not on "${options.proposal}".`,
      {
        hint: "Look at it again with `resume` without a decision.",
      },
    );
  }
  if (options.decisions !== undefined) return readDecisions(options.decisions, proposalId);
  const word = options.happened ? "happened" : options.notHappened ? "not_happened" : options.lookAgain && "look_again";
  assertFits(question, options, word !== false && word !== undefined);
  if (word) return { proposalId, decisions: question.actions.map(({ step }) => ({ type: word, step })) };
  if (options.approve) {
    return { proposalId, decisions: question.actions.map(({ step }) => ({ type: "approve", step })) };
  }
  if (options.sendBack !== undefined) {
    const message = options.sendBack.trim();
    return { proposalId, decisions: question.actions.map(({ step }) => ({ type: "send_back", step, message })) };
  }
  const message = options.reject?.trim() ?? "";
  return { proposalId, decisions: question.actions.map(({ step }) => ({ type: "reject", step, message })) };
}

/** A yes to whether something may run must not pass for a yes to whether it happened. */
function assertFits(question: Question, { sendBack }: DecisionOptions, isOutcome: boolean): void {
  const { kind } = question;
  if ((kind === "reconciliation") === isOutcome && (sendBack === undefined || kind === "plan")) return;
  const asked: Record<Question["kind"], readonly [string, string]> = {
    reconciliation: ["whether writes happened", "Give --happened, --not-happened or --look-again."],
    transaction: ["whether writes may run", "Give --approve, --reject or --decisions."],
    plan: ["whether a plan is carried out", "Give --approve, --reject, --send-back or --decisions."],
  };
  const [what, hint] = asked[kind];
  throw new HoldpointError("usage", `The thread asks ${what}; that is no answer to it.`, { hint });
}

const EXAMPLE =
  '{ "decisions": [{ "step": "s1", "type": "approve" }, { "step": "s2", "type": "reject", "message": "why" }, ' +
  '{ "step": "s3", "type": "edit", "editedAction": { "args": { … } } }] }';

function readDecisions(path: string, proposalId: string): ProposalAnswer {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    const why = error instanceof SyntaxError ? `is not JSON: ${error.message}` : describe(error, path);
    throw new HoldpointError("usage", `The decisions file "${path}" ${why}.`, {
      hint: `Expected ${EXAMPLE}.`,
      cause: error,
    });
  }
  const given = readAnswer(value);
  if (typeof given !== "string" && given.notNow) {
    throw new HoldpointError("usage", `The decisions file "${path}" decides nothing.`, {
      hint: "Give --not-now instead.",
    });
  }
  if (typeof given === "string") {
    throw new HoldpointError("usage", `The decisions file "${path}" cannot be used. ${given}`, {
      hint: `Expected ${EXAMPLE}.`,
    });
  }
  // As it stands: what the page showed, and who answers, is looked at where the answer is taken.
  const answer = (Array.isArray(value) ? { decisions: value } : value) as ProposalAnswer;
  return { ...answer, proposalId: given.proposalId ?? proposalId };
}

function describe(error: unknown, path: string): string {
  const known = asStorageError(error, path);
  if (known instanceof HoldpointError) return "cannot be read";
  return (error as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : "cannot be read";
}
