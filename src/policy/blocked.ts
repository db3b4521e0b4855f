/**
 * Text that never belongs in a request or an argument: destructive SQL, shell destruction, privilege escalation.
 * A tripwire for plain attempts, not a defence by itself: actions never pass their arguments to a shell or into SQL.
 * Patterns stand between word boundaries, so that "format the report" passes and "format c:" does not, and have no
 * nested repetition, so that they run in linear time.
 */

export interface BlockedPattern {
  readonly name: string;
  readonly pattern: RegExp;
}

export const defaultBlockedPatterns: readonly BlockedPattern[] = [
  { name: "destructive SQL", pattern: /\b(?:drop|truncate|alter)\s+(?:table|database|schema|index)\b/i },
  { name: "destructive SQL", pattern: /\bdelete\s+from\s+\w/i },
  { name: "destructive SQL", pattern: /\b(?:insert\s+into|update\s+\w+\s+set)\s+\w/i },
  { name: "shell destruction", pattern: /\brm\s+-[a-z]*[rf]/i },
  { name: "shell destruction", pattern: /\b(?:mkfs(?:\.\w+)?|fdisk|wipefs)\s+\/?\w/i },
  { name: "shell destruction", pattern: /\bdd\s+if=/i },
  { name: "shell destruction", pattern: /\bformat\s+[a-z]:/i },
  { name: "shell destruction", pattern: /:\(\)\s?\{/ },
  { name: "privilege escalation", pattern: /\bsudo\s+\S/i },
  { name: "privilege escalation", pattern: /\bchmod\s+(?:-\w+\s+)?0?777\b/i },
  { name: "privilege escalation", pattern: /\bgrant\s+all\s+(?:privileges\s+)?on\b/i },
];

/** The first blocked pattern in a text, and the words that matched, or undefined. Compatibility forms are folded first. */
export function findBlocked(
  text: string,
  patterns: readonly BlockedPattern[],
): { name: string; match: string } | undefined {
  const folded = text.normalize("NFKC");
  for (const { name, pattern } of patterns) {
    const match = pattern.exec(folded);
    if (match) return { name, match: match[0] };
  }
  return undefined;
}

/** Every text inside a JSON value, keys included. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item)]);
  }
  return [];
}
