/** Data inside a prompt. */

/**
 * Untrusted data as a block that it cannot leave: JSON, with every `<` written as an escape, so that no text in it can
 * close the tag.
 * @param tag a word of ours, never of the data
 */
export function dataBlock(tag: string, data: unknown): string {
  return `<${tag}>\n${JSON.stringify(data).replaceAll("<", "\\u003c")}\n</${tag}>`;
}

/**
 * Text inside a prompt that would be unreadable as JSON, such as code: what looks like a tag in it is made none.
 * @param tag a word of ours, never of the text
 */
export function textBlock(tag: string, text: string): string {
  return `<${tag}>\n${text.replaceAll(TAG, "\\u003c")}\n</${tag}>`;
}

/** The beginning of a tag; what types are called in TypeScript is none. */
const TAG = /<(?=\/|(?!(?:string|number|boolean|unknown|null)\b)[a-z_]+>)/g;

/** Whether a text holds a mark, such as `[mail 1]`, that stands for what is not shown. */
export const holdsMark = (text: string): boolean => /\[[a-z]{2,8} \d{1,6}\]/.test(text);
