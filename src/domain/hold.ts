/** A receiver that is left alone for a while after it failed again and again. */

export interface Hold {
  /** How often it failed, one time after the other. */
  readonly failures: number;
  /** Until when, ISO 8601 UTC. */
  readonly until: string;
}

/** One sentence: which action, how often it failed, and until when it is left alone. */
export const holdReason = (action: string, { failures, until }: Hold): string =>
  `"${action}" failed ${failures} ${failures === 1 ? "time" : "times in a row"}, and is left alone until ${until}.`;
