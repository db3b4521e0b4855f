/** What is known of a call of somebody else's tool, as people see it. */
import type { Json, JsonObject } from "../../domain/json.ts";
import type { Row } from "../../domain/proposal.ts";

/** Fields of rows are plain values; others are shown as JSON. */
export const rowOf = (object: JsonObject): Row =>
  Object.fromEntries(
    Object.entries(object).map(([key, value]: [string, Json]) => [
      key,
      typeof value === "object" && value !== null ? JSON.stringify(value) : value,
    ]),
  );
