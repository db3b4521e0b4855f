/** What is wrong with the references in a template, each at its place. */
import type { Json, JsonObject } from "../../domain/json.ts";
import { findReferences, INLINE_REFERENCE } from "../../domain/references.ts";
import type { Fault } from "../../policy/faults.ts";
import type { Definition } from "./definition.ts";

type Path = readonly PropertyKey[];

/** @returns what is wrong with the references in a template; `roots` are what it may refer to */
export function referenceFaults(
  { input }: Pick<Definition, "input">,
  { path, template, roots }: { path: Path; template: Json; roots: readonly string[] },
): Fault[] {
  if (typeof template === "object" && template !== null) {
    const { $ref } = template as JsonObject;
    if (Array.isArray(template) || $ref === undefined) {
      return Object.entries(template).flatMap(([key, item]) =>
        referenceFaults(
          { input },
          {
            path: [...path, Array.isArray(template) ? Number(key) : key],
            template: item,
            roots,
          },
        ),
      );
    }
    if (Object.keys(template).length > 1) return [{ path, message: "a $ref stands alone" }];
  }
  const rest = typeof template === "string" ? template.replaceAll(INLINE_REFERENCE, "") : "";
  const unread = rest.includes("${") ? [{ path, message: "expected references such as ${args.id}" }] : [];
  const wrong = findReferences(template).flatMap((reference): Fault[] => {
    const why = referenceFault(reference, roots, input);
    return why === undefined ? [] : [{ path, message: why }];
  });
  return [...unread, ...wrong];
}

const CALL = ["key", "effect", "tenant", "principal", "now"];

function referenceFault(reference: string, roots: readonly string[], input: JsonObject): string | undefined {
  const [root = "", key] = reference.split(".");
  if (!roots.includes(root)) return `"${reference}" cannot be referred to here; there are: ${roots.join(", ")}`;
  if (root === "call" && !CALL.includes(key ?? "")) return `there is no "${reference}"; there are: ${CALL.join(", ")}`;
  if (root === "secret" && !/^secret\.[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/.test(reference)) {
    return `"${reference}" names no secret; names are capitals, digits and single underscores`;
  }
  const { properties = {} } = input;
  const isKnown =
    root !== "args" || key === undefined || (typeof properties === "object" && Object.hasOwn(properties ?? {}, key));
  return isKnown ? undefined : `the input has no "${key}"`;
}
