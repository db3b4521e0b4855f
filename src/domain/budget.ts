/** What a run may use up. Each budget is a setting of the tenant. */

/** What each is counted in, by the name of its setting. */
const UNITS = {
  maxReplans: ["time that it was planned again", "times that it was planned again"],
  maxExpansions: ["step planned when it was reached", "steps planned when they were reached"],
  maxModelCalls: ["call of a model", "calls of models"],
  maxTokens: ["token", "tokens"],
  maxMinutes: ["minute of work", "minutes of work"],
} as const satisfies Record<string, readonly [one: string, many: string]>;

export type BudgetName = keyof typeof UNITS;

/** A budget of which nothing is left. */
export interface SpentBudget {
  readonly setting: BudgetName;
  readonly used: number;
  readonly limit: number;
}

/** One sentence: which budget, how much of it was used, and the way on. */
export function explainBudget({ setting, used, limit }: SpentBudget): string {
  const unit = UNITS[setting][limit === 1 ? 0 : 1];
  return `The run has used up a budget: ${used} of ${limit} ${unit}. To go on, raise the setting ${setting}, and ask again.`;
}

/** The budget, where nothing is left of it. @param limit null for any number */
export const spentOf = (setting: BudgetName, used: number, limit: number | null): SpentBudget | undefined =>
  limit !== null && used >= limit ? { setting, used, limit } : undefined;
