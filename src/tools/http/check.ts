/** What is wrong with a definition that its form cannot say: every fault at once, each at its place. */
import type { z } from "zod";
import type { Json, JsonObject } from "../../domain/json.ts";
import { findReferences, INLINE_REFERENCE } from "../../domain/references.ts";
import { explainError } from "../../errors.ts";
import { type Fault, faultsOf } from "../../policy/faults.ts";
import { callSettings } from "../call-settings.ts";
import { zodFromOutside } from "../outside/json-schema.ts";
import { referenceFaults } from "./check-references.ts";
import { type Definition, DefinitionSchema, OF_WRITES, type RequestTemplate } from "./definition.ts";
import { hostOf, isListed } from "./guard.ts";

/** A definition that can be used. */
export interface Checked {
  readonly definition: Definition;
  /** As it was written: an approval is bound to it. */
  readonly written: Json;
  readonly input: z.ZodType<Json>;
  readonly output: z.ZodType<Json>;
}

type Path = readonly PropertyKey[];

/** @returns the definition, or what is wrong with it, at least one fault */
export function checkDefinition(content: unknown): Checked | Fault[] {
  const parsed = DefinitionSchema.safeParse(content);
  if (!parsed.success) return faultsOf(parsed.error, content);
  const definition = parsed.data;
  const faults: Fault[] = [];
  const input = schemaAt("input", closed(definition.input), faults);
  const output = schemaAt("output", definition.output, faults);
  if (definition.input.type !== "object") {
    faults.push({ path: ["input"], message: 'expected type: "object": arguments have names' });
  }
  faults.push(...partFaults(definition), ...callFaults(definition));
  for (const [path, request, roots] of requestsOf(definition)) {
    faults.push(...requestFaults(definition, { path, request, roots }));
  }
  for (const [path, template, roots] of templatesOf(definition)) {
    faults.push(...referenceFaults(definition, { path, template, roots }));
  }
  if (input && definition.example) faults.push(...exampleFaults(input, definition.example));
  if (faults.length > 0 || !input || !output) return faults;
  return { definition, written: content as Json, input, output };
}

/** A misspelt argument must not be passed over. */
const closed = (schema: JsonObject): JsonObject =>
  schema.type === "object" && !("additionalProperties" in schema) ? { ...schema, additionalProperties: false } : schema;

function schemaAt(name: "input" | "output", schema: JsonObject, faults: Fault[]): z.ZodType<Json> | undefined {
  try {
    return zodFromOutside(schema, name);
  } catch (error) {
    faults.push({ path: [name], message: explainError(error).replace(/\.$/, "") });
    return undefined;
  }
}

function exampleFaults(input: z.ZodType, example: JsonObject): Fault[] {
  const parsed = input.safeParse(example);
  return parsed.success
    ? []
    : faultsOf(parsed.error, example).map(({ path, ...fault }) => ({ path: ["example", ...path], ...fault }));
}

function callFaults({ timeoutMs, retry, breaker }: Definition): Fault[] {
  try {
    callSettings({ name: "it", timeoutMs, retry, breaker });
    return [];
  } catch (error) {
    return [{ path: [], message: explainError(error).replace(/\.$/, "") }];
  }
}

function partFaults(definition: Definition): Fault[] {
  const { kind, request, reversibility, undo, captureUndo, undoWindowMs } = definition;
  const faults: Fault[] = [];
  if (kind === "read") {
    const parts = OF_WRITES.filter((part) => definition[part] !== undefined);
    faults.push(...parts.map((part) => ({ path: [part], message: `a read has no ${part}`, isName: true })));
    if (request.method !== "GET" && request.method !== "POST") {
      faults.push({ path: ["request", "method"], message: `a read is a GET or a POST; it is "${request.method}"` });
    }
    return faults;
  }
  if (request.method === "GET") faults.push({ path: ["request", "method"], message: 'a write is no "GET"' });
  if (reversibility !== undefined && reversibility !== "irreversible" && !undo) {
    faults.push({ path: ["reversibility"], message: `what is ${reversibility} has an undo` });
  }
  if (undo && (reversibility ?? "irreversible") === "irreversible") {
    faults.push({ path: ["undo"], message: "what has an undo says its reversibility: reversible or compensatable" });
  }
  for (const [part, value] of Object.entries({ captureUndo, undoWindowMs })) {
    if (value !== undefined && !undo) faults.push({ path: [part], message: `there is no undo that ${part} is for` });
  }
  return faults;
}

/** What each request may refer to. */
function requestsOf(definition: Definition): [Path, RequestTemplate, readonly string[]][] {
  const { request, preview, captureUndo, undo, lookup } = definition;
  const all: [Path, RequestTemplate | undefined, readonly string[]][] = [
    [["request"], request, ["args", "call"]],
    [["preview", "read"], preview?.read, ["args", "call"]],
    [["captureUndo", "request"], captureUndo?.request, ["args", "call"]],
    [["undo", "request"], undo?.request, ["args", "call", "output", "captured"]],
    // Whoever looks it up knows its key alone.
    [["lookup", "request"], lookup?.request, ["call"]],
  ];
  return all.filter((entry): entry is [Path, RequestTemplate, readonly string[]] => entry[1] !== undefined);
}

function requestFaults(
  definition: Definition,
  { path, request, roots }: { path: Path; request: RequestTemplate; roots: readonly string[] },
): Fault[] {
  const { url, query, headers, body, form } = request;
  const at = (...more: PropertyKey[]) => [...path, ...more];
  const why = urlFault(url);
  const withSecrets = [...roots, "secret"];
  const faults = [
    ...(why === undefined ? [] : [{ path: at("url"), message: `${why}; it is ${JSON.stringify(url)}` }]),
    ...referenceFaults(definition, { path: at("url"), template: url, roots }),
    ...Object.entries({ query, headers, body, form }).flatMap(([part, template]) =>
      template === undefined ? [] : referenceFaults(definition, { path: at(part), template, roots: withSecrets }),
    ),
  ];
  if (why !== undefined) return faults;
  const host = hostOf(new URL(originOf(url)));
  const home = URL.canParse(originOf(definition.request.url)) ? hostOf(new URL(originOf(definition.request.url))) : "";
  for (const name of secretsIn(request)) {
    const hosts = definition.secrets?.[name];
    if (hosts ? isListed(host, hosts) : host === home) continue;
    const message = `the secret ${name} may not go to ${host}: name the host under secrets`;
    faults.push({ path: at("url"), message });
  }
  return faults;
}

/** The part of an address that says where it leads. */
export const originOf = (url: string): string => /^[a-z]+:\/\/[^/]*/.exec(url)?.[0] ?? "";

/** A host is written as it is connected to: a number, another alphabet or a dot at the end would be another one. */
function urlFault(url: string): string | undefined {
  const origin = originOf(url);
  if (origin.includes("$")) return "the host is written out, without references";
  if (!URL.canParse(origin)) return "there is no such host";
  const { host, hostname, protocol } = new URL(origin);
  const written = origin.slice(protocol.length + 2);
  const isDefault = written === `${host}:${protocol === "https:" ? 443 : 80}`;
  if ((written !== host && !isDefault) || hostname.endsWith(".") || hostname.startsWith("[")) {
    return `expected the host as it is connected to, "${host.replace(/\.(?=:|$)/, "")}"`;
  }
  const path = url.slice(origin.length).replaceAll(INLINE_REFERENCE, "x");
  if (path !== "" && new URL(`${origin}${path}`).pathname !== path)
    return "expected a path without . and .., as it is sent";
  return undefined;
}

/** The secrets that a request takes along. */
export function secretsIn({ query, headers, body, form }: RequestTemplate): string[] {
  const paths = [query, headers, body, form].flatMap((part) => (part === undefined ? [] : findReferences(part)));
  const names = paths.filter((path) => path.startsWith("secret.")).map((path) => path.slice("secret.".length));
  return [...new Set(names)];
}

/** What stands beside requests. */
function templatesOf(definition: Definition): [Path, Json, readonly string[]][] {
  const { result, summary, preview, captureUndo, undo, lookup, impact } = definition;
  const all: [Path, unknown, readonly string[]][] = [
    [["result"], result, ["args", "response", "headers"]],
    [["summary"], summary, ["args", "output"]],
    [["preview", "changes"], preview?.changes, preview?.read ? ["args", "response"] : ["args"]],
    [["captureUndo", "result"], captureUndo?.result, ["args", "response", "headers"]],
    [["undo", "says"], undo?.says, ["args", "output", "captured"]],
    [["lookup", "result"], lookup?.result, ["response", "headers", ...(lookup?.list === undefined ? [] : ["item"])]],
    [["impact"], impact, ["args"]],
  ];
  return all.filter((entry): entry is [Path, Json, readonly string[]] => entry[1] !== undefined);
}
