/**
 * How many requests a tenant and a person may make within a minute. What was refused for it does not count: whoever asks
 * on and on would otherwise never be heard again.
 */
import type { Stamp } from "../domain/run.ts";
import type { LedgerTransaction } from "./database.ts";
import { keptQuery } from "./kept-query.ts";
import { getSettings } from "./settings.ts";

const MINUTE_MS = 60_000;

/**
 * Why one more request is too many, and when it may be asked again; undefined when it is not. The tenant has to be locked
 * until the request is recorded.
 */
export async function tooManyRequests(trx: LedgerTransaction, stamp: Stamp): Promise<string | undefined> {
  const { requestsPerMinute, requestsPerMinutePerPerson } = (await getSettings(trx, stamp.tenant)).settings;
  const times = [
    await fullUntil(trx, stamp, { limit: requestsPerMinute }),
    await fullUntil(trx, stamp, { limit: requestsPerMinutePerPerson, requester: stamp.principal }),
  ];
  const until = times.toSorted().at(-1) ?? "";
  if (until === "") return undefined;
  const [ofAll] = times;
  const whose =
    ofAll === "" ? `${requestsPerMinutePerPerson} a minute from one person` : `${requestsPerMinute} a minute`;
  return `Too many requests: ${whose} are taken. Ask again after ${until}.`;
}

const selectTimes = keptQuery((db, tenant: string, after: string, offset: number, requester: string | undefined) => {
  const query = db
    .selectFrom("runs")
    .select("createdAt")
    .where("tenant", "=", tenant)
    .where("createdAt", ">", after)
    .where("refusal", "is", null)
    .orderBy("createdAt", "desc")
    .limit(1)
    .offset(offset);
  return requester === undefined ? query : query.where("requester", "=", requester);
});

/** Until when a limit is reached, ISO 8601 UTC; empty when it is not. */
async function fullUntil(
  trx: LedgerTransaction,
  { tenant, at }: Stamp,
  { limit, requester }: { limit: number | null; requester?: string },
): Promise<string> {
  if (limit === null) return "";
  const after = new Date(Date.parse(at) - MINUTE_MS).toISOString();
  // The oldest of the newest so many: once it is a minute old, there is room for one more.
  const [oldest] = await selectTimes(trx, tenant, after, limit - 1, requester);
  return oldest ? new Date(Date.parse(oldest.createdAt) + MINUTE_MS).toISOString() : "";
}
