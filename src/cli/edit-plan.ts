/** A plan as YAML in the person's own editor. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCancel, select } from "@clack/prompts";
import { parseDocument, stringify } from "yaml";
import type { JsonObject } from "../domain/json.ts";
import { JsonObjectSchema } from "../domain/json.ts";
import { PlanArgsSchema } from "../domain/plan-proposal.ts";
import { HoldpointError } from "../errors.ts";

const HEAD = `# The plan as it would be carried out. Change, add, remove or reorder steps, save, and close the editor.
# A step: id, title, action, args, dependsOn; and where it is needed when, success, onFailure, notBefore, timeoutMs.
# Steps that are done have to stay as they are. An empty file leaves the plan as it was.
`;

/** Where an editor is looked for, in this order; the same as git does, its own settings aside. */
const editorOf = ({ VISUAL, EDITOR }: NodeJS.ProcessEnv): string => VISUAL || EDITOR || "vi";

/** What a person made of a plan before, and why it was not taken. */
export interface RefusedPlan {
  readonly plan: JsonObject;
  readonly problems: readonly string[];
}

/**
 * Lets a person change a plan in their editor, until it can be read or they give up.
 * @param refused they go on with this one
 * @returns the plan's arguments, or undefined when they gave up or left the file empty
 * @throws HoldpointError `usage` when there is no editor
 */
export async function editPlan(
  plan: JsonObject,
  prompting: { readonly signal?: AbortSignal },
  refused?: RefusedPlan,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<JsonObject | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-plan-"));
  const file = join(folder, "plan.yaml");
  const before = refused && withProblems(refused.problems.join("\n"), asYaml(refused.plan));
  let text = before ?? HEAD + asYaml(plan);
  try {
    for (;;) {
      writeFileSync(file, text, { mode: 0o600 });
      await openEditor(editorOf(environment), file);
      text = readFileSync(file, "utf8");
      const read = readPlanYaml(text);
      if (read === null) return undefined;
      if (typeof read !== "string") return read;
      if (!(await wantsToMend(read, prompting))) return undefined;
      text = withProblems(read, withoutComments(text));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the plan; null of an empty file; or what does not fit, with the line */
export function readPlanYaml(text: string): JsonObject | string | null {
  const document = parseDocument(text, { prettyErrors: true, schema: "core", uniqueKeys: true });
  const [error] = document.errors;
  if (error) return `This is no YAML: ${error.message.split("\n")[0]}`;
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    return "This is no YAML for a plan: aliases (*name) cannot be used.";
  }
  if (value === null || value === undefined) return null;
  const json = JsonObjectSchema.safeParse(value);
  if (!json.success) return "A plan is a mapping with goal and steps.";
  const parsed = PlanArgsSchema.safeParse(value);
  if (parsed.success) return json.data;
  return parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.length > 0 ? path.join(".") : "the plan"}: ${message}`)
    .join("\n");
}

const asYaml = (plan: JsonObject): string => stringify(plan, { lineWidth: 110 });

const withProblems = (problems: string, plan: string): string =>
  `${HEAD}${problems.replaceAll(/^/gm, "# PROBLEM: ")}\n${plan}`;

const withoutComments = (text: string): string => text.replaceAll(/^#.*\n?/gm, "");

async function wantsToMend(problem: string, prompting: { readonly signal?: AbortSignal }): Promise<boolean> {
  const choice = await select({
    ...prompting,
    message: `The plan cannot be read. ${problem}`,
    options: [
      { value: "again", label: "Open the editor again" },
      { value: "leave", label: "Leave the plan as it was" },
    ],
  });
  return !isCancel(choice) && choice === "again";
}

/** By a shell, since an editor may be set with its options, such as `code --wait`; the file's name is not part of the command. */
async function openEditor(editor: string, file: string): Promise<void> {
  const child = spawn(`${editor} "$HOLDPOINT_PLAN"`, {
    shell: true,
    stdio: "inherit",
    env: { ...process.env, HOLDPOINT_PLAN: file },
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (status === 0) return;
  throw new HoldpointError("usage", `The editor "${editor}" ended with status ${status}.`, {
    hint: "Set VISUAL or EDITOR to an editor that waits until the file is closed; or give --decisions.",
  });
}
