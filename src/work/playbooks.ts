/** Which predefined plans there are, and which of them takes a request. Nothing runs. */
import type { Identity } from "../domain/run.ts";
import { assertMay } from "../ledger/members.ts";
import type { PlaybookResult } from "../planning/playbooks/match.ts";
import { storePlaybooks } from "../planning/playbooks/store.ts";
import type { StoreRuntime } from "../runtime.ts";

/** A playbook, as it is listed. */
export interface ListedPlaybook {
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly parameters: readonly string[];
  /** Requests that it takes. */
  readonly examples: readonly string[];
  /** Where it comes from, for people. */
  readonly from: string;
}

/** Those of one's own first. @throws HoldpointError `denied` */
export async function listPlaybooks(runtime: StoreRuntime, identity: Identity): Promise<ListedPlaybook[]> {
  await assertMay(runtime.ledger, identity, "viewPlaybooks");
  const own = runtime.playbooks.list.map(({ name, title, description, parameters, match, whereIs }) => ({
    ...{ name, title, description, parameters: Object.keys(parameters) },
    examples: [...match.examples, ...match.patterns],
    from: whereIs(["name"]),
  }));
  const given = [...storePlaybooks.map((one) => ({ ...one, from: "the example store" })), ...runtime.packPlaybooks].map(
    ({ name, title, examples, from }) => {
      return { name, title, description: undefined, parameters: [], examples: [...examples], from };
    },
  );
  return [...own, ...given];
}

/** The plan for a request, by the playbook that takes it, or why none does. @throws HoldpointError `denied` */
export async function matchRequest(
  runtime: StoreRuntime,
  identity: Identity,
  request: string,
): Promise<PlaybookResult> {
  await assertMay(runtime.ledger, identity, "viewPlaybooks");
  const none = { kind: "not_understood" as const, problem: "HOLDPOINT_PLANNING is model: no playbook is matched." };
  return runtime.matchRequest?.(request) ?? none;
}
