/** Which arguments a schema knows. Zod drops those that it does not know without a word; here they are faults. */
import type { z } from "zod";
import type { Json } from "../../domain/json.ts";
import { jsonSchemaOf } from "../../domain/json-schema.ts";

interface Keys {
  readonly names: ReadonlySet<string>;
  /** Others may stand beside them. */
  readonly isOpen: boolean;
}

interface Node {
  readonly type?: unknown;
  readonly properties?: Record<string, Node>;
  readonly additionalProperties?: unknown;
  readonly items?: Node;
  readonly anyOf?: Node[];
  readonly oneOf?: Node[];
  readonly allOf?: Node[];
}

export interface SchemaKeys extends Keys {
  /** The first place, such as `lines.0.colour`, that the schema would drop; undefined when there is none. */
  findDropped(args: Json): string | undefined;
}

export function schemaKeys(schema: z.ZodType): SchemaKeys {
  const node = nodeOf(schema);
  return { ...keysOf(node), findDropped: (args) => findDropped(node, args, []) };
}

function nodeOf(schema: z.ZodType): Node {
  try {
    return jsonSchemaOf(schema, "input") as Node;
  } catch {
    // It cannot be written as JSON Schema: then it alone says what fits.
    return {};
  }
}

function keysOf({ properties, additionalProperties, anyOf, oneOf, allOf }: Node): Keys {
  const branches = [...(anyOf ?? []), ...(oneOf ?? []), ...(allOf ?? [])].map(keysOf);
  const own = Object.keys(properties ?? {});
  const names = new Set([...own, ...branches.flatMap((branch) => [...branch.names])]);
  const isListed = properties !== undefined || branches.length > 0;
  const isOpen = (additionalProperties ?? false) !== false || branches.some((branch) => branch.isOpen);
  return { names, isOpen: !isListed || isOpen };
}

function findDropped(node: Node, value: Json, path: readonly string[]): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value))
    return (
      node.items &&
      firstDropped(
        value.map((item, index) => [String(index), node.items, item]),
        path,
      )
    );
  const { names, isOpen } = keysOf(node);
  const unknown = isOpen ? undefined : Object.keys(value).find((key) => !names.has(key));
  if (unknown !== undefined) return [...path, unknown].join(".");
  return firstDropped(
    Object.entries(value).map(([key, item]) => [key, own(node.properties, key), item]),
    path,
  );
}

function firstDropped(
  parts: readonly (readonly [key: string, node: Node | undefined, value: Json])[],
  path: readonly string[],
): string | undefined {
  for (const [key, node, value] of parts) {
    const found = node && findDropped(node, value, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

const own = (properties: Node["properties"], key: string): Node | undefined =>
  properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
