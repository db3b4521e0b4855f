/**
 * Authentication of an Agent Server (`auth.path` in langgraph.json). Who calls is whoever {@link createAuthenticator}
 * finds, and the graph believes nothing else. Where nothing is set up, a client on the same machine is the one
 * development identity, so that Studio works.
 */
import { Auth, HTTPException } from "@langchain/langgraph-sdk/auth";
import { explainError, HoldpointError } from "../errors.ts";
import { hasKeys } from "../ledger/api-keys.ts";
import { warn } from "../telemetry/tell.ts";
import { vouchedIdentity, vouchFor } from "../vouching.ts";
import { config, runtime } from "./agent-runtime.ts";
import { guardOf } from "./auth/agent-paths.ts";
import { ruleOn } from "./auth/agent-rules.ts";
import { createAuthenticator } from "./auth/authenticate.ts";

const { ledger, now } = runtime;
const strict = createAuthenticator({ ledger, now, tokens: config.tokens });
const open = createAuthenticator({ ledger, now, development: true });
const isConfigured = config.auth === "required" || config.tokens !== undefined;

let keysSeen = false;
/** Whether everybody has to say who they are: by the configuration, and from the first key on. */
export async function isRequired(): Promise<boolean> {
  keysSeen ||= isConfigured || (await hasKeys(ledger));
  return keysSeen;
}

/** Whether a request came from this machine, as far as it tells: not by another name of it, nor through a proxy. */
const isLocal = ({ url, headers }: Request): boolean => isLocalHost(new URL(url).host, headers);

/** The same, by the name that it was called by: `localhost:2024`. */
export function isLocalHost(host: string, headers: Headers): boolean {
  const isProxied = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"].some((name) => headers.has(name));
  return !isProxied && ["localhost", "127.0.0.1", "[::1]"].includes(host.replace(/:\d+$/, ""));
}

/** LangSmith's own keys are for LangSmith: its clients send them along wherever one is set. */
function withoutLangSmith(headers: Headers): Headers {
  const own = new Headers(headers);
  if (own.get("x-api-key")?.startsWith("ls")) own.delete("x-api-key");
  return own;
}

const STATUSES: Readonly<Record<string, number>> = { unauthenticated: 401, denied: 403, storage: 503 };

function toHttp(error: unknown): unknown {
  if (!(error instanceof HoldpointError)) return error;
  const status = STATUSES[error.code] ?? 500;
  const headers = status === 401 ? { "www-authenticate": "Bearer" } : {};
  return new HTTPException(status, { message: explainError(error), headers });
}

/** How a server's own routes are called inside its process; see @langchain/langgraph-api/dist/loopback.mjs. */
const loopback = (): typeof fetch | undefined =>
  (globalThis as { [key: symbol]: unknown })[Symbol.for("langgraph_api:fetch")] as typeof fetch | undefined;

async function assertGuarded({ url, headers }: Request): Promise<void> {
  const guard = guardOf(url);
  if (guard === undefined) return;
  if (guard === "refuse") {
    throw new HTTPException(403, { message: "This path is not served where callers have to say who they are." });
  }
  const found = await loopback()?.(guard.ask, { headers: credentialsOf(headers) });
  if (found && !found.ok) throw new HTTPException(404, { message: "There is no such run." });
}

const credentialsOf = (headers: Headers): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name === "authorization" || name === "x-api-key"));

async function userOf(request: Request) {
  const required = await isRequired();
  const lax = !required && isLocal(request);
  const found = lax ? open.authenticate(withoutLangSmith(request.headers)) : strict.authenticate(request.headers);
  const { identity } = await found;
  if (required) await assertGuarded(request);
  const { tenant, principal, role } = identity;
  const named = { identity: `${tenant}/${principal}`, display_name: principal, permissions: role ? [role] : [] };
  return { ...named, ...vouchFor(identity) };
}

export const auth = new Auth()
  .authenticate(async (request) =>
    userOf(request).catch((error: unknown) => {
      throw toHttp(error);
    }),
  )
  .on("*", async ({ event, value, user }) => {
    const identity = vouchedIdentity(user);
    if (!identity) throw new HTTPException(401, { message: "Nobody said who calls." });
    // Only the development identity has no role: it has all that is on this machine, as without authentication.
    if (identity.role === undefined) return true;
    try {
      // The SDK's type has filters or a truth value, never either.
      return (await ruleOn(ledger, { ...identity, at: now() }, { event, value })) as boolean;
    } catch (error) {
      throw toHttp(error);
    }
  });

if (!(await isRequired())) {
  const text = "Nobody has to say who they are: every program on this machine that reaches this server is";
  warn(
    `${text} "local" of the tenant "default". For production set HOLDPOINT_AUTH=required; see docs/authentication.md.`,
  );
}
