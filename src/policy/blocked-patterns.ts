/**
 * Text that never belongs in a request or an argument: destructive SQL, shell destruction, privilege escalation.
 * A tripwire for attempts, not a defence by itself: actions never pass their arguments to a shell or into SQL.
 *
 * Each stands between word boundaries and takes in what makes it a command, so that "format the report" and "update our
 * set of glasses" pass, and `format c:` and `update users set role = 1` do not. White space is one space when they are
 * tried. None repeats a repetition, and none tries the same letters in two ways, so that they run in linear time.
 */

/** Patterns of programs run on a linear-time engine; see linear-pattern.ts for what that refuses. */
export interface BlockedPattern {
  /** What it looks like, such as "destructive SQL"; people are shown it. */
  readonly name: string;
  readonly pattern: RegExp;
}

const sql = (pattern: RegExp): BlockedPattern => ({ name: "destructive SQL", pattern });
const shell = (pattern: RegExp): BlockedPattern => ({ name: "shell destruction", pattern });
const privilege = (pattern: RegExp): BlockedPattern => ({ name: "privilege escalation", pattern });

/** Words that follow a verb in speech and never in SQL. */
const SPEECH = "(?!(?:my|our|your|his|her|their|its|the|this|that|these|those|all|any|a|an|it|them|me|us|you)\\b)";

export const defaultBlockedPatterns: readonly BlockedPattern[] = [
  sql(/\b(?:drop|truncate|alter) (?:table|database|schema|index)\b/i),
  sql(new RegExp(`\\bdelete from ${SPEECH}["'\`[]?\\w`, "i")),
  sql(/\binsert into ["'`[]?\w[\w.]*["'`\]]? ?(?:\(|values\b|select\b)/i),
  sql(/\bupdate ["'`[]?\w[\w.]*["'`\]]? set ["'`[]?\w+["'`\]]? ?=/i),
  sql(/\bunion (?:all )?select\b/i),
  sql(/['"] ?; ?(?:drop|delete|truncate|alter|update|insert)\b/i),
  shell(/\brm -{1,2}[a-z-]*[rf]/i),
  shell(/\b(?:rd|rmdir|del) \/[a-z]\b/i),
  shell(/\b(?:mkfs(?:\.\w+)?|fdisk|wipefs|shred) [-/]?\w/i),
  shell(/\bdd (?:if|of)=/i),
  shell(/\bformat [a-z]:(?![a-z0-9])/i),
  shell(/:\(\) ?\{/),
  shell(/> ?\/dev\/[sh]d[a-z]/i),
  shell(/\b(?:curl|wget) [^|\n]{1,300}\| ?(?:sudo )?(?:ba|z|da)?sh\b/i),
  // In Spanish and Portuguese it is "I sweat".
  privilege(
    /\bsudo (?!(?:mucho|muito|demasiado|demais|bastante|cuando|quando|tanto|poco|pouco|por|en|em|y|e|al|como)\b)\S/i,
  ),
  privilege(/\bsu (?:- ?)?root\b/i),
  privilege(/\bchmod (?:-\w+ )?(?:0?777|[ugoa]*\+s|a\+rwx)\b/i),
  privilege(/\bchown (?:-\w+ )?root\b/i),
  privilege(/\/etc\/(?:shadow|sudoers)\b/i),
  privilege(/\bgrant all (?:privileges )?on\b/i),
];
