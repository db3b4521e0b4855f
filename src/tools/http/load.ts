/** Definitions from where they are written: a file, or a folder with files for all tenants and folders of single ones. */
import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { HoldpointError } from "../../errors.ts";
import { readYaml } from "../../policy/yaml-file.ts";
import { type Checked, checkDefinition } from "./check.ts";

const DOCUMENT = "docs/http-actions.md";

/** One definition, and whose it is: absent for every tenant's. */
export interface Loaded {
  readonly path: string;
  readonly tenant: string | undefined;
  readonly checked: Checked;
}

/** Something wrong; `where` is a place in a file, such as "rename.yaml:3:5". */
interface DefinitionFault {
  readonly where: string;
  /** Whose it is; absent for every tenant's. */
  readonly tenant: string | undefined;
  readonly message: string;
}

export interface Found {
  readonly loaded: readonly Loaded[];
  readonly faults: readonly DefinitionFault[];
}

/**
 * All that can be used, and all that is wrong.
 * @param path a YAML file, which every tenant has; or a folder: files in it are every tenant's, and those in a folder of
 * it are the tenant's of that name
 * @throws HoldpointError `usage` when the path does not exist, or holds no file
 */
export function readDefinitions(path: string): Found {
  const files = filesOf(path);
  if (files.length === 0) {
    throw new HoldpointError("usage", `The folder ${path} has no .yaml file.`, { hint: `See ${DOCUMENT}.` });
  }
  const found = files.map(fromFile);
  const loaded = found.flatMap((one) => one.loaded);
  return { loaded, faults: [...found.flatMap((one) => one.faults), ...twice(loaded)] };
}

/** @throws HoldpointError `usage` that says where and what each fault is */
export function loadDefinitions(path: string): readonly Loaded[] {
  const { loaded, faults } = readDefinitions(path);
  if (faults.length === 0) return loaded;
  const told = faults.map(({ where, message }) => `${where}: ${message}.`);
  throw new HoldpointError("usage", told.join(" "), { hint: `See ${DOCUMENT}.` });
}

interface File {
  readonly path: string;
  readonly tenant: string | undefined;
}

function filesOf(path: string): File[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [{ path, tenant: undefined }];
  const entries = entriesOf(path);
  const shared = yamlIn(path, entries).map((file) => ({ path: file, tenant: undefined }));
  const own = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .flatMap(({ name }) =>
      yamlIn(join(path, name), entriesOf(join(path, name))).map((file) => ({ path: file, tenant: name })),
    );
  return [...shared, ...own];
}

const entriesOf = (path: string): Dirent[] =>
  readdirSync(path, { withFileTypes: true }).toSorted((one, other) => (one.name < other.name ? -1 : 1));

const yamlIn = (folder: string, entries: readonly Dirent[]): string[] =>
  entries.filter((entry) => !entry.isDirectory() && /\.ya?ml$/.test(entry.name)).map(({ name }) => join(folder, name));

function fromFile({ path, tenant }: File): Found {
  if (tenant !== undefined && !/^[A-Za-z0-9._-]{1,100}$/.test(tenant)) {
    const message = "the folder has no name of a tenant: letters, digits, dots, dashes and underscores";
    return { loaded: [], faults: [{ where: path, tenant, message }] };
  }
  try {
    const file = readYaml(path, DOCUMENT);
    const checked = checkDefinition(file.content);
    if (!Array.isArray(checked)) return { loaded: [{ path, tenant, checked: checked as Checked }], faults: [] };
    const inOrder = checked
      .map((fault) => ({ ...fault, ...file.placeOf(fault) }))
      .toSorted((one, other) => one.line - other.line || one.column - other.column);
    const faults = inOrder.map(({ line, column, ...fault }) => {
      const field = fault.path.length === 0 ? "" : `${fault.path.join(".")}: `;
      return { where: `${path}:${line}:${column}`, tenant, message: `${field}${fault.message}` };
    });
    return { loaded: [], faults };
  } catch (error) {
    if (!(error instanceof HoldpointError)) throw error;
    return { loaded: [], faults: [{ where: path, tenant, message: error.message.replace(/\.$/, "") }] };
  }
}

/** Two of one name, where a tenant would have both. */
function twice(loaded: readonly Loaded[]): DefinitionFault[] {
  return loaded.flatMap(({ path, tenant, checked: { definition } }, index) => {
    const isMet = (other: Loaded) => other.tenant === undefined || tenant === undefined || other.tenant === tenant;
    const earlier = loaded
      .slice(0, index)
      .find((other) => other.checked.definition.name === definition.name && isMet(other));
    return earlier ? [{ where: path, tenant, message: `${earlier.path} has an action "${definition.name}", too` }] : [];
  });
}
