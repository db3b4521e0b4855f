/** The actions that a program may call, under the names that it calls them by. */
import { jsonSchemaOf } from "../domain/json-schema.ts";
import type { DeclaredFunction } from "../sandbox/declarations.ts";
import type { Action } from "../tools/action.ts";
import { argsJsonSchema } from "../tools/args.ts";
import type { Registry } from "../tools/registry.ts";

/**
 * Every action but those that ask a model, which belong into a plan of steps. What is no letter, digit or underscore in a
 * name is an underscore; two that would then be called the same are told apart by a number.
 */
export function programFunctions({ actions }: Registry): Map<string, Action> {
  const functions = new Map<string, Action>();
  for (const action of actions) {
    if (action.kind === "read" && action.authored) continue;
    const base = functionName(action.name);
    let name = base;
    for (let n = 2; functions.has(name); n++) name = `${base}_${n}`;
    functions.set(name, action);
  }
  return functions;
}

/** Words that JavaScript keeps for itself, and what is there already. */
const TAKEN =
  /^(?:await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|eval|export|extends|false|finally|for|function|if|implements|import|in|instanceof|interface|let|new|null|package|private|protected|public|return|static|super|switch|this|throw|true|try|typeof|undefined|var|void|while|with|yield|arguments|async|console|globalThis|Infinity|NaN|[A-Z]\w*)$/;

function functionName(action: string): string {
  const name = action.replaceAll(/\W/g, "_");
  return TAKEN.test(name) ? `${name}_` : name;
}

/** What a program is told of them. */
export const declared = (functions: ReadonlyMap<string, Action>): DeclaredFunction[] =>
  [...functions].map(([name, action]) => ({
    name,
    kind: action.kind,
    description: action.description,
    input: argsJsonSchema(action),
    output: jsonSchemaOf(action.output, "output"),
  }));
