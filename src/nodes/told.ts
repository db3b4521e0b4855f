/** What reads tell whoever asked. Texts that were written for them are given as they are, once, and never cut. */
import type { Plan } from "../domain/plan.ts";
import { shortened } from "../domain/text.ts";
import type { RunRecord } from "../execution/progress.ts";
import type { ReadOutcome } from "../ledger/reads.ts";
import { STANDS_WHOLE } from "../models/prompts/reflector.ts";
import { findReferences } from "../planning/references.ts";
import type { Registry } from "../tools/registry.ts";

interface Told {
  /** What each read says that stands for itself. */
  readonly texts: readonly string[];
  /** Of these, those that were written for whoever asked, and that nothing was made from. */
  readonly written: readonly string[];
  /** What stands behind a written text, a line each. */
  readonly details: readonly string[];
  /** A read's summary for a model: a text that the customer gets whole would only make its prompt long. */
  toModel(read: ReadOutcome): string;
}

/** @param plan the one that was carried out last, if any */
export function toldByReads(plan: Plan | undefined, { reads, effects }: RunRecord, registry: Registry): Told {
  const done = reads.filter(({ status }) => status === "succeeded");
  const isWritten = ({ action: name }: ReadOutcome) => {
    const action = registry.find(name);
    return action?.kind === "read" && action.authored === true;
  };
  const sourcesOf = (ids: readonly string[]) => {
    const steps = (plan?.steps ?? []).filter(({ id }) => ids.includes(id));
    return new Set(steps.flatMap(({ args }) => findReferences(args).map((path) => path.split(".")[0] ?? "")));
  };
  const inTexts = sourcesOf(done.filter(isWritten).map(({ step }) => step));
  const inWrites = sourcesOf(effects.filter(({ status }) => status === "succeeded").map(({ step }) => step));
  // A text that went into another one, or into what was sent, has arrived.
  const isUsed = (read: ReadOutcome) => inTexts.has(read.step) || (isWritten(read) && inWrites.has(read.step));
  const own = done.filter((read) => !isUsed(read));
  return {
    texts: own.map(({ summary }) => summary),
    written: own.filter(isWritten).map(({ summary }) => summary),
    toModel: (read) => {
      if (read.status !== "succeeded" || !isWritten(read)) return read.summary;
      const text = shortened(read.summary, MAX_DETAIL);
      return own.includes(read) ? `${STANDS_WHOLE} ${text}` : text;
    },
    details: done.filter(isUsed).map(({ summary }) => `Recorded: ${shortened(summary, MAX_DETAIL)}`),
  };
}

/** Of a summary that is told beside the answer or to a model, in characters. */
const MAX_DETAIL = 300;

/** Texts as one: sentences in a row, or where one has lines of its own, apart. */
export const joined = (texts: readonly string[]): string =>
  texts.join(texts.some((text) => text.includes("\n")) ? "\n\n" : " ");
