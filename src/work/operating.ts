/** What is of every tenant, such as the servers of tools and the metrics, is for the admins of whoever runs the system. */
import type { Identity } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { DEVELOPMENT_IDENTITY } from "../nodes/deps.ts";

/** @throws HoldpointError `denied` to everybody of another tenant than `default` */
export function assertOperating({ tenant }: Identity): void {
  if (tenant === DEVELOPMENT_IDENTITY.tenant) return;
  throw new HoldpointError("denied", `This is of every tenant, and not for "${tenant}".`, {
    hint: `An admin of the tenant "${DEVELOPMENT_IDENTITY.tenant}" may.`,
  });
}
