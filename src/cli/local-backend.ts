/** The runtime of this process as what does the work. */

import { createKey, revokeKey, rotateKey } from "../ledger/api-keys.ts";
import { assertMayAnswer, endDelegation, setDelegation } from "../ledger/delegations.ts";
import { assertMay, listMembers, setMember } from "../ledger/members.ts";
import { listProposals } from "../ledger/proposals.ts";
import { toPrincipal } from "../policy/principals.ts";
import type { StoreRuntime } from "../runtime.ts";
import { acceptTools } from "../work/accept-tools.ts";
import { describeAction, describeActions, listWaitingTools } from "../work/actions.ts";
import { takeAnchor } from "../work/anchor.ts";
import { answerThread, postponeThread } from "../work/answer.ts";
import { checkLog, exportLog } from "../work/audit.ts";
import { cancelThread } from "../work/cancel.ts";
import { forgetData } from "../work/forget.ts";
import {
  explainProposal,
  listThreads,
  showThread,
  viewDelegations,
  viewKeys,
  viewMembers,
  viewSettings,
} from "../work/look.ts";
import { maintainOnce } from "../work/maintain.ts";
import { readMetrics } from "../work/metrics.ts";
import { viewNotices } from "../work/notices.ts";
import { listPlaybooks, matchRequest } from "../work/playbooks.ts";
import { testCases } from "../work/policy-test.ts";
import { recoverRuns } from "../work/recover.ts";
import { reseedStore } from "../work/reseed.ts";
import { changeTenantSettings } from "../work/settings.ts";
import { shown } from "../work/shown.ts";
import { measureStats } from "../work/stats.ts";
import { type Caller, continueThread, readThread, rollBackThread, startRequest, viewThread } from "../work/threads.ts";
import type { Backend, RunsBackend, SystemBackend, TenantBackend } from "./backend.ts";

/** @param caller as whom, and how it hears that it is to stop */
export function localBackend(runtime: StoreRuntime, caller: Caller): Backend {
  return {
    now: runtime.now,
    ...runsOf(runtime, caller),
    ...tenantOf(runtime, caller),
    ...systemOf(runtime, caller),
  };
}

function runsOf(runtime: StoreRuntime, caller: Caller): RunsBackend {
  const { ledger } = runtime;
  const { identity } = caller;
  return {
    start: async (input) => shown(await startRequest(runtime, caller, input)),
    goOn: async (threadId) => shown(await continueThread(runtime, caller, threadId)),
    view: async (threadId) => shown(await viewThread(runtime, identity, threadId)),
    assertMayAnswer: async () => await assertMayAnswer(ledger, { ...identity, at: runtime.now() }),
    answer: async (threadId, decide) => shown(await answerThread(runtime, caller, threadId, decide)),
    postpone: async (threadId, about) => shown(await postponeThread(runtime, caller, threadId, about)),
    cancel: async (input) => shown(await cancelThread(runtime, caller, input)),
    rollBack: async (input) => await rollBackThread(runtime, caller, input),
    show: async (threadId) => {
      const { view, details } = await showThread(runtime, identity, threadId);
      return { view: shown(view), details };
    },
    proposals: async (threadId) => {
      const { run } = await readThread(runtime, identity, threadId);
      return await listProposals(ledger, identity.tenant, run.id);
    },
    list: async (options) => await listThreads(runtime, identity, options),
    recover: async () => await recoverRuns(runtime, caller),
    recoverFirst: async () => await recoverRuns(runtime, caller, { unasked: false }),
    explain: async (id) => await explainProposal(runtime, identity, id),
  };
}

function tenantOf(runtime: StoreRuntime, { identity }: Caller): TenantBackend {
  const { ledger } = runtime;
  const { tenant, principal } = identity;
  const stamp = () => ({ ...identity, at: runtime.now() });
  return {
    whoAmI: async () => ({ tenant, principal }),
    settings: async () => await viewSettings(runtime, identity),
    changeSettings: async (change, named) => await changeTenantSettings(runtime, identity, change, { named }),
    members: async () => await viewMembers(runtime, identity),
    setMember: async (person, role) => {
      await setMember(ledger, stamp(), person, role);
      return await listMembers(ledger, tenant);
    },
    delegations: async () => await viewDelegations(runtime, identity),
    delegate: async (person, until) => await setDelegation(ledger, stamp(), person, until),
    endDelegation: async (person) => await endDelegation(ledger, stamp(), toPrincipal(person)),
    keys: async () => await viewKeys(runtime, identity),
    createKey: async (input) => await createKey(ledger, stamp(), input),
    rotateKey: async (id, options) => await rotateKey(ledger, stamp(), id, options),
    revokeKey: async (id) => await revokeKey(ledger, stamp(), id),
    stats: async (query) => await measureStats(runtime, identity, query),
    notices: async () => await viewNotices(runtime, identity),
    checkAudit: async (anchors) => await checkLog(runtime, identity, anchors),
    exportAudit: (range) => exportLog(runtime, identity, range),
    takeAnchor: async () => await takeAnchor(runtime, identity),
    forget: async (subject) => await forgetData(runtime, identity, subject),
  };
}

function systemOf(runtime: StoreRuntime, { identity, control }: Caller): SystemBackend {
  const { ledger } = runtime;
  return {
    actions: async () => await describeActions(runtime, identity),
    action: async (name) => await describeAction(runtime, identity, name),
    waitingTools: async () => await listWaitingTools(runtime, identity),
    acceptTools: async (name) => await acceptTools(runtime, identity, name),
    playbooks: async () => await listPlaybooks(runtime, identity),
    matchRequest: async (request) => await matchRequest(runtime, identity, request),
    whatCanBeAsked: async () => runtime.whatCanBeAsked,
    testPolicy: async (file) => await testCases(runtime, identity, file),
    maintainOnce: async () => {
      await assertMay(ledger, identity, "maintain");
      return await maintainOnce(runtime, control ? { control } : {});
    },
    metrics: async () => {
      await assertMay(ledger, identity, "metrics");
      return await readMetrics(runtime);
    },
    reseed: async () => {
      await reseedStore(runtime, identity);
      return runtime.store.snapshot();
    },
  };
}
