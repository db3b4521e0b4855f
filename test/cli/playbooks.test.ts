/** `playbooks`, and playbooks from the environment; what docs/playbooks.md shows is so. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { holdpoint, spawnScript } from "../support/child.ts";
import { readmeExample } from "../support/readme.ts";
import { tempDir } from "../support/temp.ts";

let home: string;
const file = (text: string, name = "playbooks.yaml") => {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
};
const documented = () => readmeExample("exchange", { file: "docs/playbooks.md", language: "yaml" });
const withPlaybooks = (text = documented()) => ({ home, environment: { HOLDPOINT_PLAYBOOKS: file(text) } });
const REQUEST = "Exchange Aviator for Moon for customer Alice";

beforeEach(() => {
  home = tempDir();
});

describe("playbooks from HOLDPOINT_PLAYBOOKS", () => {
  it("plan in a process of its own, and are carried out once approved", async () => {
    const env = { HOLDPOINT_HOME: home, HOLDPOINT_PLAYBOOKS: file(documented()) };
    const run = (...words: string[]) => spawnScript("src/cli/main.js", words, { env }).ended;
    const asked = await run(
      "Please swap 1 Aviator against Moon for the customer Alice because the hinge broke",
      "--json",
    );
    expect(asked.stderr).toBe("");
    const { threadId, plan } = JSON.parse(asked.stdout);
    expect(plan.source).toEqual({ kind: "playbook", name: "exchange" });
    expect(plan.steps.map(({ title }: { title: string }) => title)).toEqual([
      "Take back 1 × Aviator from Alice",
      "Sell 1 × Moon to Alice",
      "Write off what came back: the hinge broke",
    ]);
    const done = await holdpoint(withPlaybooks(), "resume", threadId, "--approve");
    expect(done.status).toBe(0);
    const shown = await holdpoint(home, "show", threadId); // also where the playbooks are no more
    expect(shown.stdout).toContain("by playbook exchange");
  });

  it("are shown with why a step was left out, and what one waits for", async () => {
    const steps = `
      - { id: all, title: Look at all, action: find_products, args: {} }
      - { id: none, title: Look once more, action: find_products, args: { inStock: true }, when: all.products.size() > 500 }
      - { id: later, title: Look later, action: find_products, args: { inStock: false }, notBefore: 2999-01-01T00:00:00Z }`;
    const text = `playbooks:\n  - name: look\n    title: Look\n    match: { examples: [Look three times] }\n    steps:${steps}\n`;
    const asked = await holdpoint(withPlaybooks(text), "Look three times", "--json");
    const shown = await holdpoint(home, "show", JSON.parse(asked.stdout).threadId);
    expect(shown.stdout).toMatch(
      /Look once more .+skipped.+\n +its condition is false: all\.products\.size\(\) > 500\n/,
    );
    expect(shown.stdout).toMatch(/Look later .+pending.+\n +not before 2999-01-01T00:00:00Z\n/);
  });

  it("stop the start when they do not fit, with the line, whatever is asked for", async () => {
    const bad = documented().replace("action: sell", "action: sel").replace("max: 60,", "max: 999,");
    const { status, stderr, stdout } = await holdpoint(withPlaybooks(bad), "list");
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(`${join(home, "playbooks.yaml")}:23:17: there is no action "sel"; there are`);
    expect(stderr).toContain(':20:23: take_back does not take "item" so: item must be one line of 1 to 100');
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    const none = { home, environment: { HOLDPOINT_PLAYBOOKS: join(home, "none.yaml") } };
    expect((await holdpoint(none, "list")).stderr).toContain("none.yaml does not exist");
  });

  it("may be a folder", async () => {
    mkdirSync(join(home, "all"));
    file(documented(), "all/exchange.yaml");
    const place = { home, environment: { HOLDPOINT_PLAYBOOKS: join(home, "all") } };
    expect((await holdpoint(place, "playbooks", "match", REQUEST)).status).toBe(0);
  });
});

describe("playbooks", () => {
  it("lists what there is", async () => {
    const { stdout, status } = await holdpoint(withPlaybooks(), "playbooks");
    expect(status).toBe(0);
    for (const part of [
      "exchange",
      "customer, back, instead, pieces, damage",
      "playbooks.yaml:2:11",
      "the example store",
    ])
      expect(stdout).toContain(part);
    const { playbooks } = JSON.parse((await holdpoint(withPlaybooks(), "playbooks", "--json")).stdout);
    expect(playbooks[0]).toMatchObject({ name: "exchange", examples: [expect.any(String), expect.any(String)] });
    expect(playbooks).toHaveLength(12);
    expect(playbooks.at(-2)).toMatchObject({ name: "move-meeting-on-date", from: "the office" });
    expect(playbooks.at(-1)).toMatchObject({ name: "onboarding", from: "operations" });
  });

  it("match says which takes a request, and its plan; nothing runs", async () => {
    const { stdout, status } = await holdpoint(withPlaybooks(), "playbooks", "match", ...REQUEST.split(" "));
    expect(stdout).toContain('The playbook "exchange" takes it:');
    expect(stdout).toContain('out: sell {"item":"Moon","quantity":1,"customer":"Alice"}, after back');
    expect(status).toBe(0);
    const none = await holdpoint(withPlaybooks(), "playbooks", "match", `${REQUEST} and delete the rest`);
    expect(none.stdout).toContain('"and delete the rest" was not understood');
    expect(none.status).toBe(4);
    const list = JSON.parse((await holdpoint(home, "list", "--json")).stdout);
    expect(list.runs).toEqual([]);
  });

  it("match shows a plan's text without what it could do to a terminal", async () => {
    const { stdout } = await holdpoint(
      withPlaybooks(),
      "playbooks",
      "match",
      'Exchange "A\u009b2J" for Moon for customer B',
    );
    expect(stdout).not.toContain("\u009b");
  });
});

describe("playbooks check", () => {
  it("ends with 0 when all are whole", async () => {
    expect(await holdpoint(home, "playbooks", "check", file(documented()))).toMatchObject({
      ...{ status: 0, stdout: "1 playbook, no faults.\n", stderr: "" },
    });
    expect((await holdpoint(withPlaybooks(), "playbooks", "check")).status).toBe(0);
  });

  it("ends with 2 when one cannot be used, a line for each fault, also where the environment names it", async () => {
    const bad = documented()
      .replace("action: sell", "action: sel")
      .replace("name: exchange", "name: exchange\n    titel: x");
    for (const ended of [
      await holdpoint(home, "playbooks", "check", file(bad)),
      await holdpoint(withPlaybooks(bad), "playbooks", "check"),
    ]) {
      expect(ended.stdout).toContain(`${join(home, "playbooks.yaml")}:3:5: there is no field "titel".\n1 fault.`);
      expect(ended.stderr).toBe("");
      expect(ended.status).toBe(2);
    }
    const { faults, exitStatus } = JSON.parse(
      (await holdpoint(home, "playbooks", "check", file(bad), "--json")).stdout,
    );
    expect(faults).toEqual([{ where: expect.stringMatching(/:3:5$/), message: 'there is no field "titel"' }]);
    expect(exitStatus).toBe(2);
  });

  it("ends with 5 when a wording does not do what it is for", async () => {
    const vague = documented().replace("back: { type: name", "back: { type: text");
    const swap =
      '  - { name: swap, title: S, parameters: { w: { type: text, max: 60 } }, match: { examples: ["Exchange {w}"] }, steps: [{ id: a, title: T, action: find_products, args: { text: "{w}" } }] }\n';
    const { stdout, status } = await holdpoint(home, "playbooks", "check", file(`${vague}${swap}`));
    expect(status).toBe(5);
    expect(stdout).toMatch(/playbooks.yaml:13:11: it never matches, such as ".*" fits two playbooks/);
  });

  it.each([
    [["playbooks", "check"], "No playbooks are configured. Name a file"],
    [["playbooks", "check", "/nowhere.yaml"], "/nowhere.yaml does not exist"],
    [["playbooks", "match"], "missing required argument"],
    [["playbooks", "chekc"], "too many arguments"],
  ])("%j is refused with 2", async (words, message) => {
    const { stderr, status } = await holdpoint(home, ...words);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });
});
