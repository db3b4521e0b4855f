/** Whether a call is the expected one, and how to say that it is not. */
import { type Call, schemaNameOf, textOf, toolNamesOf } from "./request.ts";

/** What a call must look like; what is left out is not looked at. */
export interface Expected {
  /** The whole name, or a regular expression. */
  model?: string | RegExp;
  /** The texts of a role, all messages of it together: a string must be contained in them. */
  system?: string | RegExp;
  user?: string | RegExp;
  assistant?: string | RegExp;
  /** The texts that tools returned. */
  toolResult?: string | RegExp;
  /** The name of the schema that the answer must fit, be it a response format or a forced tool. */
  schema?: string | RegExp;
  /** A tool that must be on offer. */
  tool?: string;
  streaming?: boolean;
}

interface Facet {
  actual(call: Call): string;
  /** How a string is compared; a regular expression is always searched for. */
  fits?(actual: string, expected: string): boolean;
}

const contains = (actual: string, expected: string): boolean => actual.includes(expected);

const FACETS: Readonly<Record<keyof Expected, Facet>> = {
  model: { actual: (call) => call.body.model },
  system: { actual: (call) => textOf(call, "system"), fits: contains },
  user: { actual: (call) => textOf(call, "user"), fits: contains },
  assistant: { actual: (call) => textOf(call, "assistant"), fits: contains },
  toolResult: { actual: (call) => textOf(call, "tool"), fits: contains },
  schema: { actual: (call) => schemaNameOf(call) ?? "" },
  tool: {
    actual: (call) => toolNamesOf(call).join(", "),
    fits: (actual, expected) => actual.split(", ").includes(expected),
  },
  streaming: { actual: (call) => String(call.body.stream === true) },
};

const FACET_NAMES = Object.keys(FACETS) as (keyof Expected)[];

/** In what the call differs from the expected one, a line for each; empty when it fits. */
export function differences(expected: Expected, call: Call): string[] {
  return FACET_NAMES.flatMap((name) => {
    const wanted = expected[name];
    if (wanted === undefined) return [];
    const { actual: read, fits = Object.is } = FACETS[name];
    const actual = read(call);
    const fit = wanted instanceof RegExp ? actual.search(wanted) >= 0 : fits(actual, String(wanted));
    return fit ? [] : [`${name}: expected ${show(wanted)}, got ${show(actual)}`];
  });
}

export function describeExpected(expected: Expected): string {
  const parts = FACET_NAMES.filter((name) => expected[name] !== undefined);
  if (parts.length === 0) return "any call";
  return parts.map((name) => `${name} ${show(expected[name])}`).join(", ");
}

/** The call in a few lines: what it asks of which model, and its messages, shortened. */
export function describeCall(call: Call): string {
  const { model, stream, messages } = call.body;
  const schema = schemaNameOf(call);
  const tools = toolNamesOf(call);
  const head = [
    `POST /v1/chat/completions, model ${show(model)}`,
    ...(stream ? ["streaming"] : []),
    ...(schema === undefined ? [] : [`schema ${show(schema)}`]),
    ...(tools.length === 0 ? [] : [`tools ${tools.join(", ")}`]),
  ].join(", ");
  return [head, ...messages.map(({ role, content }) => `    ${role}: ${show(content ?? "")}`)].join("\n");
}

/** Characters of a text in a message; of a longer one both ends are shown. */
const SHOWN = 200;

function show(value: unknown): string {
  if (value instanceof RegExp) return String(value);
  const shown = JSON.stringify(value) ?? String(value);
  if (shown.length <= SHOWN) return shown;
  return `${shown.slice(0, SHOWN - 50)} … ${shown.slice(-50)} (${shown.length} characters)`;
}
