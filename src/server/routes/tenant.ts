/** What a tenant lets happen, who may do what in it, and how well it goes. */
import { z } from "@hono/zod-openapi";
import { RoleSchema } from "../../domain/role.ts";
import { endDelegation, setDelegation } from "../../ledger/delegations.ts";
import { setMember } from "../../ledger/members.ts";
import { toPrincipal } from "../../policy/principals.ts";
import type { TenantSettings } from "../../policy/settings.ts";
import { forgetData } from "../../work/forget.ts";
import { explainProposal, viewDelegations, viewMembers, viewSettings } from "../../work/look.ts";
import { viewNotices } from "../../work/notices.ts";
import { changeTenantSettings } from "../../work/settings.ts";
import { measureStats } from "../../work/stats.ts";
import { type AnyEndpoint, endpoint, type Reply } from "../endpoint.ts";
import { HttpProblem } from "../problem.ts";
import { GivenTime, Id, SettingsBody, SettingsSchema, Time } from "../schemas.ts";
import { etagOf } from "../views.ts";
import type { AnyCall } from "./runs.ts";

const settingsPath = "/api/v1/actions/settings";

/** The version that `If-Match` names. @throws HttpProblem `precondition_required` when it names none */
function versionMeant(headers: Headers): number {
  const meant = /^(?:W\/)?"(\d{1,9})"$/.exec(headers.get("if-match") ?? "")?.[1];
  if (meant !== undefined) return Number(meant);
  throw new HttpProblem("precondition_required", "If-Match has to name the version of the settings that is changed.", {
    hint: `Read them with GET ${settingsPath}, and send its ETag as If-Match.`,
  });
}

async function changeTo(
  { runtime, identity, headers }: AnyCall,
  change: (now: TenantSettings) => Record<string, unknown>,
): Promise<Reply> {
  const { version, settings } = await changeTenantSettings(runtime, identity, change, {
    version: versionMeant(headers),
  });
  return { status: 200, body: { version, settings }, headers: { etag: etagOf(version) } };
}

const isGroup = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A JSON merge patch (RFC 7396), but that null is a value: of settings none can be taken away. */
function merge(now: object, change: object): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...now };
  for (const [name, value] of Object.entries(change)) {
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined;
    merged[name] = isGroup(before) && isGroup(value) ? merge(before, value) : value;
  }
  return merged;
}

const settingsAnswer = { 200: { description: "The settings; the ETag is their version.", schema: SettingsSchema } };

const settingsEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "getSettings", method: "get", path: settingsPath, tag: "Settings", operation: "viewSettings" },
    summary: "What may happen by itself, and who decides the rest",
    answers: settingsAnswer,
    run: async ({ runtime, identity }) => {
      const { version, settings } = await viewSettings(runtime, identity);
      return { status: 200, body: { version, settings }, headers: { etag: etagOf(version) } };
    },
  }),
  endpoint({
    ...{ id: "putSettings", method: "put", path: settingsPath, tag: "Settings", operation: "changeSettings" },
    summary: "Replace the settings: what is not named gets its default",
    ...{ body: SettingsBody, versioned: true },
    answers: settingsAnswer,
    run: async (call) => await changeTo(call, () => call.body),
  }),
  endpoint({
    ...{ id: "patchSettings", method: "patch", path: settingsPath, tag: "Settings", operation: "changeSettings" },
    summary: "Change some of the settings: what is not named stays",
    ...{ body: SettingsBody, versioned: true },
    answers: settingsAnswer,
    run: async (call) => await changeTo(call, (now) => merge(now, call.body)),
  }),
];

const Person = z.string().min(1).max(100);
const PersonParams = z.object({ person: Person.describe("By name.") });
const MembersSchema = z
  .object({ members: z.array(z.object({ principal: z.string(), role: RoleSchema })) })
  .openapi("Members");
const DelegationsSchema = z
  .object({
    delegations: z.array(z.object({ delegator: z.string(), delegate: z.string(), until: Time, createdAt: Time })),
  })
  .openapi("Delegations");

const stampOf = ({ runtime, identity }: AnyCall) => ({ ...identity, at: runtime.now() });

const peopleEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "listMembers", method: "get", path: "/api/v1/members", tag: "People", operation: "viewMembers" },
    summary: "Who may do what",
    answers: { 200: { description: "The members.", schema: MembersSchema } },
    run: async ({ runtime, identity }) => ({ status: 200, body: { members: await viewMembers(runtime, identity) } }),
  }),
  endpoint({
    ...{ id: "setMember", method: "put", path: "/api/v1/members/{person}", tag: "People", operation: "changeMembers" },
    summary: "Give somebody a role",
    ...{ params: PersonParams, body: z.strictObject({ role: RoleSchema }).openapi("Member") },
    answers: { 204: { description: "It was given." } },
    run: async (call) => {
      await setMember(call.runtime.ledger, stampOf(call), call.params.person, call.body.role);
      return { status: 204 };
    },
  }),
  endpoint({
    ...{
      id: "removeMember",
      method: "delete",
      path: "/api/v1/members/{person}",
      tag: "People",
      operation: "changeMembers",
    },
    summary: "Take somebody's role",
    params: PersonParams,
    answers: { 204: { description: "It was taken." } },
    run: async (call) => {
      await setMember(call.runtime.ledger, stampOf(call), call.params.person, null);
      return { status: 204 };
    },
  }),
  endpoint({
    ...{
      id: "listDelegations",
      method: "get",
      path: "/api/v1/delegations",
      tag: "People",
      operation: "viewDelegations",
    },
    summary: "Who may approve for whom",
    answers: { 200: { description: "Those that are not over.", schema: DelegationsSchema } },
    run: async ({ runtime, identity }) => {
      return { status: 200, body: { delegations: await viewDelegations(runtime, identity) } };
    },
  }),
  endpoint({
    ...{
      id: "setDelegation",
      method: "put",
      path: "/api/v1/delegations/{person}",
      tag: "People",
      operation: "delegate",
    },
    summary: "Let somebody approve for you, for a time",
    ...{ params: PersonParams, body: z.strictObject({ until: GivenTime }).openapi("Delegation") },
    answers: { 204: { description: "They may." } },
    run: async (call) => {
      await setDelegation(call.runtime.ledger, stampOf(call), call.params.person, call.body.until);
      return { status: 204 };
    },
  }),
  endpoint({
    ...{
      id: "endDelegation",
      method: "delete",
      path: "/api/v1/delegations/{person}",
      tag: "People",
      operation: "delegate",
    },
    summary: "Somebody may no longer approve for you",
    params: PersonParams,
    answers: { 204: { description: "They may not." } },
    run: async (call) => {
      await endDelegation(call.runtime.ledger, stampOf(call), toPrincipal(call.params.person));
      return { status: 204 };
    },
  }),
];

const StatsQuerySchema = z.strictObject({
  since: GivenTime.optional(),
  until: GivenTime.optional(),
  days: z.coerce.number().int().min(1).max(36_500).optional(),
  by: z.enum(["day", "week"]).optional(),
  thread: Id.optional(),
});

const ForgetBody = z
  .union([z.strictObject({ thread: Id }), z.strictObject({ person: Person }), z.strictObject({ all: z.literal(true) })])
  .openapi("Forget");

const viewEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "getStats", method: "get", path: "/api/v1/stats", tag: "Measures", operation: "viewStats" },
    summary: "How well runs go",
    description: "See docs/measures.md for what each of them means.",
    query: StatsQuerySchema,
    answers: {
      200: {
        description: "Of all runs of the time, and by day or week where asked for.",
        schema: z.looseObject({ all: z.looseObject({}), periods: z.array(z.looseObject({})) }).openapi("Stats"),
      },
    },
    run: async ({ runtime, identity, query: { thread, ...query } }) => {
      const scope = { ...query, ...(thread === undefined ? {} : { threadId: thread }) };
      return { status: 200, body: await measureStats(runtime, identity, definedIn(scope)) };
    },
  }),
  endpoint({
    ...{ id: "listNotices", method: "get", path: "/api/v1/notices", tag: "Measures", operation: "viewNotices" },
    summary: "What was told, or is to be; the newest 100",
    answers: {
      200: {
        description: "The notices.",
        schema: z.object({ notices: z.array(z.looseObject({ id: z.string(), kind: z.string() })) }).openapi("Notices"),
      },
    },
    run: async ({ runtime, identity }) => {
      return { status: 200, body: { notices: await viewNotices(runtime, identity) } };
    },
  }),
  endpoint({
    ...{ id: "explain", method: "get", path: "/api/v1/explanations/{id}", tag: "Approvals", operation: "explain" },
    summary: "Why a proposal was let through, stopped or denied",
    params: z.object({ id: Id.describe("A proposal's id, or a thread's.") }),
    answers: {
      200: {
        description: "The proposal and its decision; or the run and what was found.",
        schema: z.looseObject({}).openapi("Explanation"),
      },
    },
    run: async ({ runtime, identity, params }) => {
      return { status: 200, body: await explainProposal(runtime, identity, params.id) };
    },
  }),
  endpoint({
    ...{ id: "forget", method: "post", path: "/api/v1/forget", tag: "Audit", operation: "forget" },
    summary: "Take the personal data out of what has ended, for good",
    body: ForgetBody,
    answers: {
      200: {
        description: "How much was forgotten.",
        schema: z.looseObject({ runs: z.int(), decisions: z.int(), threads: z.array(z.string()) }).openapi("Forgotten"),
      },
    },
    run: async ({ runtime, identity, body }) => ({ status: 200, body: await forgetData(runtime, identity, body) }),
  }),
];

/** Without what is undefined. */
const definedIn = <T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;

export const tenantEndpoints: readonly AnyEndpoint[] = [...settingsEndpoints, ...peopleEndpoints, ...viewEndpoints];
