/** `actions check`: what is wrong with HTTP actions, in files. Nothing runs, and nothing is sent. */
import { resolve } from "node:path";
import { printable } from "../domain/printable.ts";
import { HoldpointError } from "../errors.ts";
import { assertMay } from "../ledger/members.ts";
import { readDefinitions } from "../tools/http/index.ts";
import { EXIT } from "./exit-status.ts";
import type { LocalSession } from "./session.ts";

const LEFT_OUT = "Files of other tenants were left out: name the file or the folder, or give --tenant, to check those.";

/**
 * Checks the files of the paths, or those that are configured, of which other tenants' are left out.
 * @returns 0 when all are whole, 2 when one cannot be used
 */
export async function checkActions(session: LocalSession, paths: readonly string[]): Promise<number> {
  const { surroundings, json } = session;
  const { runtime, identity, httpActions } = session.local;
  await assertMay(runtime.ledger, identity, "viewActions");
  const configured = httpActions === undefined ? [] : [httpActions];
  const named = paths.length > 0 ? paths.map((path) => resolve(path)) : configured;
  if (named.length === 0) {
    throw new HoldpointError("usage", "No HTTP actions are configured.", {
      hint: "Name a file, as in `actions check ticket.yaml`, or set HOLDPOINT_HTTP_ACTIONS.",
    });
  }
  const isOurs = ({ tenant }: { tenant: string | undefined }) =>
    paths.length > 0 || tenant === undefined || tenant === identity.tenant;
  const found = named.map(readDefinitions);
  const faults = found.flatMap((one) => one.faults.filter(isOurs)).map(({ where, message }) => ({ where, message }));
  const actions = found.flatMap((one) => one.loaded.filter(isOurs)).map(({ checked }) => checked.definition.name);
  const isLeftOut = found.some((one) => ![...one.loaded, ...one.faults].every(isOurs));
  const status = faults.length > 0 ? EXIT.usage : EXIT.done;
  const lines = faults.map(({ where, message }) => printable(`${where}: ${message}.`));
  const count = actions.length === 1 ? "1 action" : `${actions.length} actions`;
  const end =
    faults.length === 0
      ? `${count}, no faults.`
      : `${faults.length === 1 ? "1 fault" : `${faults.length} faults`}. See docs/http-actions.md.`;
  const leftOut = isLeftOut ? [LEFT_OUT] : [];
  const text = json
    ? JSON.stringify({ actions, faults, othersLeftOut: isLeftOut, exitStatus: status }, null, 2)
    : [...lines, end, ...leftOut].join("\n");
  surroundings.write(`${text}\n`);
  return status;
}
