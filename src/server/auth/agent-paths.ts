/**
 * Paths of the Agent Server that do not ask whose something is, as read in @langchain/langgraph-api 1.5: whoever is let
 * in could use them on what is another's.
 */

/** Not served to anybody who has to say who they are. */
const UNGUARDED: readonly RegExp[] = [
  /^\/internal\//, // deletes everything
  // The session of a thread acts as whoever opened it first, and shows everybody what happens on it.
  /^\/threads\/[^/]*\/(?:commands|stream\/events)\/?$/,
  /^\/runs\/[^/]*\/stream\/?$/, // of any run
];

/** Of a run that need not be on the thread: that it is has to be asked for first. */
const OF_A_RUN = /^(\/threads\/[^/]+\/runs\/[^/]+)\/(?:stream|join)\/?$/;

/** What to do about a request: refuse it, or ask for another path first, which has to be found; undefined for nothing. */
export function guardOf(url: string): "refuse" | { readonly ask: string } | undefined {
  const path = decoded(new URL(url).pathname);
  if (path === undefined || UNGUARDED.some((pattern) => pattern.test(path))) return "refuse";
  const [, ask] = OF_A_RUN.exec(path) ?? [];
  return ask === undefined ? undefined : { ask };
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
