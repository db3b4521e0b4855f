/** What the actions of the office work on. */
import type { Calendar } from "./calendar.ts";
import type { Mailer } from "./mail.ts";

export interface Office {
  readonly calendar: Calendar;
  readonly mailer: Mailer;
  /** Of days and of times that are shown. */
  readonly timeZone: string;
  /** When people work, on Mondays to Fridays: "09:00" to "17:00". */
  readonly workingHours: WorkingHours;
  /** Who sends mail, and invites. Whoever has an address of the same domain is not outside. */
  readonly address: string;
}

export interface WorkingHours {
  readonly from: string;
  readonly until: string;
}

/** Those whose addresses are of another domain. */
export function outsiders({ address }: Pick<Office, "address">, people: readonly string[]): string[] {
  const domain = address.slice(address.lastIndexOf("@")).toLowerCase();
  return people.filter((person) => !person.toLowerCase().endsWith(domain));
}
