/** Traces of the command line and its server: OpenTelemetry's own SDK, where its variables ask for it and it is installed. */

/** Any of them says where traces go, or how (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables). */
const ASKING = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER"];
const PACKAGE = "@opentelemetry/sdk-node";

interface Tracing {
  /** Why there are none although they were asked for. */
  readonly problem?: string;
  /**
   * Sends what was not sent yet. It never throws, and takes a few seconds at the most.
   * @returns why some of it may be lost, or undefined
   */
  end(): Promise<string | undefined>;
}

const NONE: Tracing = { end: async () => undefined };
/** So long an end waits for a receiver, in milliseconds. */
const END_MS = 3_000;

/** @param environment what the SDK reads itself, too: that of the process */
export async function startTracing(environment: NodeJS.ProcessEnv): Promise<Tracing> {
  const isAsked = ASKING.some((name) => (environment[name]?.trim() ?? "") !== "");
  const isRefused = environment.OTEL_SDK_DISABLED === "true" || environment.OTEL_TRACES_EXPORTER === "none";
  if (!isAsked || isRefused) return NONE;
  // Others than traces only where they are asked for: metrics have an endpoint of their own, and logs go to standard error.
  environment.OTEL_METRICS_EXPORTER ??= "none";
  environment.OTEL_LOGS_EXPORTER ??= "none";
  // Not of the process: its command line holds the request, and its owner is a person.
  environment.OTEL_NODE_RESOURCE_DETECTORS ??= "env,host,os";
  environment.OTEL_EXPORTER_OTLP_TIMEOUT ??= String(END_MS); // a command must not wait for long for who is not there
  try {
    const { NodeSDK } = (await import(PACKAGE)) as typeof import("@opentelemetry/sdk-node");
    const name = environment.OTEL_SERVICE_NAME;
    const sdk = new NodeSDK(name === undefined || name === "" ? { serviceName: "holdpoint" } : {});
    sdk.start();
    return { end: () => ended(sdk.shutdown()) };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    const why = isMissing
      ? `${PACKAGE} is not installed: npm install ${PACKAGE}`
      : `${PACKAGE} did not start (${(error as Error).name}).`;
    return { ...NONE, problem: `There are no traces, although OTEL_ variables ask for them: ${why}` };
  }
}

async function ended(shutdown: Promise<void>): Promise<string | undefined> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve("their receiver did not answer in time"), END_MS);
  const sent = shutdown.then(
    () => undefined,
    () => "their receiver did not take them",
  );
  const why = await Promise.race([sent, late.promise]);
  clearTimeout(timer);
  return why && `The last traces may be lost: ${why}.`;
}
