/** `delegate`: who may approve for whom, and until when. */
import { HoldpointError } from "../errors.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";
import { table } from "./text.ts";
import { parseUntil } from "./until.ts";

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
  const { backend, surroundings, json } = session;
  const isFit = end === undefined ? (person === undefined) === (until === undefined) : person === undefined && !until;
  if (!isFit) {
    throw new HoldpointError("usage", "Say who may approve for you, and until when.", {
      hint: "`delegate <person> --until 3d`, or `delegate --end <person>`.",
    });
  }
  if (end !== undefined) await backend.endDelegation(end);
  else if (person !== undefined) {
    await backend.delegate(person, parseUntil(until ?? "", { now: backend.now(), option: "--until" }));
  }
  const delegations = await backend.delegations();
  if (json) {
    surroundings.write(`${JSON.stringify({ delegations }, null, 2)}\n`);
    return EXIT.done;
  }
  const rows = delegations.map((one) => [one.delegate, one.delegator, one.until.slice(0, 16).replace("T", " ")]);
  const text = rows.length > 0 ? table(["who approves", "for", "until (UTC)"], rows) : "Nobody approves for another.";
  surroundings.write(`${text}\n`);
  return EXIT.done;
}
