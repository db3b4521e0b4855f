/** Accepting what MCP servers offer: an admin's decision, recorded before anything may be called by it. */
import type { Identity } from "../domain/run.ts";
import { HoldpointError } from "../errors.ts";
import { appendAudit } from "../ledger/audit.ts";
import { assertMay } from "../ledger/members.ts";
import type { StoreRuntime } from "../runtime.ts";
import type { Waiting, WaitingTool } from "../tools/mcp/index.ts";
import { assertOperating } from "./operating.ts";

/**
 * Takes tools as their servers offer them now. They are called so from the next start on.
 * @param name an action's; left out, everything that waits
 * @returns what was accepted, and the servers that could not be asked
 * @throws HoldpointError `denied`, also to admins of other tenants than `default`; `usage` when
 *   nothing of that name waits
 */
export async function acceptTools(
  runtime: StoreRuntime,
  identity: Identity,
  name: string | undefined,
): Promise<{ accepted: readonly WaitingTool[]; unreachable: Waiting["unreachable"] }> {
  const { ledger, mcp } = runtime;
  await assertMay(ledger, identity, "acceptTools");
  assertOperating(identity);
  if (!mcp) return { accepted: [], unreachable: [] };
  const { tools, unreachable } = await mcp.waiting();
  const accepted = tools.filter(({ actions }) => name === undefined || actions.includes(name));
  if (accepted.length === 0 && name !== undefined) {
    const names = tools.flatMap(({ actions }) => actions).join(", ");
    throw new HoldpointError("usage", `No action "${name}" waits to be accepted.`, {
      hint: names === "" ? "None does." : `There are: ${names}.`,
    });
  }
  if (accepted.length === 0) return { accepted, unreachable };
  const at = runtime.now();
  await ledger.transaction().execute(async (trx) => {
    await assertMay(trx, identity, "acceptTools");
    const data = { tools: accepted.map(({ server, tool, fingerprint }) => ({ server, tool, fingerprint })) };
    await appendAudit(trx, { ...identity, at, event: "tools.accepted", data });
    // Where it cannot be written, nothing is recorded.
    mcp.accept(accepted, { ...identity, at });
  });
  return { accepted, unreachable };
}
