/** What an approval of an action rests on besides its version, which somebody may have forgotten to count up. */
import { z } from "zod";
import { digestOf } from "../domain/json.ts";
import type { AnyWrite } from "./action.ts";

/**
 * The digest of what an action takes, whether it can be undone, whether its receiver knows a repeat, and what it does
 * where that is written down. Equal
 * definitions give equal fingerprints, in every process.
 */
export function fingerprintOf(action: AnyWrite): string {
  const { reversibility, idempotent = false, definition } = action;
  return digestOf({
    input: inputOf(action.input),
    reversibility,
    idempotent,
    ...(definition === undefined ? {} : { definition }),
  });
}

/** What is written of a schema, which never changes. */
const made = new WeakMap<z.ZodType, unknown>();

function inputOf(schema: z.ZodType): unknown {
  const known = made.get(schema);
  if (known) return known;
  const input = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    // A default may be made anew each time (an id, the time now), and would make every approval stale. What it filled
    // in is among the proposed arguments, to which the approval is bound.
    override: ({ jsonSchema }) => void delete jsonSchema.default,
  });
  // Zod's own object carries a validator besides, which is no JSON.
  const plain: unknown = JSON.parse(JSON.stringify(input));
  made.set(schema, plain);
  return plain;
}
