/** Times as they are typed. */
import { HoldpointError } from "../errors.ts";
import { maskText } from "../telemetry/mask.ts";

const UNITS = { m: 60_000, h: 3_600_000, d: 24 * 3_600_000 } as const;

/** A time, or how long from now on, as ISO 8601 UTC. @throws HoldpointError `usage` */
export function parseUntil(text: string, { now, option }: { now: string; option: string }): string {
  const [, count, unit] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) {
    return new Date(Date.parse(now) + Number(count) * UNITS[unit as keyof typeof UNITS]).toISOString();
  }
  // A time without a zone would be another moment on another machine.
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const time = isTime ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new HoldpointError("usage", `"${maskText(text).slice(0, 60)}" is no time.`, {
    hint: `Give ${option} 30m, 8h, 3d, or a time such as 2030-01-31T18:00:00Z.`,
  });
}
