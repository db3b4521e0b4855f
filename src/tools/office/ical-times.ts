/** Times of iCalendar texts as instants. */
import ICAL from "ical.js";
import { instantAt, isZone } from "./zones.ts";

/** When an event begins and ends, as instants. */
export function spanOf(event: ICAL.Event, zone: string): { from: number; until: number } {
  const { component, startDate, endDate } = event;
  const ends = component.hasProperty("dtend") ? "dtend" : "dtstart";
  return { from: instantOf(component, "dtstart", startDate, zone), until: instantOf(component, ends, endDate, zone) };
}

/**
 * When a time of an event is. Its zone is looked up by the name that the property gives; where that names none, the
 * text's own definition counts, and days and times without a zone are those of `zone`.
 */
export function instantOf(vevent: ICAL.Component, property: string, time: ICAL.Time, zone: string): number {
  const [day = "", clock = "00:00:00"] = time.toString().split("T");
  if (time.isDate) return instantAt(day, "00:00:00", zone);
  const named = vevent.getFirstProperty(property)?.getFirstParameter("tzid") ?? "";
  if (isZone(named)) return instantAt(day, clock.slice(0, 8), named);
  return time.zone === ICAL.Timezone.localTimezone ? instantAt(day, clock, zone) : time.toUnixTime() * 1000;
}
