/** Data inside a prompt. */

/**
 * Untrusted data as a block that it cannot leave: JSON, with every `<` written as an escape, so that no text in it can
 * close the tag.
 * @param tag a word of ours, never of the data
 */
export function dataBlock(tag: string, data: unknown): string {
  return `<${tag}>\n${JSON.stringify(data, null, 1).replaceAll("<", "\\u003c")}\n</${tag}>`;
}
