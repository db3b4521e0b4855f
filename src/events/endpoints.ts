/** Where events go: the YAML file that HOLDPOINT_EVENTS names, see docs/events.md. */
import { z } from "zod";
import { type Destination, NOTICE_KINDS, type NoticeKind } from "../ledger/outbox.ts";
import { readYaml } from "../policy/yaml-file.ts";
import { type Endpoint, endpointOf, unfit } from "../tools/operations/endpoints.ts";

/** An endpoint, and what it is told of. */
export type EventEndpoint = Endpoint & Destination;

const DOCS = "docs/events.md";

const FileSchema = z.strictObject({ endpoints: z.record(z.string(), z.unknown()) });
const WantedSchema = z.object({
  events: z.array(z.enum(NOTICE_KINDS)).min(1).max(NOTICE_KINDS.length),
  tenants: z.array(z.string().min(1).max(200)).min(1).max(1000).optional(),
});

/**
 * @param path the file
 * @param environment where `${NAME}` is looked up
 * @throws HoldpointError `usage` that names endpoint and field, and never a value
 */
export function openEventEndpoints(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly EventEndpoint[] {
  const parsed = FileSchema.safeParse(readYaml(path, DOCS).content);
  if (parsed.success) {
    return Object.entries(parsed.data.endpoints).map(([name, given]) => eventEndpointOf(name, given, environment));
  }
  throw unfit({ says: path, docs: DOCS }, "must hold `endpoints:` with endpoints by name, and nothing else");
}

function eventEndpointOf(
  name: string,
  given: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): EventEndpoint {
  const where = { says: `The endpoint "${name.slice(0, 60)}"`, docs: DOCS };
  const wanted = WantedSchema.safeParse(given);
  if (!wanted.success) {
    const kinds = NOTICE_KINDS.join(", ");
    const isTenants = wanted.error.issues.every(({ path }) => path[0] === "tenants");
    throw unfit(
      where,
      isTenants ? "has `tenants` that are no list of names" : `must list in \`events\` what it is told of: ${kinds}`,
    );
  }
  const { events, tenants, ...rest } = given as Record<string, unknown> & z.infer<typeof WantedSchema>;
  const endpoint = endpointOf(where, name, rest, environment);
  return { ...endpoint, kinds: new Set<NoticeKind>(events), tenants: tenants && new Set(tenants) };
}
