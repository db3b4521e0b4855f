/** What is wrong with a declaration (a rule, a case), and where: a path in its list, and an offset inside a text. */
import type { z } from "zod";

export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** In characters from the beginning of the text at the path. */
  readonly offset?: number;
  /** It is the name of the field that is wrong, not its value. */
  readonly isName?: boolean;
}

/** The faults that a schema found; an unknown field is a fault of its own, at its place. */
export function faultsOf(error: z.ZodError, source: unknown): Fault[] {
  return error.issues.flatMap((issue): Fault[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: [...issue.path, key],
        message: `there is no field "${key}"`,
        isName: true,
      }));
    }
    if (issue.code === "invalid_key") {
      return [{ path: issue.path, message: issue.issues[0]?.message ?? issue.message, isName: true }];
    }
    const value = valueAt(source, issue.path);
    const message = value === undefined ? issue.message : `${issue.message}; it is ${shown(value)}`;
    return [{ path: issue.path, message }];
  });
}

/** One sentence for a fault in code, such as `policy.rules[0].when ("no-sales"): there is no fact "x".` */
export function describeFault(fault: Fault, where: string): string {
  return `${describePlace(fault, where)}: ${fault.message}.`;
}

/** Where a fault in code is, such as `policy.rules[0].when at character 7`. */
export function describePlace({ path, offset }: Pick<Fault, "path" | "offset">, where: string): string {
  const place = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return `${where}${place}${offset === undefined ? "" : ` at character ${offset + 1}`}`;
}

function valueAt(source: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    source,
  );
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
