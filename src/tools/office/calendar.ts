/** What the actions need of a calendar, wherever it is. */
import type { Span } from "./zones.ts";

/** An event as it is kept: iCalendar text, and a mark that changes whenever the text does. */
export interface Kept {
  readonly ics: string;
  readonly version: string;
}

/** For whom, and for how long. */
export interface Asking {
  readonly tenant: string;
  readonly signal: AbortSignal;
}

/** An event that is to be kept. */
export interface Keeping {
  readonly id: string;
  readonly ics: string;
  /** The version that it takes the place of; null where there must be none. */
  readonly replaces: string | null;
  /** What else has to be looked at: `check` gets the events of that time, and throws where it does not fit. */
  readonly among?: { readonly span: Span; check(others: readonly string[]): void };
}

export interface Calendar {
  /** Whether it may itself tell those who are invited. */
  readonly invites: boolean;
  /** Whether others write to it, too: what stands in it then is not to be trusted. */
  readonly isShared: boolean;
  /** The events that may take place in a time, those that recur among them. */
  between(span: Span, asking: Asking): Promise<string[]>;
  find(id: string, asking: Asking): Promise<Kept | undefined>;
  /**
   * Keeps an event where it still has the version that it replaces.
   * @throws ActionFailure when somebody changed it meanwhile, or a check does not hold: nothing was changed then
   */
  put(keeping: Keeping, asking: Asking): Promise<void>;
}
