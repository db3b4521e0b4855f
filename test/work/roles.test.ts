/** The full matrix of who may do what: every operation, by every role, on the command line and in a program. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "@langchain/langgraph";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { includesRole, RoleSchema } from "../../src/domain/role.ts";
import { createHoldpoint, type Holdpoint, HoldpointError } from "../../src/index.ts";
import { OPERATIONS, type Operation } from "../../src/policy/operations.ts";
import { holdpoint } from "../support/child.ts";
import { dumpOf } from "../support/dump.ts";
import { tempDir } from "../support/temp.ts";
import { CREATE } from "../tools/http/tracker.ts";

/** By name, what they are; nora is nothing, and ulla is of a tenant that has named nobody. */
const PEOPLE = {
  nora: null,
  vera: "viewer",
  olga: "operator",
  anna: "approver",
  root: "admin",
  ulla: "admin",
} as const;
type Person = keyof typeof PEOPLE;

interface Seeded {
  readonly home: string;
  /** Waits for a decision. */
  readonly waiting: string;
  /** Was done. */
  readonly done: string;
  readonly proposal: string;
  /** The id of an API key. */
  readonly key: string;
}

let seeded: Record<"named" | "unnamed", Seeded>;

beforeAll(async () => {
  seeded = { named: await seed(true), unnamed: await seed(false) };
});

afterAll(() => {
  for (const { home } of Object.values(seeded)) rmSync(home, { recursive: true, force: true });
});

/** Its folder outlives one test. */
async function seed(named: boolean): Promise<Seeded> {
  const home = mkdtempSync(join(tmpdir(), "holdpoint-roles-"));
  const json = async (...words: string[]) => JSON.parse((await holdpoint(home, ...words, "--json")).stdout);
  const low = { role: "approver", people: 1, requesterMay: true, expiresMinutes: null };
  await holdpoint(home, "settings", `approvals.low=${JSON.stringify(low)}`);
  const done = await json("Return 1 Classic", "--as", "olga");
  await holdpoint(home, "resume", done.threadId, "--approve", "--as", "anna");
  const waiting = await json("Return 1 Classic", "--as", "olga");
  const { key } = await json("keys", "create", "ci", "--role", "viewer");
  const ledger = new Database(join(home, "ledger.db"));
  const at = new Date().toISOString();
  const later = new Date(Date.now() + 3_600_000).toISOString();
  for (const [name, role] of Object.entries({ ...PEOPLE, zoe: "viewer", ulla: null })) {
    if (named && role) ledger.prepare("insert into members values ('default', ?, ?, ?)").run(name, role, at);
    const delegation = ledger.prepare("insert into delegations values ('default', ?, 'zoe', ?, ?)");
    delegation.run(name, later, at);
  }
  ledger.close();
  return { home, waiting: waiting.threadId, done: done.threadId, proposal: waiting.question.proposalId, key: key.id };
}

/** Copies the seeded databases, which were closed whole. */
function copyOf({ home }: Seeded): string {
  const copy = tempDir();
  cpSync(home, copy, { recursive: true });
  return copy;
}

type Words = (place: Seeded & { file(name: string, text: string): string }) => string[];
interface Case {
  readonly operation: Operation | "approve";
  readonly words: Words;
  /** 0 unless told otherwise. */
  readonly status?: number;
}

const one = (decision: object) => JSON.stringify({ decisions: [decision] });
const CASES: Record<string, Case> = {
  run: { operation: "ask", words: () => ["Return 1 Classic"], status: 3 },
  "run, what changes nothing": { operation: "ask", words: () => ["Do you have any round sunglasses in stock?"] },
  "resume, to look": { operation: "resume", words: ({ waiting }) => ["resume", waiting], status: 3 },
  "resume --approve": { operation: "approve", words: ({ waiting }) => ["resume", waiting, "--approve"] },
  "resume --reject": { operation: "answer", words: ({ waiting }) => ["resume", waiting, "--reject", "no"] },
  "resume --not-now": { operation: "answer", words: ({ waiting }) => ["resume", waiting, "--not-now"], status: 3 },
  "resume --decisions, an edit": {
    operation: "answer",
    words: ({ waiting, file }) => {
      const args = { item: "SG005", quantity: 2 };
      const text = one({ type: "edit", step: "s1", editedAction: { args } });
      return ["resume", waiting, "--decisions", file("edit.json", text)];
    },
    status: 3,
  },
  show: { operation: "show", words: ({ waiting }) => ["show", waiting] },
  list: { operation: "list", words: () => ["list"] },
  explain: { operation: "explain", words: ({ waiting }) => ["explain", waiting] },
  "explain, a proposal": { operation: "explain", words: ({ proposal }) => ["explain", proposal] },
  cancel: { operation: "cancel", words: ({ waiting }) => ["cancel", waiting] },
  rollback: { operation: "rollback", words: ({ done }) => ["rollback", done] },
  recover: { operation: "recover", words: () => ["recover"] },
  settings: { operation: "viewSettings", words: () => ["settings"] },
  "settings, a change": { operation: "changeSettings", words: () => ["settings", "automation=true"] },
  members: { operation: "viewMembers", words: () => ["members"] },
  // The admin names themselves first, so that a tenant which had named nobody has one.
  "members, a change": { operation: "changeMembers", words: () => ["members", "root", "admin"] },
  delegate: { operation: "viewDelegations", words: () => ["delegate"] },
  "delegate, to somebody": { operation: "delegate", words: () => ["delegate", "zoe", "--until", "3d"] },
  "delegate --end": { operation: "delegate", words: () => ["delegate", "--end", "zoe"] },
  "policy test": {
    operation: "testPolicy",
    words: ({ file }) => [
      ...["policy", "test"],
      file(
        "cases.yaml",
        "cases:\n  - { name: one, action: sell, args: { item: SG001, quantity: 1 }, expect: escalate }\n",
      ),
    ],
  },
  playbooks: { operation: "viewPlaybooks", words: () => ["playbooks"] },
  "playbooks check": {
    operation: "viewPlaybooks",
    words: ({ file }) => ["playbooks", "check", file("playbooks.yaml", "playbooks: []\n")],
  },
  "playbooks match": { operation: "viewPlaybooks", words: () => ["playbooks", "match", "Return 1 Classic"] },
  actions: { operation: "viewActions", words: () => ["actions"] },
  "actions list": { operation: "viewActions", words: () => ["actions", "list"] },
  "actions show": { operation: "viewActions", words: () => ["actions", "show", "sell"] },
  "actions test": { operation: "testActions", words: () => ["actions", "test", "find_products"] },
  "actions accept": { operation: "acceptTools", words: () => ["actions", "accept", "--all"] },
  "actions check": {
    operation: "viewActions",
    words: ({ file }) => ["actions", "check", file("ticket.yaml", CREATE("127.0.0.1:1"))],
  },
  keys: { operation: "viewKeys", words: () => ["keys"] },
  "keys create": { operation: "changeKeys", words: () => ["keys", "create", "bot", "--role", "admin"] },
  "keys rotate": { operation: "changeKeys", words: ({ key }) => ["keys", "rotate", key] },
  "keys revoke": { operation: "changeKeys", words: ({ key }) => ["keys", "revoke", key] },
  "audit verify": { operation: "audit", words: () => ["audit", "verify"] },
  "audit export": { operation: "audit", words: () => ["audit", "export"] },
  "audit anchor": { operation: "audit", words: ({ file }) => ["audit", "anchor", "--to", file("anchors.jsonl", "")] },
  forget: { operation: "forget", words: ({ done }) => ["forget", done, "--yes"] },
  "maintain --once": { operation: "maintain", words: () => ["maintain", "--once"] },
  metrics: { operation: "metrics", words: () => ["metrics"] },
  serve: { operation: "serve", words: () => ["serve", "--dev", "--port", "0"] },
  notices: { operation: "viewNotices", words: () => ["notices"] },
  stats: { operation: "viewStats", words: () => ["stats", "--days", "7", "--by", "day"] },
  "stats, of a thread": { operation: "viewStats", words: ({ done }) => ["stats", "--thread", done] },
  reseed: { operation: "reseed", words: () => ["reseed"] },
};

const roleFor = (operation: Case["operation"]) => (operation === "approve" ? "approver" : OPERATIONS[operation]);
/** Whoever may answer nothing is told so first. */
const neededOf = (operation: Case["operation"], person: Person) =>
  operation === "approve" && !includesRole(PEOPLE[person], OPERATIONS.answer) ? OPERATIONS.answer : roleFor(operation);
const everybody = Object.keys(PEOPLE) as Person[];

describe("every command", () => {
  it("is in the matrix", async () => {
    const home = tempDir();
    const below = async (...words: string[]) => {
      const { stdout } = await holdpoint(home, ...words, "--help");
      const [list = ""] = (stdout.split("Commands:\n")[1] ?? "").split("\n\n");
      return [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? "").filter((name) => name !== "help");
    };
    const commands = await below();
    expect(commands).toContain("resume");
    const tried = Object.entries(CASES).map(([name, { words }]) => {
      const place = { ...seeded.named, file: () => "file" };
      return name.startsWith("run") ? "run" : words(place).slice(0, 2).join(" ");
    });
    for (const command of commands) {
      const subcommands = ["audit", "policy", "playbooks", "keys"].includes(command) ? await below(command) : [];
      const names = subcommands.length > 0 ? subcommands.map((name) => `${command} ${name}`) : [command];
      for (const name of names)
        expect(
          tried.some((words) => `${words} `.startsWith(`${name} `)),
          name,
        ).toBe(true);
    }
    expect(new Set(Object.values(CASES).map(({ operation }) => operation))).toEqual(
      new Set([...Object.keys(OPERATIONS), "approve"]),
    );
  });

  it.each(Object.keys(CASES))("%s: whoever has the role may, and for others nothing changes", async (name) => {
    const { operation, words, status = 0 } = CASES[name] as Case;
    for (const person of everybody) {
      const from = person === "ulla" ? seeded.unnamed : seeded.named;
      const home = copyOf(from);
      const file = (called: string, text: string) => {
        writeFileSync(join(home, called), text);
        return join(home, called);
      };
      const typed = words({ ...from, file });
      const before = dumpOf(home);
      const ended = await holdpoint(home, ...typed, "--as", person);
      const told = `${name} by ${person}: ${ended.stdout} ${ended.stderr}`;
      if (includesRole(PEOPLE[person], roleFor(operation))) {
        expect(ended.status, told).toBe(status);
      } else {
        expect(ended.status, told).toBe(2);
        expect(ended.stderr, told).toContain(`takes the role ${neededOf(operation, person)}; ${person} has `);
        expect(ended.stdout, told).toBe("");
        expect(dumpOf(home), told).toEqual(before);
      }
    }
  });
});

type Call = (program: Holdpoint, who: Person, place: Seeded) => Promise<unknown>;
const on = (thread: string, principal: string) => ({
  configurable: { thread_id: thread },
  context: { tenant: "default", principal },
});

async function answer(program: Holdpoint, who: Person, thread: string, given: object): Promise<unknown> {
  const { tasks } = await program.graph.getState({ configurable: { thread_id: thread } });
  const id = tasks[0]?.interrupts[0]?.id ?? "";
  return await program.invoke(new Command({ resume: { [id]: given } }), on(thread, who));
}

const CALLS: Record<string, [Case["operation"], Call]> = {
  "invoke, a request": ["ask", (program, who) => program.invoke({ request: "Return 1 Classic" }, on("new", who))],
  "invoke, an approval": [
    "approve",
    (program, who, { waiting }) => answer(program, who, waiting, { decisions: [{ type: "approve" }] }),
  ],
  "invoke, a rejection": [
    "answer",
    (program, who, { waiting }) => answer(program, who, waiting, { decisions: [{ type: "reject", message: "no" }] }),
  ],
  "invoke, not now": ["answer", (program, who, { waiting }) => answer(program, who, waiting, { notNow: true })],
  "invoke, to go on": ["resume", (program, who, { waiting }) => program.invoke(null, on(waiting, who))],
  stream: [
    "ask",
    async (program, who) => {
      const options = { ...on("new", who), streamMode: "values" as const };
      for await (const _ of await program.stream({ request: "Return 1 Classic" } as never, options));
    },
  ],
  cancel: [
    "cancel",
    (program, who, { waiting }) => program.cancel({ threadId: waiting }, { tenant: "default", principal: who }),
  ],
  rollback: [
    "rollback",
    (program, who, { done }) => program.rollback({ threadId: done }, { tenant: "default", principal: who }),
  ],
  recover: ["recover", (program, who) => program.recover({ tenant: "default", principal: who })],
  stats: [
    "viewStats",
    (program, who, { done }) => program.stats({ threadId: done }, { tenant: "default", principal: who }),
  ],
};

describe("every operation of a program", () => {
  it.each(Object.keys(CALLS))("%s: whoever has the role may, and for others nothing changes", async (name) => {
    const [operation, call] = CALLS[name] as [Case["operation"], Call];
    for (const person of everybody) {
      const from = person === "ulla" ? seeded.unnamed : seeded.named;
      const home = copyOf(from);
      const program = await createHoldpoint({ home, exampleStore: true });
      onTestFinished(() => program.close());
      const before = dumpOf(home);
      const outcome = await call(program, person, from).then(
        (result) => JSON.stringify(result ?? null),
        (error: unknown) => (error instanceof HoldpointError ? `refused: ${error.message}` : Promise.reject(error)),
      );
      // An answer that is not taken is asked for again, which says why.
      const refusal = `takes the role ${neededOf(operation, person)}; ${person} has `;
      const may = includesRole(PEOPLE[person], roleFor(operation));
      expect(outcome.includes(refusal), `${name} by ${person}: ${outcome}`).toBe(!may);
      if (may) expect(outcome, `${name} by ${person}`).not.toContain("refused: ");
      else expect(dumpOf(home), `${name} by ${person}`).toEqual(before);
      await program.close();
    }
  });
});

describe("the table of docs/policy.md", () => {
  it("says what the code says", () => {
    const text = readFileSync("docs/policy.md", "utf8");
    const [section = ""] = (text.split("## Who may do what")[1] ?? "").split("\n## ");
    const rows = [...section.matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)].map(([, operation, role]) => [operation, role]);
    expect(Object.fromEntries(rows)).toEqual(OPERATIONS);
    for (const [, role] of rows) expect(RoleSchema.options).toContain(role);
  });
});
