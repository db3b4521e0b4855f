/** Takes personal data out of the ledger and, with their threads, out of the checkpoints. */
import type { Identity } from "../domain/run.ts";
import { asStorageError } from "../errors.ts";
import { type ForgetSubject, type Forgotten, forget } from "../ledger/forget.ts";
import { assertMay } from "../ledger/members.ts";
import type { Runtime } from "../runtime.ts";

/**
 * Forgets a thread, a person, or all of the tenant. The tools' own data is theirs, and stays.
 * @throws HoldpointError `not_paused` when something of it has not ended: nothing was changed then
 */
export async function forgetData(runtime: Runtime, identity: Identity, subject: ForgetSubject): Promise<Forgotten> {
  await assertMay(runtime.ledger, identity, "forget");
  const forgotten = await forget(runtime.ledger, { ...identity, at: runtime.now() }, subject);
  try {
    // Cut off here, the same command goes on: what is forgotten in the ledger is found again.
    for (const threadId of forgotten.threads) await runtime.deleteCheckpoints(threadId);
  } catch (error) {
    throw asStorageError(error, `A database in ${runtime.home}`);
  }
  return forgotten;
}
