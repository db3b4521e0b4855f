/** Time zones as iCalendar wants them in every text that names one: when their offset changes. */
import ICAL from "ical.js";
import { DateTime } from "luxon";

/** For how long the changes are written out, in years. */
const YEARS = 10;
const DAY_MS = 86_400_000;

/**
 * The definition of a zone (VTIMEZONE): its offset at `from`, and each change of it in the ten years after.
 * @param from an instant
 */
export function timeZoneComponent(zone: string, from: number): ICAL.Component {
  const component = new ICAL.Component("vtimezone");
  component.addPropertyWithValue("tzid", zone);
  const first = from - (from % DAY_MS) - DAY_MS;
  component.addSubcomponent(observance(zone, { at: first, before: offsetAt(zone, first) }));
  for (let day = first; day < first + YEARS * 366 * DAY_MS; day += DAY_MS) {
    const before = offsetAt(zone, day);
    if (before === offsetAt(zone, day + DAY_MS)) continue;
    component.addSubcomponent(observance(zone, { at: changeBetween(zone, day, day + DAY_MS), before }));
  }
  return component;
}

/** Minutes east of Greenwich. */
const offsetAt = (zone: string, instant: number): number => DateTime.fromMillis(instant, { zone }).offset;

/** The first second with another offset. */
function changeBetween(zone: string, from: number, until: number): number {
  const before = offsetAt(zone, from);
  let [low, high] = [from, until];
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (offsetAt(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

function observance(zone: string, { at, before }: { at: number; before: number }): ICAL.Component {
  const time = DateTime.fromMillis(at, { zone });
  const component = new ICAL.Component(time.isInDST ? "daylight" : "standard");
  const local = new Date(at + before * 60_000).toISOString().slice(0, 19); // by the offset that ends
  component.addPropertyWithValue("dtstart", ICAL.Time.fromDateTimeString(local));
  component.addPropertyWithValue("tzoffsetfrom", ICAL.UtcOffset.fromSeconds(before * 60));
  component.addPropertyWithValue("tzoffsetto", ICAL.UtcOffset.fromSeconds(time.offset * 60));
  return component;
}
