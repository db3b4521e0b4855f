/** Posts JSON to an address that somebody else watches over. */
import { explainError, HoldpointError } from "../errors.ts";

/** How long a receiver may take, in milliseconds. */
export const TIMEOUT_MS = 10_000;

/**
 * Posts once; a redirect is not followed, and counts as an answer that does not take it.
 * @param about `what` is posted, and the `hint` for when it was not taken, in words
 * @throws HoldpointError `storage` that names where it could not be put; of the address only its origin, since the rest
 * may be a secret
 */
export async function postJson(
  url: URL,
  body: object,
  about: { readonly what: string; readonly hint: string; readonly headers?: Record<string, string> },
): Promise<void> {
  const { what, hint, headers = {} } = about;
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.body?.cancel();
  } catch (error) {
    throw new HoldpointError("storage", `${url.origin} cannot be reached: ${explainError(error)}.`, {
      hint,
      cause: error,
    });
  }
  if (answer.ok) return;
  throw new HoldpointError("storage", `${url.origin} did not take ${what}: it answered ${answer.status}.`, { hint });
}
