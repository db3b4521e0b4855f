/** How many requests are taken: of each key, and of whoever cannot say who they are. Counted in this process. */
import { createHash } from "node:crypto";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { HttpProblem } from "./problem.ts";

/** So many attempts in a minute with one credential that is not known, and with any. */
const ATTEMPTS = 10;
const ATTEMPTS_IN_ALL = 300;

export interface RateLimits {
  /** @throws HttpProblem `too_many_requests` when a credential was refused too often */
  assertMayTry(credential: string): Promise<void>;
  /** A credential was refused. */
  failed(credential: string): Promise<void>;
  /** Counts a request. @returns headers that say how many are left. @throws HttpProblem `too_many_requests` */
  count(by: string): Promise<Record<string, string>>;
}

export function createRateLimits(requestsPerMinute: number): RateLimits {
  const requests = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  const attempts = new RateLimiterMemory({ points: ATTEMPTS, duration: 60 });
  const all = new RateLimiterMemory({ points: ATTEMPTS_IN_ALL, duration: 60 });
  const nameOf = (credential: string) => createHash("sha256").update(credential).digest("base64url");
  const tooMany = (msBeforeNext: number) =>
    new HttpProblem("too_many_requests", "There were too many requests within a minute.", {
      hint: "Send fewer, or wait as long as Retry-After says.",
      headers: { "retry-after": String(Math.max(1, Math.ceil(msBeforeNext / 1000))) },
    });
  return {
    async assertMayTry(credential) {
      const [own, ofAll] = [await attempts.get(nameOf(credential)), await all.get("all")];
      if (own && own.consumedPoints >= ATTEMPTS) throw tooMany(own.msBeforeNext);
      // Known keys go on while somebody guesses: only what was refused before is held up.
      if (own && ofAll && ofAll.consumedPoints >= ATTEMPTS_IN_ALL) throw tooMany(ofAll.msBeforeNext);
    },
    async failed(credential) {
      await attempts.penalty(nameOf(credential), 1);
      await all.penalty("all", 1);
    },
    async count(by) {
      try {
        const { remainingPoints, msBeforeNext } = await requests.consume(by);
        return {
          "ratelimit-limit": String(requestsPerMinute),
          "ratelimit-remaining": String(remainingPoints),
          "ratelimit-reset": String(Math.ceil(msBeforeNext / 1000)),
        };
      } catch (error) {
        throw error instanceof RateLimiterRes ? tooMany(error.msBeforeNext) : error;
      }
    },
  };
}
