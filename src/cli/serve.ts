/** `serve`: the HTTP server. */
import { RunControl } from "@langchain/langgraph";
import { HoldpointError } from "../errors.ts";
import { hasKeys } from "../ledger/api-keys.ts";
import { assertMay } from "../ledger/members.ts";
import { createAuthenticator } from "../server/auth/authenticate.ts";
import { serve } from "../server/serve.ts";
import { packageVersion } from "../server/version.ts";
import { maskText } from "../telemetry/mask.ts";
import type { Stop } from "../work/stop.ts";
import { EXIT } from "./exit-status.ts";
import { settleMemory } from "./memory.ts";
import type { LocalSession } from "./session.ts";

export interface ServeOptions {
  port?: string;
  host?: string;
  dev?: boolean;
}

const PORT = 8787;
const LOOPBACK = ["127.0.0.1", "::1", "localhost"];

/** Serves until a signal comes. */
export async function serveHttp(session: LocalSession, options: ServeOptions): Promise<number> {
  const { surroundings, json } = session;
  const { runtime, identity, server: settings } = session.local;
  await assertMay(runtime.ledger, identity, "serve");
  const { stop = STOPPED } = surroundings;
  const host = options.host ?? "127.0.0.1";
  const development = options.dev ?? false;
  if (development && !LOOPBACK.includes(host)) {
    throw new HoldpointError("usage", `--dev serves this machine only, and ${host} is reached by others.`, {
      hint: "Leave --host out, or --dev, and give callers keys: `keys create`.",
    });
  }
  await assertReachable(session, development);
  const serving = await serve({
    ...{ runtime, host, port: portOf(options.port), development, stop, version: packageVersion() },
    ...{
      origins: settings.origins ?? [],
      publicUrl: settings.publicUrl,
      requestsPerMinute: settings.requestsPerMinute,
    },
    authenticator: createAuthenticator({
      ledger: runtime.ledger,
      now: runtime.now,
      tokens: settings.tokens,
      development,
    }),
    log: runtime.log,
  });
  settleMemory();
  const { url } = serving;
  const warning = development
    ? "\nDevelopment mode: whoever reaches this machine's own addresses may do everything, without a key."
    : "";
  const said = `Serving ${url}/api/v1 (described at ${url}/api/v1/docs). Ctrl-C stops it.${warning}`;
  surroundings.write(json ? `${JSON.stringify({ url, development })}\n` : `${said}\n`);
  await serving.ended;
  return EXIT.done;
}

function portOf(given: string | undefined): number {
  if (given === undefined) return PORT;
  if (/^\d{1,5}$/.test(given) && Number(given) < 65_536) return Number(given);
  throw new HoldpointError("usage", `"${maskText(given).slice(0, 40)}" is no port.`, {
    hint: "Give --port a number up to 65535; 0 takes any that is free.",
  });
}

/** Where no signal can come, it ends once it has begun. */
const STOPPED: Stop = { control: new RunControl(), signal: AbortSignal.abort() };

/** Nobody could ever call a server that knows no key and no issuer. @throws HoldpointError `usage` */
async function assertReachable({ local, command }: LocalSession, development: boolean): Promise<void> {
  const { runtime, server } = local;
  if (development && server.auth === "required") {
    throw new HoldpointError("usage", "HOLDPOINT_AUTH says that everybody needs a key, and --dev that nobody does.", {
      hint: "Leave one of them out.",
    });
  }
  if (development || server.tokens || (await hasKeys(runtime.ledger))) return;
  throw new HoldpointError("usage", "Nobody could call this server: there is no key, and no issuer of tokens.", {
    hint: `Make a key with \`${command("keys create <name> --role admin")}\`, or try it out on this machine with --dev.`,
  });
}
