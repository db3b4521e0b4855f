/** From what somebody wrote to playbooks that can be matched and filled, or to everything that is wrong with it. */
import { z } from "zod";
import { ConditionFault } from "../../policy/condition-check.ts";
import { type Fault, faultsOf } from "../../policy/faults.ts";
import type { FindAction } from "../check-plan.ts";
import { FormFault } from "../playbooks/form.ts";
import { fillFaults } from "./check-fills.ts";
import { parameterFaults } from "./check-parameters.ts";
import { checkSteps } from "./check-steps.ts";
import { type Declaration, PlaybookSchema } from "./declaration.ts";
import type { Fillable } from "./fill.ts";
import { readWording, type Wording } from "./wordings.ts";

export interface OwnPlaybook extends Fillable {
  readonly wordings: readonly Wording[];
  /** Where it was written, or a part of it, such as "playbooks.yaml:2:5". */
  whereIs(path: readonly PropertyKey[]): string;
}

/** The actions that there are. */
export interface Actions {
  find: FindAction;
  readonly names: readonly string[];
}

export interface Compiled {
  /** Those without faults. */
  readonly playbooks: readonly OwnPlaybook[];
  /** Paths begin at the list. */
  readonly faults: readonly Fault[];
}

/**
 * @param source a list of playbooks
 * @param whereIs what a place in the list is called
 */
export function compilePlaybooks(
  source: unknown,
  actions: Actions,
  whereIs: (path: readonly PropertyKey[]) => string,
): Compiled {
  const list = z.array(z.unknown(), "expected a list of playbooks").safeParse(source);
  if (!list.success) return { playbooks: [], faults: faultsOf(list.error, source) };
  const playbooks: OwnPlaybook[] = [];
  const faults = list.data.flatMap((one, index): Fault[] => {
    const compiled = compileOne(one, actions);
    if (!("faults" in compiled)) playbooks.push({ ...compiled, whereIs: (path) => whereIs([index, ...path]) });
    return "faults" in compiled ? compiled.faults.map((fault) => ({ ...fault, path: [index, ...fault.path] })) : [];
  });
  return { playbooks, faults };
}

/** Steps are tried with values only where they and the parameters make sense. */
function compileOne(source: unknown, actions: Actions): Omit<OwnPlaybook, "whereIs"> | { faults: Fault[] } {
  const parsed = PlaybookSchema.safeParse(source);
  if (!parsed.success) return { faults: faultsOf(parsed.error, source) };
  const declaration = parsed.data;
  const { wordings, faults } = readWordings(declaration);
  faults.push(...parameterFaults(declaration.parameters));
  if (faults.some(({ path }) => path[0] === "parameters")) return { faults };
  const checked = checkSteps(declaration);
  faults.push(...checked.faults);
  const playbook = { ...declaration, wordings, conditions: checked.conditions };
  if (checked.faults.length === 0) faults.push(...fillFaults(playbook, actions.find, actions.names));
  return faults.length > 0 ? { faults } : playbook;
}

function readWordings({ match, parameters }: Declaration): { wordings: Wording[]; faults: Fault[] } {
  const faults: Fault[] = [];
  const read = (kind: Wording["kind"], texts: readonly string[]) =>
    texts.flatMap((text, index): Wording[] => {
      try {
        return [readWording(kind, text, parameters)];
      } catch (error) {
        if (!(error instanceof FormFault || error instanceof ConditionFault)) throw error;
        faults.push({ path: ["match", `${kind}s`, index], message: error.message, offset: error.offset });
        return [];
      }
    });
  return { wordings: [...read("example", match.examples), ...read("pattern", match.patterns)], faults };
}
