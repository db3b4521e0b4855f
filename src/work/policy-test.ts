/** Cases against the policy that is configured. Nothing runs. */
import type { Identity } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { assertMay } from "../ledger/members.ts";
import { DEVELOPMENT_IDENTITY } from "../nodes/deps.ts";
import { type CaseResult, NO_TENANT, readCases, runCase } from "../policy/cases.ts";
import type { Runtime } from "../runtime.ts";

/** A file of cases. */
export interface CasesFile {
  /** What it is called in errors. */
  readonly path: string;
  /** YAML. */
  readonly text: string;
}

/**
 * Puts the cases of a file before policy.
 * @throws HoldpointError `denied`; `usage` that names file, line and column of each fault, and when a case is of a tenant
 * that is not the caller's
 */
export async function testCases(runtime: Runtime, identity: Identity, file: CasesFile): Promise<CaseResult[]> {
  const { tenant } = identity;
  await assertMay(runtime.ledger, identity, "testPolicy");
  const writes = runtime.registry.of(tenant).actions.filter((action) => action.kind === "write");
  const cases = readCases(file, writes);
  if (tenant === DEVELOPMENT_IDENTITY.tenant) return cases.map((one) => runCase(runtime.policy, writes, one));
  return cases.map((one) => {
    // What rules say of others is theirs.
    if (one.tenant === tenant || one.tenant === NO_TENANT) return runCase(runtime.policy, writes, { ...one, tenant });
    throw new HoldpointError("usage", `The case "${one.name}" is of the tenant "${one.tenant}".`, {
      hint: `Leave its tenant out: it is "${tenant}" then.`,
    });
  });
}
