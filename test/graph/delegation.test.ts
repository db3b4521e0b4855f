/** Approving for another: what a delegate may, what nobody may by delegation, and how many people it comes to. */
import { describe, expect, it } from "vitest";
import type { Impact } from "../../src/domain/proposal.ts";
import type { Role } from "../../src/domain/role.ts";
import { listApprovals } from "../../src/ledger/approvals.ts";
import { listAudit } from "../../src/ledger/audit.ts";
import { findDecision } from "../../src/ledger/decisions.ts";
import { endDelegation, listDelegations, setDelegation } from "../../src/ledger/delegations.ts";
import { forget } from "../../src/ledger/forget.ts";
import { setMember } from "../../src/ledger/members.ts";
import { changeSettings } from "../../src/ledger/settings.ts";
import type { AnyRead, AnyWrite } from "../../src/tools/action.ts";
import { answerThread } from "../../src/work/answer.ts";
import { continueThread, startRequest } from "../../src/work/threads.ts";
import { holdpoint } from "../support/child.ts";
import { createNotebook } from "../support/notebook.ts";
import { approveAll, openTestRuntime, rejectAll } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const as = (principal: string) => ({ identity: { tenant: "acme", principal } });
const ROLES: Record<string, Role> = {
  ...{ root: "admin", olga: "operator", anna: "approver", abel: "approver" },
  ...{ vera: "viewer", vito: "viewer" },
};

async function open(level: Impact["level"] = "medium") {
  const home = tempDir();
  const notebook = createNotebook(home);
  const [write, read] = notebook.actions as [AnyWrite, AnyRead];
  const impact = (): Impact => ({ level, resources: [], reversible: true, durationMs: 1 });
  let ahead = 0;
  const now = () => new Date(Date.now() + ahead).toISOString();
  const plans = { go: [{ id: "a" }, { id: "b" }] };
  const runtime = await openTestRuntime({ home, actions: [{ ...write, impact }, read], plans, now });
  const { ledger } = runtime;
  const stamp = (principal: string) => ({ tenant: "acme", principal, at: now() });
  for (const [principal, role] of Object.entries(ROLES)) await setMember(ledger, stamp("root"), principal, role);
  const asked = async (who = "olga") => (await startRequest(runtime, as(who), { request: "go" })).threadId;
  return {
    ...{ runtime, ledger, stamp, asked },
    delegate: (from: string, to: string, hours = 1) =>
      setDelegation(ledger, stamp(from), to, new Date(Date.parse(now()) + hours * 3_600_000).toISOString()),
    say: (who: string, threadId: string, answer: Parameters<typeof answerThread>[3] = approveAll) =>
      answerThread(runtime, as(who), threadId, answer).then(
        ({ run, question }) => run.answer?.status ?? question?.notices.join(),
        (error: Error) => error.message,
      ),
    wait: (hours: number) => {
      ahead += hours * 3_600_000;
    },
    lines: () => notebook.lines().map(({ did, text }) => `${did} ${text}`),
  };
}

describe("a delegate", () => {
  it("approves what the delegator may, and all records say by whom for whom", async () => {
    const { ledger, asked, delegate, say, lines } = await open();
    const threadId = await asked();
    expect(await say("vera", threadId)).toContain("takes the role operator; vera has the role viewer");
    await delegate("anna", "vera");
    expect(await say("vera", threadId)).toBe("success");
    expect(lines()).toEqual(["write a", "write b"]);
    const [{ proposalId } = { proposalId: "" }] = await ledger.selectFrom("decisions").select("proposalId").execute();
    const decision = await findDecision(ledger, "acme", proposalId);
    expect(decision).toMatchObject({ principal: "vera", onBehalfOf: "anna", verdict: "approved" });
    const entries = await listAudit(ledger, "acme");
    expect(entries.find(({ event }) => event === "delegation.set")).toMatchObject({
      ...{ principal: "anna", data: { delegate: "vera" } },
    });
    expect(entries.find(({ event }) => event === "decision.approved")).toMatchObject({
      ...{ principal: "vera", data: { onBehalfOf: "anna" } },
    });
  });

  it("uses their own right where that does", async () => {
    const { ledger, asked, delegate, say } = await open();
    await delegate("anna", "abel");
    expect(await say("abel", await asked())).toBe("success");
    expect(await ledger.selectFrom("decisions").select("onBehalfOf").execute()).toEqual([{ onBehalfOf: null }]);
  });

  it("may do nothing but approve", async () => {
    const { asked, delegate, say, runtime } = await open();
    await delegate("root", "vera");
    const threadId = await asked();
    expect(await say("vera", threadId, rejectAll)).toContain("takes the role operator");
    const edit = ({ proposalId }: { proposalId: string }) => ({
      ...{ proposalId, decisions: [{ type: "edit" as const, step: "a", editedAction: { args: { text: "x" } } }] },
    });
    expect(await say("vera", threadId, edit)).toContain("takes the role operator");
    await expect(startRequest(runtime, as("vera"), { request: "go" })).rejects.toThrow("takes the role operator");
  });

  it("may never more than the delegator at that moment", async () => {
    const { asked, delegate, say, ledger, stamp, lines } = await open();
    await delegate("olga", "vera");
    await delegate("anna", "vito");
    const threadId = await asked("abel");
    expect(await say("vera", threadId)).toContain("takes the role approver; vera has the role viewer");
    await setMember(ledger, stamp("root"), "anna", "viewer");
    expect(await say("vito", threadId)).toContain("takes the role operator");
    await setMember(ledger, stamp("root"), "anna", null);
    expect(await say("vito", threadId)).toContain("takes the role operator");
    expect(lines()).toEqual([]);
  });

  it("does not hand on what they have by delegation only", async () => {
    const { asked, delegate, say, ledger, stamp } = await open();
    await delegate("anna", "olga");
    await delegate("olga", "vera");
    expect(await say("vera", await asked("abel"))).toContain("takes the role approver");
    await expect(setDelegation(ledger, stamp("vera"), "vito", "2099-01-01T00:00:00.000Z")).rejects.toThrow("operator");
  });

  it("may not any more when the time is over, or the delegator or their own membership has ended it", async () => {
    const { asked, delegate, say, wait, ledger, stamp } = await open();
    const threadId = await asked();
    await delegate("anna", "vera", 2);
    wait(3);
    expect(await say("vera", threadId)).toContain("takes the role operator");
    await delegate("anna", "vera", 2);
    await endDelegation(ledger, stamp("anna"), "vera");
    expect(await say("vera", threadId)).toContain("takes the role operator");
    await delegate("anna", "vera", 2);
    await setMember(ledger, stamp("root"), "vera", null);
    expect(await say("vera", threadId)).toContain("vera has none");
  });

  it("is nobody who has no role, and not oneself; a time is one that is to come", async () => {
    const { ledger, stamp } = await open();
    const later = "2099-01-01T00:00:00.000Z";
    const soon = new Date(Date.now() + 60_000).toISOString();
    await expect(setDelegation(ledger, stamp("anna"), "nobody", soon)).rejects.toThrow('"nobody" has no role here');
    await expect(setDelegation(ledger, stamp("anna"), "anna", soon)).rejects.toThrow("stand in for themselves");
    await expect(setDelegation(ledger, stamp("anna"), "vera", later)).rejects.toThrow("longer than a year");
    await expect(setDelegation(ledger, stamp("anna"), "vera", "2020-01-01T00:00:00.000Z")).rejects.toThrow("over");
    await expect(endDelegation(ledger, stamp("anna"), "vera")).rejects.toThrow("does not stand in");
    expect(await listDelegations(ledger, "acme", stamp("anna").at)).toEqual([]);
  });
});

describe("where several people are needed, and not who asked", () => {
  it("a delegator and their delegates are one person", async () => {
    const { asked, delegate, say, lines } = await open("critical");
    const threadId = await asked();
    await delegate("anna", "vera");
    await delegate("anna", "vito");
    expect(await say("vera", threadId)).toContain("Approved by vera for anna. 1 more person has to approve it.");
    expect(await say("anna", threadId)).toContain("Approved by anna. 1 more person");
    expect(await say("vito", threadId)).toContain("Approved by vito for anna. 1 more person");
    expect(lines()).toEqual([]);
    expect(await say("abel", threadId)).toBe("success");
  });

  it("two delegates of different people are two, and one who stands in for both is one", async () => {
    const { asked, delegate, say } = await open("critical");
    await delegate("anna", "vera");
    await delegate("abel", "vera");
    await delegate("abel", "vito");
    const threadId = await asked();
    for (const again of ["", " once more"]) {
      expect(await say("vera", threadId)).toContain(`Approved${again} by vera for abel. 1 more`);
    }
    expect(await say("vito", threadId)).toContain("Approved by vito for abel. 1 more");
    expect(await say("anna", threadId)).toBe("success");
  });

  it("a delegate stands for who has no part in it yet", async () => {
    const { asked, delegate, say } = await open("critical");
    await delegate("abel", "vera");
    await delegate("anna", "vera");
    const threadId = await asked();
    expect(await say("abel", threadId)).toContain("Approved by abel");
    expect(await say("vera", threadId)).toBe("success"); // for anna
  });

  it("who asked approves for nobody, and nobody for them", async () => {
    const { asked, delegate, say, lines } = await open("critical");
    await delegate("anna", "olga");
    await delegate("abel", "vera");
    expect(await say("olga", await asked("olga"))).toContain("takes the role approver; olga has the role operator");
    const own = await asked("abel");
    expect(await say("vera", own)).toContain("takes the role approver; vera has the role viewer");
    await delegate("root", "abel");
    expect(await say("abel", own)).toContain('"abel" asked for this and may not approve it');
    expect(lines()).toEqual([]);
  });

  it("who has lost the role since they approved does not count", async () => {
    const { asked, say, ledger, stamp } = await open("critical");
    const threadId = await asked();
    await say("anna", threadId);
    await setMember(ledger, stamp("root"), "anna", "viewer");
    expect(await say("abel", threadId)).toContain("Approved by abel. 1 more person");
    expect(await say("root", threadId)).toBe("success");
  });
});

describe("just before anything runs", () => {
  const interrupted = async (level: Impact["level"] = "high") => {
    const opened = await open(level);
    const { ledger, runtime, asked, say } = opened;
    const threadId = await asked();
    const far = new Date(Date.now() + 60_000).toISOString();
    await ledger.updateTable("runs").set({ leaseUntil: far }).execute();
    await say("anna", threadId);
    return {
      ...opened,
      threadId,
      goOn: async () => {
        await ledger.updateTable("runs").set({ leaseUntil: null }).execute();
        return await continueThread(runtime, as("root"), threadId);
      },
    };
  };
  const rule = { role: "approver", people: 1, requesterMay: true, expiresMinutes: null };

  it.each([
    ["the role", { approvals: { high: { ...rule, role: "admin" } } }, "takes the role admin now, and anna has"],
    ["the people", { approvals: { high: { ...rule, people: 2 } } }, "now ask for 2 people, and 1 approved"],
  ])("a stricter setting of %s since the approval stops it, and it is proposed again", async (_what, change, said) => {
    const { ledger, stamp, goOn, lines } = await interrupted();
    await changeSettings(ledger, stamp("root"), change);
    const { run, question } = await goOn();
    expect(run.status).toBe("waiting");
    expect(question?.notices.join()).toContain(said);
    expect(lines()).toEqual([]);
    const decisions = await ledger.selectFrom("decisions").select("settingsVersion").execute();
    expect(decisions).toEqual([{ settingsVersion: 0 }]);
  });

  it("what is allowed no more is denied", async () => {
    const { ledger, stamp, goOn, lines } = await interrupted();
    await changeSettings(ledger, stamp("root"), { allowedActions: ["other"] });
    expect((await goOn()).run.answer?.status).toBe("denied");
    expect(lines()).toEqual([]);
  });

  it("an approver who has lost the role since is asked for again", async () => {
    const { ledger, stamp, goOn, lines } = await interrupted();
    await setMember(ledger, stamp("root"), "anna", "operator");
    expect((await goOn()).question?.notices.join()).toContain(
      "takes the role approver now, and anna has the role operator",
    );
    expect(lines()).toEqual([]);
  });

  it("settings that are as strict as before let it run, whatever their version", async () => {
    const { ledger, stamp, goOn } = await interrupted();
    await changeSettings(ledger, stamp("root"), { manyRows: 30 });
    expect((await goOn()).run.answer?.status).toBe("success");
  });
});

it("forgetting a person takes their name out of approvals, decisions and delegations", async () => {
  const { asked, delegate, say, ledger, stamp } = await open("critical");
  await delegate("anna", "vera");
  const threadId = await asked();
  await say("vera", threadId);
  await say("abel", threadId);
  await forget(ledger, stamp("root"), { person: "anna" });
  const [{ proposalId } = { proposalId: "" }] = await ledger.selectFrom("decisions").select("proposalId").execute();
  const left = await listApprovals(ledger, "acme", proposalId);
  expect(left.map(({ principal }) => principal)).toEqual(expect.arrayContaining(["vera", "abel"]));
  expect(JSON.stringify(left)).not.toContain("anna");
  expect(await listDelegations(ledger, "acme", stamp("root").at)).toEqual([]);
});

describe("on the command line", () => {
  it("a delegation is made, shown, used and ended", async () => {
    const home = tempDir();
    const ends = async (...words: string[]) => {
      const { status, stdout, stderr } = await holdpoint(home, ...words);
      return { status, said: stdout + stderr };
    };
    for (const [name, role] of [
      ["root", "admin"],
      ["olga", "operator"],
      ["anna", "approver"],
      ["vera", "viewer"],
    ] as const) {
      expect(await ends("members", name, role, "--as", "root")).toMatchObject({ status: 0 });
    }
    const low = JSON.stringify({ role: "approver", people: 1, requesterMay: true, expiresMinutes: null });
    await ends("settings", `approvals.low=${low}`, "--as", "root");
    const asked = JSON.parse((await holdpoint(home, "Return 1 Classic", "--json", "--as", "olga")).stdout);
    expect((await ends("delegate", "--as", "anna")).said).toContain("Nobody approves for another.");
    expect((await ends("delegate", "vera", "--until", "3d", "--as", "anna")).said).toMatch(/vera\W+anna/);
    expect((await ends("resume", asked.threadId, "--approve", "--as", "vera")).status).toBe(0);
    expect((await ends("show", asked.threadId, "--as", "vera")).said).toContain("approved by vera for anna at");
    const explained = (await ends("explain", asked.threadId, "--as", "vera")).said;
    expect(explained).toContain("approved by vera for anna under version 1 of the settings");
    expect((await ends("delegate", "--end", "vera", "--as", "anna")).said).toContain("Nobody approves for another.");
  });

  it.each([
    [["delegate", "bob"], "Say who may approve for you"],
    [["delegate", "--until", "3d"], "Say who may approve for you"],
    [["delegate", "bob", "--end", "eve"], "Say who may approve for you"],
    [["delegate", "bob", "--until", "soon"], '"soon" is no time'],
    [["delegate", "bob", "--until", "2030-01-31T18:00:00"], "is no time"],
    [["delegate", "bob", "--until", "2020-01-31"], "is over already"],
    [["delegate", "bob", "--until", "9999d"], "longer than a year"],
  ])("%s is refused", async (words, said) => {
    expect(await holdpoint(tempDir(), ...words)).toMatchObject({ status: 2, stderr: expect.stringContaining(said) });
  });
});
