/** Gives the example store its initial data again. */
import type { Identity } from "../domain/run.ts";
import { asStorageError } from "../errors.ts";
import { assertMay } from "../ledger/members.ts";
import type { StoreRuntime } from "../runtime.ts";

/** @throws HoldpointError `denied`, `storage` when the store's file cannot be written */
export async function reseedStore({ ledger, store, home }: StoreRuntime, identity: Identity): Promise<void> {
  await assertMay(ledger, identity, "reseed");
  try {
    store.reseed();
  } catch (error) {
    throw asStorageError(error, `${home}/store.db`);
  }
}
