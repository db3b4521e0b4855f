/**
 * What can be told of a condition before it is judged: a name that no fact has, a function that does not exist, a value
 * that a fact never takes, a pattern that is no literal, or a whole that is not true or false. Left in, such a rule would
 * deny everything, or never fire.
 */
import { z } from "zod";
import { compareWithNull, type Expression, environment, type Parsed } from "./cel.ts";
import { constantSchema, isDynamic, type Known, literalsIn, resultOf, textOf, unwrapped } from "./condition-schemas.ts";
import { linearPattern } from "./linear-pattern.ts";
import { RuleFactsSchema } from "./rule-facts.ts";

/** A condition that cannot be taken. `offset` is where, in characters from its beginning. */
export class ConditionFault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export type Scope = Readonly<Record<string, Known>>;

const FIELD = /^[A-Za-z_]\w*$/;
/** Of these the planner of the library takes care; they are no functions. */
const OPERATORS = /^(?:_.*_|@.*|[!-]_|_\?_:_|_\[_\])$/;

/**
 * Checks a parsed rule's condition, and marks its comparisons with `null`, in place.
 * @param actions the names that actions can have; undefined when those are not known
 * @throws ConditionFault
 */
export function checkCondition(parsed: Parsed, actions: readonly string[] | undefined): void {
  const { shape } = RuleFactsSchema;
  const name = actions && actions.length > 0 ? z.enum(actions as [string, ...string[]]) : undefined;
  const scope: Scope = name
    ? {
        ...shape,
        action: shape.action.extend({ name }),
        transaction: shape.transaction.extend({ actions: z.array(name) }),
      }
    : shape;
  checkExpression(parsed, scope);
}

/**
 * Checks a parsed condition against the names that it may use, and marks its comparisons with `null`, in place.
 * @param mostNested how many macros such as `all` may stand one within the other
 * @throws ConditionFault
 */
export function checkExpression(parsed: Parsed, scope: Scope, mostNested = Number.POSITIVE_INFINITY): void {
  if (!parsed.expr) throw new ConditionFault("it is empty", 0);
  const whole = new Check(parsed, mostNested).of(parsed.expr, scope);
  if (whole !== undefined && !(whole instanceof z.ZodBoolean)) {
    throw new ConditionFault("it is never true or false", 0);
  }
}

class Check {
  readonly #positions: Readonly<Record<string, number>>;

  /** How many macros such as `all` may stand one within the other: the work is their lists' lengths, multiplied. */
  readonly #mostNested: number;
  #nested = 0;

  constructor(parsed: Parsed, mostNested: number) {
    this.#positions = parsed.sourceInfo?.positions ?? {};
    this.#mostNested = mostNested;
  }

  /** What is known of the value of an expression. */
  of(expression: Expression, scope: Scope): Known {
    const { exprKind } = expression;
    switch (exprKind.case) {
      case "constExpr":
        return constantSchema(exprKind.value.constantKind.case);
      case "identExpr":
        return this.#name(exprKind.value.name, scope, expression);
      case "selectExpr":
        return this.#field(expression, exprKind.value, scope);
      case "callExpr":
        return this.#call(expression, exprKind.value, scope);
      case "listExpr":
        for (const element of exprKind.value.elements) this.of(element, scope);
        return z.array(z.unknown());
      case "structExpr":
        for (const { keyKind, value } of exprKind.value.entries) {
          if (keyKind.case === "mapKey") this.of(keyKind.value, scope);
          if (value) this.of(value, scope);
        }
        return z.object();
      case "comprehensionExpr":
        return this.#each(expression, exprKind.value, scope);
      default:
        return undefined;
    }
  }

  #fault(message: string, { id }: Expression): ConditionFault {
    return new ConditionFault(message, this.#positions[String(id)] ?? 0);
  }

  #name(name: string, scope: Scope, at: Expression): Known {
    if (Object.hasOwn(scope, name)) return scope[name];
    if (["int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type"].includes(name)) {
      return undefined; // to compare with type(…)
    }
    const names = Object.keys(scope).filter((known) => FIELD.test(known));
    throw this.#fault(`there is no fact "${name}"; there are ${names.join(", ")}`, at);
  }

  #field(at: Expression, { operand, field, testOnly }: SelectExpression, scope: Scope): Known {
    const owner = operand && this.of(operand, scope);
    const known = this.#memberOf(owner, field, at);
    return testOnly ? z.boolean() : known;
  }

  #memberOf(owner: Known, field: string, at: Expression): Known {
    if (owner === undefined || isDynamic(owner)) return undefined;
    const fields = owner instanceof z.ZodObject ? (owner.shape as Record<string, z.ZodType>) : {};
    if (Object.hasOwn(fields, field)) return unwrapped(fields[field]);
    const known = Object.keys(fields);
    const instead = known.length > 0 ? `; there are ${known.join(", ")}` : "";
    throw this.#fault(`there is no "${field}" in what stands before it${instead}`, at);
  }

  #call(at: Expression, call: CallExpression, scope: Scope): Known {
    compareWithNull(call);
    const { function: name, target } = call;
    if (!OPERATORS.test(name) && !environment.funcs.find(name)) {
      throw this.#fault(`there is no function "${name}", or it takes something else`, at);
    }
    if (target) this.of(target, scope);
    const known = call.args.map((arg) => this.of(arg, scope));
    if (name === "matches") this.#pattern(at, call);
    if (name === "_==_" || name === "_!=_" || name === "@in") this.#values(call, known);
    if (name === "_[_]") return this.#index(at, call, known[0]);
    return known.length > 0 || name === "size" ? resultOf(name) : undefined;
  }

  #index(at: Expression, { args: [, key] }: CallExpression, owner: Known): Known {
    if (owner instanceof z.ZodArray) return unwrapped(owner.element as z.ZodType);
    const field = key && textOf(key);
    return field === undefined ? undefined : this.#memberOf(owner, field, at);
  }

  /** A pattern that came from data could be hostile, and one that is bad is to be found here. */
  #pattern(at: Expression, { target, args }: CallExpression): void {
    const [pattern] = target ? args : args.slice(1);
    const literal = pattern && textOf(pattern);
    if (literal === undefined) throw this.#fault("the pattern of matches is to be written in quotes", at);
    try {
      linearPattern(literal);
    } catch (error) {
      throw this.#fault(`the pattern "${literal}" does not fit: ${(error as Error).message}`, at);
    }
  }

  /** A comparison of what has only so many values with a text that is none of them. */
  #values({ args }: CallExpression, known: readonly Known[]): void {
    for (const [index, schema] of known.entries()) {
      const element = schema instanceof z.ZodArray ? (schema.element as Known) : schema;
      if (!(element instanceof z.ZodEnum)) continue;
      const others = args.filter((_arg, position) => position !== index).flatMap(literalsIn);
      const wrong = others.find(([literal]) => !element.options.includes(literal));
      if (!wrong) continue;
      const [literal, at] = wrong;
      throw this.#fault(`"${literal}" is not possible there; possible are ${element.options.join(", ")}`, at);
    }
  }

  #each(at: Expression, each: ComprehensionExpression, scope: Scope): Known {
    const range = each.iterRange && this.of(each.iterRange, scope);
    const element = range instanceof z.ZodArray ? unwrapped(range.element as z.ZodType) : undefined;
    if (each.accuInit) this.of(each.accuInit, scope);
    const inner: Scope = {
      ...scope,
      [each.accuVar]: undefined,
      [each.iterVar]: element,
      ...(each.iterVar2 ? { [each.iterVar]: undefined, [each.iterVar2]: element } : {}),
    };
    this.#nested += 1;
    if (this.#nested > this.#mostNested) {
      throw this.#fault("all, exists, exists_one, map and filter cannot stand within each other in a step", at);
    }
    for (const part of [each.loopCondition, each.loopStep, each.result]) if (part) this.of(part, inner);
    this.#nested -= 1;
    return undefined;
  }
}

type Kind = Expression["exprKind"];
type SelectExpression = Extract<Kind, { case: "selectExpr" }>["value"];
type CallExpression = Extract<Kind, { case: "callExpr" }>["value"];
type ComprehensionExpression = Extract<Kind, { case: "comprehensionExpr" }>["value"];
