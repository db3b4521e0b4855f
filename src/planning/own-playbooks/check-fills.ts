/** Tries the steps of a playbook with values at the limits of its parameters: every plan that it can give must be one. */
import type { JsonObject } from "../../domain/json.ts";
import type { Plan, Step } from "../../domain/plan.ts";
import type { Fault } from "../../policy/faults.ts";
import { argumentIssues } from "../check-arguments.ts";
import { checkPlan, type FindAction } from "../check-plan.ts";
import { type Fillable, fillSteps } from "./fill.ts";
import { samplesOf, sampleValues } from "./samples.ts";

/** Findings that are told with their place here. */
const TOLD_HERE = ["plan-arguments", "plan-unknown-action"];

/** @returns faults whose paths begin at the playbook, each once */
export function fillFaults(playbook: Fillable, findAction: FindAction, actions: readonly string[]): Fault[] {
  const unknown = playbook.steps.flatMap(({ action }, index): Fault[] => {
    if (findAction(action)) return [];
    return [
      { path: ["steps", index, "action"], message: `there is no action "${action}"; there are ${actions.join(", ")}` },
    ];
  });
  const untried = Object.entries(playbook.parameters).filter(([, parameter]) => samplesOf(parameter).length === 0);
  if (untried.length > 0) {
    return untried.map(([name]) => {
      return { path: ["parameters", name], message: "it needs an example, which the check tries", isName: true };
    });
  }
  const faults = new Map<string, Fault>();
  for (const { values, varied } of sampleValues(playbook.parameters)) {
    for (const fault of faultsWith(playbook, values, { findAction, varied })) {
      const key = fault.path.join("\u0000");
      if (!faults.has(key)) faults.set(key, fault);
    }
  }
  return [...unknown, ...faults.values()];
}

interface Trial {
  readonly findAction: FindAction;
  readonly varied: string | undefined;
}

function faultsWith(playbook: Fillable, values: JsonObject, { findAction, varied }: Trial): Fault[] {
  const filled = fillSteps(playbook, values);
  const because = varied === undefined ? "" : ` (with {${varied}} ${describe(values[varied] ?? null)})`;
  if ("faults" in filled) {
    return filled.faults.map(({ path, message }) => ({ path, message: `${message}${because}` }));
  }
  const { steps, origins } = filled;
  const plan: Plan = { goal: "", source: { kind: "playbook", name: playbook.name }, steps };
  const ofArguments = steps.flatMap((step) => {
    const path = ["steps", origins.get(step.id) ?? 0, "args"];
    return argumentFaults(step, findAction).map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
  });
  const others = checkPlan(plan, findAction)
    .filter(({ rule }) => !TOLD_HERE.includes(rule))
    .map(({ step = "", reason }): Fault => ({ path: ["steps", origins.get(step) ?? 0], message: plain(reason) }));
  return [...ofArguments, ...others].map((fault) => ({ ...fault, message: `${fault.message}${because}` }));
}

function argumentFaults(step: Step, findAction: FindAction): Fault[] {
  const action = findAction(step.action);
  return (action ? argumentIssues(step, action) : []).flatMap((issue): Fault[] => {
    const { path, message } = issue;
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => {
        return {
          path: [...path, key],
          message: `${step.action} does not take "${[...path, key].join(".")}"`,
          isName: true,
        };
      });
    }
    const name = path.length === 0 ? "the arguments" : `"${path.join(".")}"`;
    return [{ path, message: `${step.action} does not take ${name} so: ${plain(message)}` }];
  });
}

const describe = (value: unknown): string => {
  const text = value === null ? "left out" : JSON.stringify(value);
  return text.length > 60 ? `of ${text.length - 2} characters` : text;
};

/** Without the full stop that whoever tells it puts there. */
const plain = (text: string): string => text.replace(/\.$/, "");
