/** What a write of an outside tool says of its own call, and of no other one. */
import { ActionFailure } from "../../errors.ts";

/**
 * Whatever kept this call from happening is said as `failed`. Any other status would also be said of a call before: that a
 * thing is there already may be what that one did.
 * @throws ActionFailure `failed` in place of one with another status; anything else as it is
 */
export async function ofThisCall<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ActionFailure) || error.status === "failed") throw error;
    const { hint } = error;
    throw new ActionFailure("failed", error.message, { cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}
