/** Roles and people: who may ask, decide, cancel, undo and set, and how many have to say yes. */
import { describe, expect, it } from "vitest";
import type { Impact } from "../../src/domain/proposal.ts";
import type { Role } from "../../src/domain/role.ts";
import { listApprovals } from "../../src/ledger/approvals.ts";
import { findDecision } from "../../src/ledger/decisions.ts";
import { listMembers, setMember } from "../../src/ledger/members.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import { startRun } from "../../src/ledger/start-run.ts";
import type { AnyRead, AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { cancelThread } from "../../src/work/cancel.ts";
import { recoverOnStart } from "../../src/work/recover.ts";
import { continueThread, rollBackThread, startRequest, viewThread } from "../../src/work/threads.ts";
import { holdpoint } from "../support/child.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, openTestRuntime, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const plans = { go: [{ id: "a" }, { id: "b" }] };
const as = (principal: string) => ({ identity: { tenant: "acme", principal } });
const carol = as("carol");

async function open(level: Impact["level"] = "medium", roles: Record<string, Role> = {}) {
  const home = tempDir();
  const notebook = createNotebook(home);
  const [write, read] = notebook.actions as [AnyWrite, AnyRead];
  const impact = (): Impact => ({ level, resources: [], reversible: true, durationMs: 1 });
  const runtime = await openTestRuntime({ home, actions: [{ ...write, impact }, read], plans });
  const stamp = { tenant: "acme", principal: "root", at: runtime.now() };
  const named: Record<string, Role> = Object.keys(roles).length > 0 ? { root: "admin" as const, ...roles } : {};
  for (const [principal, role] of Object.entries(named)) await setMember(runtime.ledger, stamp, principal, role);
  return { runtime, stamp, lines: () => notebook.lines().map(({ did, text }) => `${did} ${text}`) };
}

describe("what is critical", () => {
  it("takes two different people, and neither is who asked", async () => {
    const { runtime, lines } = await open("critical");
    const { threadId, question } = await startRequest(runtime, alice, { request: "go" });
    const own = answerThread(runtime, alice, threadId, approveAll);
    await expect(own).rejects.toMatchObject({ message: expect.stringContaining('"alice" asked for this') });
    for (const again of ["", " once more"]) {
      const { recorded, question: still } = await answerThread(runtime, bob, threadId, approveAll);
      expect(recorded).toBe(true);
      expect(still?.notices).toEqual([`Approved${again} by bob. 1 more person has to approve it.`]);
    }
    // What is refused does not pass for recorded because of an approval from before.
    const edit = answerThread(runtime, bob, threadId, ({ proposalId }) => ({ proposalId, decisions: [] }));
    await expect(edit).rejects.toMatchObject({ code: "usage" });
    expect(lines()).toEqual([]);
    expect(await findDecision(runtime.ledger, "acme", question?.proposalId ?? "")).toBeUndefined();
    expect((await answerThread(runtime, carol, threadId, approveAll)).run.answer?.status).toBe("success");
    expect(lines()).toEqual(["write a", "write b"]);
  });

  it("is not done where one of them rejects, in part or whole", async () => {
    const { runtime, lines } = await open("critical");
    const { threadId } = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, bob, threadId, approveAll).catch(() => undefined);
    await answerThread(runtime, carol, threadId, ({ proposalId }) => ({
      ...{ proposalId, decisions: [{ type: "approve" }, { type: "reject", message: "not b" }] },
    }));
    expect(lines()).toEqual(["write a"]);
    const other = await startRequest(runtime, alice, { request: "go" });
    await answerThread(runtime, bob, other.threadId, approveAll).catch(() => undefined);
    const { run } = await answerThread(runtime, carol, other.threadId, rejectAll);
    expect(run.answer?.status).toBe("rejected");
    expect(lines()).toEqual(["write a"]);
  });

  it("is asked for again when the settings ask for more people than have approved", async () => {
    const { runtime, stamp, lines } = await open("high");
    const { threadId, run } = await startRequest(runtime, alice, { request: "go" });
    const far = new Date(Date.now() + 60_000).toISOString();
    await runtime.ledger.updateTable("runs").set({ leaseUntil: far }).execute();
    await answerThread(runtime, bob, threadId, approveAll).catch(() => undefined);
    const high = { role: "approver", people: 2, requesterMay: true, expiresMinutes: null };
    await changeSettings(runtime.ledger, stamp, { approvals: { high } });
    await runtime.ledger.updateTable("runs").set({ leaseUntil: null }).execute();
    const view = await continueThread(runtime, bob, threadId);
    expect(view.run).toMatchObject({ id: run.id, status: "waiting" });
    expect(view.question?.notices.join()).toContain("now ask for 2 people, and 1 approved");
    expect(lines()).toEqual([]);
  });
});

describe("a role", () => {
  const roles: Record<string, Role> = { vera: "viewer", olga: "operator", anna: "approver", root: "admin" };
  const ORDER = ["nobody", "vera", "olga", "anna", "root"];

  it.each([
    ["ask", "olga"],
    ["reject", "olga"],
    ["edit", "olga"],
    ["approve", "anna"],
    ["cancel", "olga"],
    ["rollback", "anna"],
  ] as const)("to %s is that of %s, and those above", async (operation, from) => {
    for (const who of ORDER) {
      const { runtime } = await open("medium", roles);
      const asked = await startRequest(runtime, as("olga"), { request: "go" });
      const { threadId } = asked;
      if (operation === "rollback") await answerThread(runtime, as("anna"), threadId, approveAll);
      const edit = ({ proposalId }: { proposalId: string }) => ({
        ...{ proposalId, decisions: [{ type: "edit" as const, step: "a", editedAction: { args: { text: "x" } } }] },
      });
      const work: Record<typeof operation, () => Promise<unknown>> = {
        ask: () => startRequest(runtime, as(who), { request: "go" }),
        reject: () => answerThread(runtime, as(who), threadId, rejectAll),
        edit: () => answerThread(runtime, as(who), threadId, edit),
        approve: () => answerThread(runtime, as(who), threadId, approveAll),
        cancel: () => cancelThread(runtime, as(who), { threadId, reason: null }),
        rollback: () => rollBackThread(runtime, as(who), { threadId }),
      };
      const outcome = work[operation]().then(
        () => "done",
        (error: Error) => error.message,
      );
      const may = ORDER.indexOf(who) >= ORDER.indexOf(from);
      if (may) expect(await outcome).toBe("done");
      else expect(await outcome).toContain("This takes the role");
      const { run } = await viewThread(runtime, as("olga").identity, threadId);
      if (!may) expect(run.answer?.status).toBe(operation === "rollback" ? "success" : undefined);
    }
  });

  it("is not asked of whoever carries on what a crash left", async () => {
    const { runtime, lines } = await open("medium", roles);
    const { threadId } = await startRequest(runtime, as("olga"), { request: "go" });
    await answerThread(runtime, as("anna"), threadId, approveAll);
    // As a crash leaves it: the next request was taken in, and its checkpoint was not written.
    const stamp = { ...as("olga").identity, at: runtime.now() };
    await startRun(runtime.ledger, stamp, { id: "run_next", threadId, request: "go" });
    await runtime.ledger.updateTable("runs").set({ aliveUntil: null }).execute();
    expect(await recoverOnStart(runtime)).toMatchObject([{ outcome: "waiting", problem: null }]);
    expect(lines()).toEqual(["write a", "write b"]);
  });

  it("takes a request from whoever asked, and from nobody who comes upon it", async () => {
    const { runtime } = await open();
    const config = { configurable: { thread_id: "t-cut" }, context: as("olga").identity };
    // Cut off before anything of it was recorded.
    await runtime.graph.invoke({ request: "go" }, { ...config, interruptBefore: ["guardrail"] });
    const others = { ...config, context: as("vic").identity };
    await expect(runtime.graph.invoke(null, others)).rejects.toThrow("Somebody else has just asked");
    await runtime.graph.invoke(null, config);
    expect((await viewThread(runtime, as("vic").identity, "t-cut")).run.requester).toBe("olga");
  });

  it("is nothing that anybody lacks in a tenant that has named nobody", async () => {
    const { runtime } = await open();
    const { threadId } = await startRequest(runtime, as("anybody"), { request: "go" });
    expect((await answerThread(runtime, as("anybody"), threadId, approveAll)).run.answer?.status).toBe("success");
  });

  it("is given by an admin, of whom one stays, and counts in its own tenant only", async () => {
    const { runtime, stamp } = await open("medium", { bob: "approver" });
    await expect(setMember(runtime.ledger, stamp, "root", null)).rejects.toThrow("needs an admin among them");
    expect(await listMembers(runtime.ledger, "acme")).toHaveLength(2);
    expect(await listMembers(runtime.ledger, "evil")).toEqual([]);
  });
});

describe("on the command line", () => {
  it("members and settings are an admin's to change", async () => {
    const home = tempDir();
    expect((await holdpoint(home, "members")).stdout).toContain("Nobody is named");
    expect((await holdpoint(home, "members", "ada", "approver", "--as", "ada")).stderr).toContain("needs an admin");
    expect((await holdpoint(home, "members", "ada", "admin", "--as", "ada")).status).toBe(0);
    // As the only member: without any, everybody would be an admin again.
    expect((await holdpoint(home, "members", "ada", "none", "--as", "ada")).stderr).toContain(
      "Name another admin first",
    );
    expect((await holdpoint(home, "members", "otto", "operator", "--as", "ada")).stdout).toMatch(
      /ada\W+admin[\s\S]*otto\W+operator/,
    );
    for (const words of [
      ["settings", "automation=true"],
      ["members", "otto", "admin"],
    ]) {
      const refused = await holdpoint(home, ...words, "--as", "otto");
      expect(refused).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("takes the role admin; otto has the role operator"),
      });
    }
    for (const name of ["", "  ", "a\tb", "system", "Policy", "reviewer"]) {
      expect((await holdpoint(home, "members", name, "admin", "--as", "ada")).stderr, name).toContain(
        "no name for a p",
      );
      expect((await holdpoint(home, "list", "--as", name)).stderr, name).toContain("no name for a person");
    }
    expect((await holdpoint(home, "members", " ada ", "none", "--as", "ada")).stderr).toContain(
      "Name another admin first",
    );
    expect((await holdpoint(home, "members", "otto", "king", "--as", "ada")).stderr).toContain('"king" is no role');
    expect((await holdpoint(home, "members", "otto", "none", "--as", "ada")).stdout).not.toContain("otto");
  });
});

describe("a role that whoever authenticated somebody says", () => {
  const said = (principal: string, role: Role, scopes?: string[]) => ({
    identity: { tenant: "acme", principal, role, ...(scopes ? { scopes } : {}) },
  });

  it("is theirs in the graph, and is kept with approvals and decisions until they are carried out", async () => {
    // Members, none of whom they are; two have to approve.
    const { runtime, lines } = await open("critical", { otto: "operator" });
    const { threadId, question } = await startRequest(runtime, said("kim", "operator"), { request: "go" });
    const refused = answerThread(runtime, said("kai", "operator"), threadId, approveAll);
    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining("kai has the role operator") });
    const first = await answerThread(runtime, said("ann", "admin"), threadId, approveAll);
    expect(first.recorded).toBe(true);
    const proposalId = question?.proposalId ?? "";
    expect(await listApprovals(runtime.ledger, "acme", proposalId)).toMatchObject([
      { principal: "ann", role: "admin" },
    ]);
    const { run } = await answerThread(runtime, said("ben", "admin"), threadId, approveAll);
    expect(run.answer?.status).toBe("success");
    expect(lines()).toEqual(["write a", "write b"]);
    expect(await findDecision(runtime.ledger, "acme", proposalId)).toMatchObject({ principal: "ben", role: "admin" });
  });

  it("lets nobody do more than it, whatever they are as a member or in a tenant without any", async () => {
    for (const roles of [{}, { ann: "admin", olga: "operator" }] as Record<string, Role>[]) {
      const { runtime, lines } = await open("medium", roles);
      const { threadId } = await startRequest(runtime, as("olga"), { request: "go" });
      const low = said("ann", "operator");
      const message = expect.stringContaining("takes the role approver; ann has the role operator");
      await expect(answerThread(runtime, low, threadId, approveAll)).rejects.toMatchObject({ message });
      await expect(rollBackThread(runtime, low, { threadId })).rejects.toMatchObject({ code: "denied" });
      await expect(startRequest(runtime, said("ann", "viewer"), { request: "go" })).rejects.toThrow(
        "ann has the role viewer",
      );
      const scoped = said("ann", "admin", ["show", "ask"]);
      await expect(answerThread(runtime, scoped, threadId, approveAll)).rejects.toThrow("is for show, ask only");
      await expect(cancelThread(runtime, scoped, { threadId, reason: null })).rejects.toMatchObject({ code: "denied" });
      const { identity } = scoped;
      const call = { configurable: { thread_id: "elsewhere" }, context: { ...identity, scopes: ["show"] } };
      await expect(runtime.graph.invoke({ request: "go" }, call)).rejects.toThrow("is for show only");
      expect(lines()).toEqual([]);
    }
  });

  it("has to be one that there is", async () => {
    const { runtime } = await open();
    const call = { configurable: { thread_id: "t" }, context: { tenant: "acme", principal: "ann", role: "king" } };
    await expect(runtime.graph.invoke({ request: "go" }, call)).rejects.toThrow("context.role");
  });
});
