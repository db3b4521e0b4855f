/** A server as what does the work. What it answers has the form that the same work has here. */
import type { Client } from "../client/index.ts";
import { HoldpointError } from "../errors.ts";
import type { VersionedSettings } from "../ledger/settings.ts";
import type { TenantSettings } from "../policy/settings.ts";
import type { Backend, SystemBackend, TenantBackend } from "./backend.ts";
import { remoteRuns, type Told } from "./remote-runs.ts";

export function remoteBackend(client: Client, told: Told): Backend {
  const options = told.signal ? { signal: told.signal } : {};
  return {
    now: () => new Date().toISOString(),
    ...remoteRuns(client, told),
    ...tenantOf(client, options),
    ...systemOf(client, options),
  };
}

type Given = Pick<Told, "signal">;

/** The interface's schemas say less of some answers than is in them: those are what the same work makes here. */
const as = <T>(answer: unknown): T => answer as T;

function tenantOf(client: Client, given: Given): TenantBackend {
  return {
    whoAmI: async () => await client.call("whoAmI", {}, given),
    settings: async () => as(await client.call("getSettings", {}, given)),
    changeSettings: async (change) => await changeSettings(client, given, change),
    members: async () => (await client.call("listMembers", {}, given)).members,
    setMember: async (person, role) => {
      const path = { person };
      if (role === null) await client.call("removeMember", { path }, given);
      else await client.call("setMember", { path, body: { role } }, given);
      return (await client.call("listMembers", {}, given)).members;
    },
    delegations: async () => as((await client.call("listDelegations", {}, given)).delegations),
    delegate: async (person, until) =>
      void (await client.call("setDelegation", { path: { person }, body: { until } }, given)),
    endDelegation: async (person) => void (await client.call("endDelegation", { path: { person } }, given)),
    keys: async () => as((await client.call("listKeys", {}, given)).keys),
    createKey: async (input) => as(await client.call("createKey", { body: as(input) }, given)),
    rotateKey: async (key, body) => as(await client.call("rotateKey", { path: { key }, body }, given)),
    revokeKey: async (key) => as((await client.call("revokeKey", { path: { key } }, given)).key),
    stats: async ({ threadId: thread, ...query }) =>
      as(await client.call("getStats", { query: as({ ...query, thread }) }, given)),
    notices: async () => as((await client.call("listNotices", {}, given)).notices),
    checkAudit: async (anchors) => {
      const check = await (anchors.length === 0
        ? client.call("verifyAudit", {}, given)
        : client.call("compareAudit", { body: { anchors: [...anchors] } }, given));
      return as(check);
    },
    exportAudit: (query) => client.pieces("exportAudit", { query: as(query) }, given),
    takeAnchor: async () => await client.call("getAuditHead", {}, given),
    forget: async (subject) => as(await client.call("forget", { body: as(subject) }, given)),
  };
}

/** So often settings are changed anew that somebody else changed at the same time. */
const TRIES = 5;

/** The whole of the settings is sent, with the version that it was made of. */
async function changeSettings(
  client: Client,
  given: Given,
  change: (now: TenantSettings) => Record<string, unknown>,
): Promise<VersionedSettings> {
  for (let tries = 1; ; tries++) {
    const { version, settings } = as<VersionedSettings>(await client.call("getSettings", {}, given));
    const options = { ...given, version: `"${version}"` };
    try {
      return as(await client.call("putSettings", { body: as(change(settings)) }, options));
    } catch (error) {
      if (!(error instanceof HoldpointError && error.code === "stale") || tries === TRIES) throw error;
    }
  }
}

function systemOf(client: Client, given: Given): SystemBackend {
  return {
    actions: async () => as((await client.call("listDefinitions", {}, given)).definitions),
    action: async (name) => as(await client.call("getDefinition", { path: { name } }, given)),
    waitingTools: async () => as((await client.call("listTools", {}, given)).waiting),
    acceptTools: async (name) =>
      as(await client.call("acceptTools", { body: name === undefined ? {} : { name } }, given)),
    playbooks: async () => as((await client.call("listPlaybooks", {}, given)).playbooks),
    matchRequest: async (request) => as(await client.call("matchRequest", { body: { request } }, given)),
    whatCanBeAsked: async () => (await client.call("listPlaybooks", {}, given)).whatCanBeAsked,
    testPolicy: async ({ path, text }) =>
      as((await client.call("testPolicy", { body: { path, cases: text } }, given)).results),
    maintainOnce: async () => as(await client.call("maintain", {}, given)),
    metrics: async () => await client.call("getMetrics", {}, given),
    reseed: async () => as((await client.call("reseed", {}, given)).tables),
  };
}
