/** Data inside a prompt. */

/**
 * Untrusted data as a block that it cannot leave: JSON, with every `<` written as an escape, so that no text in it can
 * close the tag.
 * @param tag a word of ours, never of the data
 */
export function dataBlock(tag: string, data: unknown): string {
  return `<${tag}>\n${JSON.stringify(data).replaceAll("<", "\\u003c")}\n</${tag}>`;
}

/** Whether a text holds a mark, such as `[mail 1]`, that stands for what is not shown. */
export const holdsMark = (text: string): boolean => /\[[a-z]{2,8} \d{1,6}\]/.test(text);
