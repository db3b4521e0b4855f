/**
 * Where webhooks go, by names: a plan names an endpoint, and never an address.
 *
 * 1. Addresses and secrets stand in no error, and leave this folder only towards their receiver.
 * 2. What is signed goes over an encrypted line, but to this machine.
 */
import { z } from "zod";
import { HoldpointError } from "../../errors.ts";
import { readYaml } from "../../policy/yaml-file.ts";

/** An endpoint as it is configured. `${NAME}` in a text is the environment variable of that name. */
export interface WebhookOptions {
  readonly url: string;
  /** For `standard`: "whsec_" and 24 to 64 bytes in base64, as Standard Webhooks has it. */
  readonly secret?: string | undefined;
  /** `standard` (default): JSON, signed. `slack`: what Slack's incoming webhooks take; their address is the secret. */
  readonly style?: "standard" | "slack" | undefined;
}

/** An endpoint that can be sent to. */
export type Endpoint = { readonly name: string; readonly url: URL } & (
  | { readonly style: "standard"; readonly secret: Buffer }
  | { readonly style: "slack" }
);

export type Endpoints = ReadonlyMap<string, Endpoint>;

const EndpointSchema = z.strictObject({
  url: z.string(),
  secret: z.string().optional(),
  style: z.enum(["standard", "slack"]).optional(),
});
const FileSchema = z.strictObject({ webhooks: z.record(z.string(), z.unknown()) });

const NAME = /^[a-z][a-z0-9_-]{0,39}$/;
const DOCS = "docs/operations.md";
const HERE = ["localhost", "127.0.0.1", "[::1]"];

/**
 * @param given endpoints by name, or a YAML file with them under `webhooks:`
 * @param environment where `${NAME}` is looked up
 * @throws HoldpointError `usage` that names endpoint and field, and never a value
 */
export function openEndpoints(
  given: Readonly<Record<string, WebhookOptions>> | string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Endpoints {
  const webhooks: Record<string, unknown> = typeof given === "string" ? readFile(given) : { ...given };
  const open = (name: string, given: unknown) =>
    endpointOf({ says: `The webhook "${name.slice(0, 60)}"`, docs: DOCS }, name, given, environment);
  return new Map(Object.entries(webhooks).map(([name, endpoint]) => [name, open(name, endpoint)] as const));
}

function readFile(path: string): Record<string, unknown> {
  const parsed = FileSchema.safeParse(readYaml(path, DOCS).content);
  if (parsed.success) return parsed.data.webhooks;
  throw unfit({ says: path, docs: DOCS }, "must hold `webhooks:` with endpoints by name, and nothing else");
}

/** Which endpoint an error is about, and what to read of it. */
export interface Where {
  readonly says: string;
  readonly docs: string;
}

/**
 * An endpoint that can be sent to, of what is configured of one.
 * @throws HoldpointError `usage` that names endpoint and field, and never a value
 */
export function endpointOf(
  where: Where,
  name: string,
  given: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Endpoint {
  if (!NAME.test(name)) throw unfit(where, "has a name that is not a small letter, then up to 39 of a-z, 0-9, _ and -");
  const parsed = EndpointSchema.safeParse(given);
  if (!parsed.success) throw unfit(where, "is not { url, secret, style }");
  const fill = (text: string) => filled(where, text, environment);
  const { style = "standard", secret } = parsed.data;
  const url = addressOf(where, fill(parsed.data.url));
  if (style === "slack") {
    if (secret !== undefined) throw unfit(where, "has a secret, which Slack does not know: its url is one");
    return { name, url, style };
  }
  return { name, url, style, secret: secretOf(where, fill(secret ?? "")) };
}

function filled(where: Where, text: string, environment: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/\$\{([A-Za-z_]\w*)\}/gu, (_said, variable: string) => {
    const value = environment[variable];
    if (value === undefined || value === "")
      throw unfit(where, `wants the environment variable ${variable}, which is not set`);
    return value;
  });
}

function addressOf(where: Where, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol)) throw unfit(where, "has a url that is no http(s) address");
  if (url.username !== "" || url.password !== "") throw unfit(where, "has a url with a name or a password");
  if (url.protocol === "http:" && !HERE.includes(url.hostname))
    throw unfit(where, "has a url without encryption: use https");
  return url;
}

function secretOf(where: Where, text: string): Buffer {
  const secret = Buffer.from(text.replace(/^whsec_/, ""), "base64");
  const isWhole = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) && secret.length >= 24 && secret.length <= 64;
  if (isWhole) return secret;
  throw unfit(where, 'has a secret that is not "whsec_" and 24 to 64 bytes in base64');
}

/** The error of an endpoint that does not fit. @param what is wrong with it, without any value */
export const unfit = ({ says, docs }: Where, what: string): HoldpointError =>
  new HoldpointError("usage", `${says} ${what}.`, { hint: `Values are not shown. See ${docs}.` });
