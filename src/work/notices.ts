/** What a tenant is told of, and where that went. */
import type { Identity } from "../domain/run.ts";
import { type Delivered, listDeliveries } from "../ledger/deliveries.ts";
import { assertMay } from "../ledger/members.ts";
import { listNotices, type StoredNotice } from "../ledger/notices.ts";
import type { Runtime } from "../runtime.ts";

export type ToldNotice = Omit<StoredNotice, "data"> & {
  readonly data: unknown;
  /** The endpoints that it goes to, and what became of it there. */
  readonly endpoints: readonly Omit<Delivered, "noticeId">[];
};

/** The newest, newest first. @throws HoldpointError `denied` */
export async function viewNotices({ ledger }: Runtime, identity: Identity): Promise<ToldNotice[]> {
  await assertMay(ledger, identity, "viewNotices");
  const all = await listNotices(ledger, identity.tenant);
  const ids = all.map(({ id }) => id);
  const sent = Map.groupBy(await listDeliveries(ledger, identity.tenant, ids), ({ noticeId }) => noticeId);
  return all.map((notice) => ({
    ...notice,
    data: JSON.parse(notice.data) as unknown,
    endpoints: (sent.get(notice.id) ?? []).map(({ noticeId: _id, ...one }) => one),
  }));
}
