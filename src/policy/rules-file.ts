/** Rules from a YAML file: `rules:` with a list of them, in the form of {@link RuleSchema}. */
import { z } from "zod";
import { faultsOf } from "./faults.ts";
import { checkRules, type Rule } from "./rules.ts";
import { readYaml } from "./yaml-file.ts";

const FileSchema = z.strictObject({ rules: z.array(z.unknown()) }, "expected `rules:` with a list of rules");

/**
 * @param actions the names of the actions that write; undefined when they are not known
 * @throws HoldpointError `usage` that names file, line and column of each fault
 */
export function loadRulesFile(path: string, actions: readonly string[] | undefined): Rule[] {
  const file = readYaml(path);
  const parsed = FileSchema.safeParse(file.content);
  if (!parsed.success) throw file.error(faultsOf(parsed.error, file.content));
  const { rules, faults } = checkRules(parsed.data.rules, actions);
  if (faults.length > 0) throw file.error(faults.map((fault) => ({ ...fault, path: ["rules", ...fault.path] })));
  return rules;
}
