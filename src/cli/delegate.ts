/** `delegate`: who may approve for whom, and until when. */
import { HoldpointError } from "../errors.ts";
import { endDelegation, setDelegation } from "../ledger/delegations.ts";
import { toPrincipal } from "../policy/principals.ts";
import { maskText } from "../telemetry/mask.ts";
import { viewDelegations } from "../work/look.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";
import { table } from "./text.ts";

export interface DelegateOptions {
  until?: string;
  end?: string;
}

/** Lets somebody approve for the caller, ends that, or shows the tenant's delegations. */
export async function delegate(
  session: Session,
  person: string | undefined,
  { until, end }: DelegateOptions,
): Promise<number> {
  const { runtime, identity, surroundings, json } = session;
  const stamp = { ...identity, at: runtime.now() };
  const isFit = end === undefined ? (person === undefined) === (until === undefined) : person === undefined && !until;
  if (!isFit) {
    throw new HoldpointError("usage", "Say who may approve for you, and until when.", {
      hint: "`delegate <person> --until 3d`, or `delegate --end <person>`.",
    });
  }
  if (end !== undefined) await endDelegation(runtime.ledger, stamp, toPrincipal(end));
  else if (person !== undefined) {
    await setDelegation(runtime.ledger, stamp, person, parseUntil(until ?? "", stamp.at));
  }
  const delegations = await viewDelegations(runtime, identity);
  if (json) {
    surroundings.write(`${JSON.stringify({ delegations }, null, 2)}\n`);
    return EXIT.done;
  }
  const rows = delegations.map((one) => [one.delegate, one.delegator, one.until.slice(0, 16).replace("T", " ")]);
  const text = rows.length > 0 ? table(["who approves", "for", "until (UTC)"], rows) : "Nobody approves for another.";
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

const UNITS = { m: 60_000, h: 3_600_000, d: 24 * 3_600_000 } as const;

/** A time, or how long from now on, as ISO 8601 UTC. @throws HoldpointError `usage` */
function parseUntil(text: string, now: string): string {
  const [, count, unit] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) {
    return new Date(Date.parse(now) + Number(count) * UNITS[unit as keyof typeof UNITS]).toISOString();
  }
  // A time without a zone would be another moment on another machine.
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const time = isTime ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new HoldpointError("usage", `"${maskText(text).slice(0, 60)}" is no time.`, {
    hint: "Give --until 30m, 8h, 3d, or a time such as 2030-01-31T18:00:00Z.",
  });
}
