/** Text from outside, made so that every database takes it. */

/** The text with NUL and halves of surrogate pairs replaced by U+FFFD, which Postgres and UTF-8 cannot hold. */
export const storableText = (text: string): string => text.toWellFormed().replaceAll("\u0000", "\uFFFD");
