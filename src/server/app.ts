/** The application: one Hono app, whichever process serves it. */
import { randomUUID } from "node:crypto";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { HoldpointError } from "../errors.ts";
import type { Authenticator } from "./auth/authenticate.ts";
import { docsPage } from "./docs-page.ts";
import { type AnyEndpoint, type App, mount } from "./endpoint.ts";
import { HttpProblem, problemResponse } from "./problem.ts";
import { createRateLimits, type RateLimits } from "./rate-limits.ts";
import { approvalEndpoints } from "./routes/approvals.ts";
import { auditEndpoints } from "./routes/audit.ts";
import { definitionAndPlanEndpoints } from "./routes/definitions.ts";
import { executionEndpoints } from "./routes/executions.ts";
import { keyEndpoints } from "./routes/keys.ts";
import { planningEndpoints } from "./routes/planning.ts";
import { runEndpoints } from "./routes/runs.ts";
import { openEndpoints, systemEndpoints } from "./routes/system.ts";
import { tenantEndpoints } from "./routes/tenant.ts";
import type { Served, Variables } from "./served.ts";

/** The largest body that is read, in bytes. */
const MAX_BODY = 1_000_000;

/** Every endpoint that asks who calls. A path that is fixed stands before one that has a place for an id. */
export const ENDPOINTS: readonly AnyEndpoint[] = [
  ...systemEndpoints,
  ...runEndpoints,
  ...approvalEndpoints,
  ...executionEndpoints,
  ...tenantEndpoints,
  ...definitionAndPlanEndpoints,
  ...planningEndpoints,
  ...keyEndpoints,
  ...auditEndpoints,
];

export interface AppParts {
  readonly served: Served;
  readonly authenticator: Authenticator;
  /** Origins whose pages may call it. Default: none. */
  readonly origins?: readonly string[];
  /** How many requests a key may send in a minute. Default: 600. */
  readonly requestsPerMinute?: number;
  /** Where nobody has to say who they are: only names of this machine are served, so that no other page gets at it. */
  readonly localOnly?: boolean;
  readonly version: string;
  /** It is part of another application, whose paths are not its own. */
  readonly mounted?: boolean;
}

/** The paths that are its own. */
const OWN = ["/api/v1/*", "/metrics", "/health", "/ready"];

export function createApp(parts: AppParts): App {
  const { served, origins = [], version } = parts;
  const app: App = new OpenAPIHono<{ Variables: Variables }>();
  const limits = createRateLimits(parts.requestsPerMinute ?? 600);
  const paths = parts.mounted ? OWN : ["*"];
  const use = (middleware: MiddlewareHandler) => {
    for (const path of paths) app.use(path, middleware);
  };
  use(async (c, next) => {
    const requestId = randomUUID();
    c.set("requestId", requestId);
    const begun = performance.now();
    await next();
    c.header("x-request-id", requestId);
    const { method, path } = c.req;
    const took = Math.round(performance.now() - begun);
    served.log.info({ request: requestId, method, path, status: c.res.status, ms: took }, "answered");
  });
  use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], styleSrc: ["'self'"] },
    }),
  );
  if (origins.length > 0) {
    const exposeHeaders = ["ETag", "Location", "X-Request-Id", "Retry-After", "Idempotency-Replayed"];
    use(cors({ origin: [...origins], exposeHeaders, maxAge: 600 }));
  }
  use(async (c, next) => {
    assertNotForged(c, parts);
    await next();
  });
  use(
    bodyLimit({
      maxSize: MAX_BODY,
      onError: () =>
        raise(
          new HttpProblem("too_large", `A body has at most ${MAX_BODY} bytes.`, { headers: { connection: "close" } }),
        ),
    }),
  );
  for (const open of openEndpoints) mountOpen(app, served, open);
  mountDocs(app, version);
  app.use("/api/v1/*", (c, next) => identify(c, next, parts, limits));
  app.use("/metrics", (c, next) => identify(c, next, parts, limits));
  for (const endpoint of ENDPOINTS) mount(app, served, endpoint);
  const nothing = (c: Context) => problemResponse(notFound(c), c.get("requestId"));
  app.all("/api/v1/*", nothing); // another application answers what it does not know itself
  app.notFound(nothing);
  app.onError((error, c) => {
    const problem = problemResponse(fromHono(error), c.get("requestId"));
    if (problem.status >= 500) served.log.error({ err: error, request: c.get("requestId") }, "a request failed");
    return problem;
  });
  return app;
}

function raise(error: Error): never {
  throw error;
}

/** Whether a page of somebody else's sent it, by a browser that believes it is this machine's own. */
function assertNotForged(c: Context, { localOnly = false, origins = [] }: AppParts): void {
  const host = (c.req.header("host") ?? "").replace(/:\d+$/, "");
  if (localOnly && !["localhost", "127.0.0.1", "[::1]"].includes(host)) {
    throw new HoldpointError(
      "denied",
      `Without keys only this machine is served, and not as "${host.slice(0, 100)}".`,
      {
        hint: "Call it as localhost or 127.0.0.1.",
      },
    );
  }
  const origin = c.req.header("origin");
  const own = origin !== undefined && URL.canParse(origin) && new URL(origin).host === c.req.header("host");
  if (origin === undefined || own || origins.includes(origin)) return;
  throw new HoldpointError("denied", `Pages of "${origin.slice(0, 200)}" may not call it.`, {
    hint: "Whoever runs the server may name them in HOLDPOINT_ORIGINS.",
  });
}

async function identify(
  c: Context<{ Variables: Variables }>,
  next: () => Promise<void>,
  { authenticator }: AppParts,
  limits: RateLimits,
): Promise<void> {
  const from = c.req.header("authorization") ?? c.req.header("x-api-key") ?? "";
  await limits.assertMayTry(from);
  try {
    const { headers } = c.req.raw;
    const again = () => authenticator.authenticate(headers);
    c.set("again", again);
    c.set("who", await again());
  } catch (error) {
    if (from !== "") await limits.failed(from); // who sends none guesses none
    throw error;
  }
  for (const [name, value] of Object.entries(await limits.count(c.get("who").countedBy))) c.header(name, value);
  await next();
}

/** Those need no identity, and get the one of nobody: they look at nothing that is anybody's. */
function mountOpen(app: App, served: Served, open: AnyEndpoint): void {
  app.use(open.path, async (c, next) => {
    c.set("who", { identity: { tenant: "", principal: "" }, countedBy: "", by: "development" });
    await next();
  });
  mount(app, served, open);
}

function mountDocs(app: App, version: string): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "key", { type: "apiKey", in: "header", name: "X-Api-Key" });
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  const describe = () =>
    app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "Holdpoint",
        version,
        description:
          "Plans work, stages every side effect, asks a person, runs exactly what was approved, and undoes it when a part fails. Errors are problem documents (RFC 9457). Writes take an `Idempotency-Key`.",
        license: { name: "MIT" },
      },
      security: [{ bearer: [] }, { key: [] }],
    });
  let described: ReturnType<typeof describe> | undefined;
  const once = () => {
    described ??= describe(); // made when it is asked for: most processes never are
    return described;
  };
  app.get("/api/v1/openapi.json", (c) => c.json(once()));
  app.get("/api/v1/docs", (c) => c.html(docsPage(once())));
  app.get("/api/v1/docs.css", (c) => c.body(docsPage.css, 200, { "content-type": "text/css; charset=utf-8" }));
}

/** A path that there is, with a method that there is not, says which ones there are (RFC 9110, 15.5.6). */
function notFound(c: Context): HttpProblem {
  const { path, method } = c.req;
  const known = [...ENDPOINTS, ...openEndpoints].filter((one) => {
    const pattern = one.path.split("/").map((part) => (part.startsWith("{") ? "[^/]+" : part.replaceAll(".", "\\.")));
    return new RegExp(`^${pattern.join("/")}$`).test(path);
  });
  if (known.length === 0) {
    return new HttpProblem("not_found", `There is nothing at ${path.slice(0, 200)}.`, { hint: "See /api/v1/docs." });
  }
  const methods = [...new Set(known.map((one) => one.method.toUpperCase()))].join(", ");
  return new HttpProblem("method_not_allowed", `${path.slice(0, 200)} takes ${methods}, and not ${method}.`, {
    headers: { allow: methods },
  });
}

function fromHono(error: unknown): unknown {
  if (!(error instanceof HTTPException)) return error;
  return error.status < 500 ? new HttpProblem("invalid_request", error.message || "The request does not fit.") : error;
}
