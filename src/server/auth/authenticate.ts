/** Who sends a request. */
import type { Identity } from "../../domain/run.ts";

export interface Authenticated {
  readonly identity: Identity;
  /** What is counted by: the key's id, or issuer and subject. */
  readonly countedBy: string;
  readonly by: "key" | "token" | "development";
}

export interface Authenticator {
  /** @throws HoldpointError `unauthenticated` */
  authenticate(headers: Headers): Promise<Authenticated>;
}
