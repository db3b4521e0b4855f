/** `playbooks`: what there is, whether it is whole, and which of them takes a request. Nothing runs. */
import { resolve } from "node:path";
import type { Plan } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import { HoldpointError } from "../errors.ts";
import { assertMay } from "../ledger/members.ts";
import { wordingFaults } from "../planning/own-playbooks/check-wordings.ts";
import { type PlaybookFault, readPlaybooks } from "../planning/own-playbooks/load.ts";
import { playbookActions } from "../runtime.ts";
import { EXIT } from "./exit-status.ts";
import type { LocalSession, Session } from "./session.ts";
import { dim, table } from "./text.ts";

export async function listPlaybooks(session: Session): Promise<number> {
  const { backend, surroundings, json } = session;
  const playbooks = await backend.playbooks();
  const rows = playbooks.map(({ name, title, parameters, examples, from }) => [
    ...[name, title, parameters.join(", ")],
    examples[0] ?? "(only a model can choose it)",
    from,
  ]);
  const text = json
    ? JSON.stringify({ playbooks }, null, 2)
    : table(["name", "title", "parameters", "example", "from"], rows);
  surroundings.write(`${text}\n`);
  return EXIT.done;
}

/**
 * Checks the playbooks of the paths, or those that are configured.
 * @returns 0 when all are whole, 2 when one cannot be used, 5 when a wording does not do what it is for
 */
export async function checkPlaybooks(session: LocalSession, paths: readonly string[]): Promise<number> {
  const { surroundings, json } = session;
  const { runtime, identity, playbooks: configured } = session.local;
  await assertMay(runtime.ledger, identity, "viewPlaybooks");
  const sources = paths.length > 0 ? paths.map((path) => resolve(path)) : configured;
  if (sources.length === 0) {
    throw new HoldpointError("usage", "No playbooks are configured.", {
      hint: "Name a file, as in `playbooks check playbooks.yaml`, or set HOLDPOINT_PLAYBOOKS.",
    });
  }
  const { playbooks, faults } = readPlaybooks(sources, playbookActions(runtime.registry.shared));
  const untaken = faults.length > 0 ? [] : wordingFaults(playbooks);
  const status = faults.length > 0 ? EXIT.usage : untaken.length > 0 ? EXIT.failed : EXIT.done;
  const all = [...faults, ...untaken];
  const names = playbooks.map(({ name }) => name);
  const text = json
    ? JSON.stringify({ playbooks: names, faults: all, exitStatus: status }, null, 2)
    : renderCheck(names.length, all);
  surroundings.write(`${text}\n`);
  return status;
}

function renderCheck(count: number, faults: readonly PlaybookFault[]): string {
  const lines = faults.map(({ where, message }) => printable(`${where}: ${message}.`));
  const found = count === 1 ? "1 playbook" : `${count} playbooks`;
  return [
    ...lines,
    faults.length === 0
      ? `${found}, no faults.`
      : `${faults.length === 1 ? "1 fault" : `${faults.length} faults`}. See docs/playbooks.md.`,
  ].join("\n");
}

/** @returns 0 when a playbook takes the request, else 4 */
export async function matchPlaybook(session: Session, request: string): Promise<number> {
  const { backend, surroundings, json } = session;
  const found = await backend.matchRequest(request);
  const status = found.kind === "plan" ? EXIT.done : EXIT.notDone;
  const text =
    found.kind === "plan" ? `The playbook "${found.playbook}" takes it:\n${renderSteps(found.plan)}` : found.problem;
  surroundings.write(`${json ? JSON.stringify({ ...found, exitStatus: status }, null, 2) : text}\n`);
  return status;
}

function renderSteps({ steps }: Plan): string {
  return steps
    .map(({ id, title, action, args, dependsOn, notBefore, when }, index) => {
      const more = [
        `${id}: ${action} ${JSON.stringify(args)}`,
        ...(dependsOn.length > 0 ? [`after ${dependsOn.join(", ")}`] : []),
        ...(when === undefined ? [] : [`when ${when}`]),
        ...(notBefore === undefined ? [] : [`not before ${notBefore}`]),
      ];
      return `  ${index + 1}. ${printable(title)}\n     ${dim(printable(more.join(", ")))}`;
    })
    .join("\n");
}
