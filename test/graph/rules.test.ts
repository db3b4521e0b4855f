/** Rules of one's own, from the proposal to the commit. */
import { describe, expect, it } from "vitest";
import type { Policy } from "../../src/policy/policy.ts";
import { createPolicy, type PolicyOptions } from "../../src/policy/policy.ts";
import type { RuleInput } from "../../src/policy/rules.ts";
import { answerThread } from "../../src/work/answer.ts";
import { continueThread, startRequest } from "../../src/work/threads.ts";
import { createNotebook } from "../support/notebook.ts";
import { alice, approveAll, bob, mallory, openTestRuntime, type PlannedStep } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const rule = (more: Partial<RuleInput>): RuleInput => ({
  ...{ name: "own", effect: "deny", reason: "Not here." },
  ...more,
});
const note = (id: string, text: unknown = id): PlannedStep => ({ id, args: { text } as PlannedStep["args"] & object });

async function open(steps: PlannedStep[], policy: PolicyOptions | Policy) {
  const notebook = createNotebook(tempDir());
  const options = "checkPlan" in policy ? policy : createPolicy(policy, ["note"]);
  const runtime = await openTestRuntime({ actions: notebook.actions, policy: options, plans: { go: steps } });
  return { notebook, runtime, ask: (who = alice) => startRequest(runtime, who, { request: "go" }) };
}

describe("a rule", () => {
  it("that denies ends the run, and says which and why", async () => {
    const { ask, notebook } = await open([note("a", "secret")], {
      rules: [rule({ when: 'action.args.text == "secret"' })],
      approval: "never",
    });
    expect((await ask()).run.answer).toMatchObject({
      status: "denied",
      text: 'Rule "own": Not here. Nothing was changed.',
    });
    expect(notebook.lines()).toEqual([]);
  });

  it("that requires a role asks a person, although policy would approve by itself, and says who is needed", async () => {
    const { ask } = await open([note("a")], {
      rules: [rule({ effect: { require: { role: "admin", count: 2 } } })],
      approval: "never",
    });
    const { question, state } = await ask();
    expect(question).toBeDefined();
    expect(state.findings).toContainEqual(expect.objectContaining({ requires: { role: "admin", count: 2 } }));
  });

  it("that allows lets pass what it names, where only rules decide, and nothing else", async () => {
    const rules = [rule({ effect: "allow", when: 'action.args.text == "a"' })];
    const one = await open([note("a")], { rules, approval: "rules" });
    expect((await one.ask()).run.answer?.status).toBe("success");
    const two = await open([note("a"), note("b")], { rules, approval: "rules" });
    expect((await two.ask()).question).toBeDefined();
    expect(two.notebook.lines()).toEqual([]);
    const always = await open([note("a")], { rules });
    expect((await always.ask()).question).toBeDefined();
  });

  it("that allows takes nothing back that another one denies", async () => {
    const rules = [rule({ effect: "allow" }), rule({ name: "other" })];
    const { ask } = await open([note("a")], { rules, approval: "rules" });
    expect((await ask()).run.answer).toMatchObject({ status: "denied", text: expect.stringContaining('"other"') });
  });

  it("knows who asks, for which tenant, and what", async () => {
    const when = 'run.requester == "mallory" && tenant == "evil" && run.request == "go"';
    const { ask } = await open([note("a")], { rules: [rule({ when })] });
    expect((await ask(mallory)).run.answer?.status).toBe("denied");
    expect((await ask(alice)).question).toBeDefined();
  });

  it("is judged again when a person has changed the arguments, and the old proposal stays", async () => {
    const { ask, runtime } = await open([note("a")], { rules: [rule({ when: 'action.args.text == "secret"' })] });
    const { threadId } = await ask();
    const edit = answerThread(runtime, bob, threadId, (question) => ({
      proposalId: question.proposalId,
      decisions: [{ step: "a", type: "edit", editedAction: { args: { text: "secret" } } }],
    }));
    await expect(edit).rejects.toThrow('Rule "own": Not here.');
    const { question } = await continueThread(runtime, bob, threadId);
    expect(question?.actions[0]?.args).toEqual({ text: "a" });
  });
});

describe("a rule about what another write puts out", () => {
  const steps = [note("a", "first"), note("b", { $ref: "a.text" })];
  const ofB = 'action.step == "b" && ';

  it.each([
    ["the argument", `${ofB}action.args.text == "first"`],
    ["the rows that it changes", `${ofB}changes.exists(c, c.key == "first")`],
    ["the impact", `${ofB}impact.rank >= 1`],
  ])("asks while %s is not known, and denies when it is, before it runs", async (_what, when) => {
    const { ask, runtime, notebook } = await open(steps, { rules: [rule({ when })], approval: "never" });
    const { threadId, question, state } = await ask();
    expect(question).toBeDefined();
    expect(state.findings).toContainEqual(
      expect.objectContaining({ rule: "rule:own", verdict: "escalate", step: "b" }),
    );
    const { run } = await answerThread(runtime, bob, threadId, approveAll);
    expect(run.answer).toMatchObject({ status: "failed", text: expect.stringContaining('Rule "own": Not here.') });
    expect(notebook.lines().map(({ did, text }) => `${did} ${text}`)).toEqual(["write first", "undo first"]);
  });

  it("lets it run when it turns out to be none of its business", async () => {
    const when = `${ofB}action.args.text == "secret"`;
    const { ask, runtime, notebook } = await open(steps, { rules: [rule({ when })] });
    const { threadId } = await ask();
    expect((await answerThread(runtime, bob, threadId, approveAll)).run.answer?.status).toBe("success");
    expect(notebook.lines()).toHaveLength(2);
  });

  it("does not let it run with an approval that nobody was asked for", async () => {
    // Inside a text the reference is known as text, so that nothing is asked until it is resolved.
    const inText = [note("a", "first"), note("b", "see ${a.text}")];
    const rules = [rule({ when: 'action.args.text == "see first"', effect: { require: "admin" } })];
    const { ask, runtime, notebook } = await open(inText, { rules, approval: "never" });
    const { run } = await ask();
    expect(run.answer).toMatchObject({
      status: "failed",
      text: expect.stringContaining("needs an approval that was not asked for"),
    });
    expect(notebook.lines().map(({ did }) => did)).toEqual(["write", "undo"]);
    expect(runtime.policy.separateApprover).toBe(false);
  });
});

it("a program's policy that knows only the proposal still works", async () => {
  const seen: number[] = [];
  const base = createPolicy({ approval: "never" });
  const policy: Policy = {
    ...base,
    checkTransaction: (proposal) => {
      seen.push(proposal.actions.length);
      return base.checkTransaction(proposal);
    },
  };
  const { ask } = await open([note("a"), note("b")], policy);
  expect((await ask()).run.answer?.status).toBe("success");
  expect(new Set(seen)).toEqual(new Set([2]));
});
