/** Times of maintenance, ISO 8601 UTC. */

export const DAY_MS = 86_400_000;

/** A time so many milliseconds after another. */
export const later = (time: string, milliseconds: number): string =>
  new Date(Date.parse(time) + milliseconds).toISOString();

/** A time so many days before another. */
export const daysBefore = (time: string, days: number): string => later(time, -days * DAY_MS);
