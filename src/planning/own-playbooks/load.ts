/** Playbooks of one's own from where they are written: YAML files, folders of such files, and programs. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { HoldpointError } from "../../errors.ts";
import { describePlace, type Fault, faultsOf } from "../../policy/faults.ts";
import { readYaml, type YamlFile } from "../../policy/yaml-file.ts";
import { type Actions, compilePlaybooks, type OwnPlaybook } from "./compile.ts";
import type { PlaybookInput } from "./declaration.ts";

/** The path of a YAML file or of a folder with such files, or a playbook as a program writes it. */
export type PlaybookSource = string | PlaybookInput;

const DOCUMENT = "docs/playbooks.md";
const FileSchema = z.strictObject(
  { playbooks: z.array(z.unknown()) },
  "expected `playbooks:` with a list of playbooks",
);

/** Something wrong; `where` is a place in a file, such as "playbooks.yaml:3:5", or in a program's list. */
export interface PlaybookFault {
  readonly where: string;
  readonly message: string;
}

export interface Loaded {
  readonly playbooks: readonly OwnPlaybook[];
  readonly faults: readonly PlaybookFault[];
}

/**
 * All that can be used, and all that is wrong.
 * @throws HoldpointError `usage` when a file cannot be read or is no YAML
 */
export function readPlaybooks(sources: readonly PlaybookSource[], actions: Actions): Loaded {
  const written = sources.filter((source) => typeof source !== "string");
  const parts = [
    ...sources
      .filter((source) => typeof source === "string")
      .flatMap(filesOf)
      .map((path) => fromFile(path, actions)),
    fromProgram(written, actions),
  ];
  const playbooks = parts.flatMap((part) => part.playbooks);
  const twice = playbooks.flatMap(({ name, whereIs }, index): PlaybookFault[] => {
    const earlier = playbooks.findIndex((other) => other.name === name);
    if (earlier === index) return [];
    const message = `another playbook is called "${name}" (${playbooks[earlier]?.whereIs(["name"])})`;
    return [{ where: whereIs(["name"]), message }];
  });
  return { playbooks, faults: [...parts.flatMap((part) => part.faults), ...twice] };
}

/**
 * The playbooks of all sources.
 * @throws HoldpointError `usage` that says where and what each fault is
 */
export function loadPlaybooks(sources: readonly PlaybookSource[], actions: Actions): readonly OwnPlaybook[] {
  const { playbooks, faults } = readPlaybooks(sources, actions);
  if (faults.length === 0) return playbooks;
  const told = faults.map(({ where, message }) => `${where}: ${message}.`);
  throw new HoldpointError("usage", told.join(" "), { hint: `See ${DOCUMENT}.` });
}

/** @throws HoldpointError `usage` for a folder without YAML files */
function filesOf(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name));
  if (names.length > 0) return names.sort().map((name) => join(path, name));
  throw new HoldpointError("usage", `The folder ${path} has no .yaml file.`, { hint: `See ${DOCUMENT}.` });
}

function fromFile(path: string, actions: Actions): Loaded {
  const file = readYaml(path, DOCUMENT);
  const parsed = FileSchema.safeParse(file.content);
  if (!parsed.success) return { playbooks: [], faults: placed(file, path, faultsOf(parsed.error, file.content)) };
  const within = (fault: Fault): Fault => ({ ...fault, path: ["playbooks", ...fault.path] });
  const whereIs = (place: readonly PropertyKey[]) => whereOf(file, path, within({ path: place, message: "" }));
  const { playbooks, faults } = compilePlaybooks(parsed.data.playbooks, actions, whereIs);
  return { playbooks, faults: placed(file, path, faults.map(within)) };
}

const placed = (file: YamlFile, path: string, faults: readonly Fault[]): PlaybookFault[] =>
  faults.map((fault) => ({ where: whereOf(file, path, fault), message: fault.message }));

function whereOf(file: YamlFile, path: string, fault: Fault): string {
  const { line, column } = file.placeOf(fault);
  return `${path}:${line}:${column}`;
}

function fromProgram(written: readonly PlaybookInput[], actions: Actions): Loaded {
  const whereIs = (path: readonly PropertyKey[]) => describePlace({ path }, "playbooks");
  const { playbooks, faults } = compilePlaybooks(written, actions, whereIs);
  return {
    playbooks,
    faults: faults.map((fault) => ({ where: describePlace(fault, "playbooks"), message: fault.message })),
  };
}
