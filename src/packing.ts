/** Text that is stored compressed where that is shorter. As text again, since what reads it expects text. */
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** No JSON begins like this. */
const PREFIX = "z1:";
/** Shorter texts are not made shorter. UTF-16 code units. */
export const MIN_PACKED = 400;

/** @param json a text that is JSON: any other one could look packed */
export function pack(json: string): string {
  if (json.length < MIN_PACKED) return json;
  const packed = PREFIX + deflateRawSync(json).toString("base64");
  return packed.length < json.length ? packed : json;
}

/** What was packed; a text that was not, as it is. @throws Error when it was altered */
export function unpack(text: string): string {
  if (!text.startsWith(PREFIX)) return text;
  return inflateRawSync(Buffer.from(text.slice(PREFIX.length), "base64")).toString("utf8");
}
