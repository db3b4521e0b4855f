/** `serve`: the HTTP server. */
import { RunControl } from "@langchain/langgraph";
import { HoldpointError } from "../errors.ts";
import { assertMay } from "../ledger/members.ts";
import { DEVELOPMENT_IDENTITY } from "../nodes/deps.ts";
import type { Authenticator } from "../server/auth/authenticate.ts";
import { serve } from "../server/serve.ts";
import { maskText } from "../telemetry/mask.ts";
import type { Stop } from "../work/stop.ts";
import { EXIT } from "./exit-status.ts";
import type { Session } from "./session.ts";
import { packageVersion } from "./version.ts";

export interface ServeOptions {
  port?: string;
  host?: string;
  dev?: boolean;
}

const PORT = 8787;
const LOOPBACK = ["127.0.0.1", "::1", "localhost"];

/** Serves until a signal comes. */
export async function serveHttp(session: Session, options: ServeOptions): Promise<number> {
  const { runtime, identity, surroundings, json, server: settings } = session;
  await assertMay(runtime.ledger, identity, "serve");
  const { stop = STOPPED } = surroundings;
  const host = options.host ?? "127.0.0.1";
  const development = options.dev ?? false;
  if (development && !LOOPBACK.includes(host)) {
    throw new HoldpointError("usage", `--dev serves this machine only, and ${host} is reached by others.`, {
      hint: "Leave --host out, or --dev, and give callers keys: `keys create`.",
    });
  }
  const serving = await serve({
    ...{ runtime, host, port: portOf(options.port), development, stop, version: packageVersion() },
    ...{
      origins: settings.origins ?? [],
      publicUrl: settings.publicUrl,
      requestsPerMinute: settings.requestsPerMinute,
    },
    authenticator: development ? everybody : nobody,
    log: runtime.log,
  });
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

const everybody: Authenticator = {
  authenticate: async () => ({ identity: DEVELOPMENT_IDENTITY, countedBy: "development", by: "development" }),
};

const nobody: Authenticator = {
  authenticate: async () => {
    throw new HoldpointError("unauthenticated", "No key is known.", { hint: "Start with --dev." });
  },
};
