/** Every command, done here and by a server: what is printed is the same, but for ids and times. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, holdpoint } from "../support/child.ts";
import { type ServerProcess, serveProcess } from "../support/server-process.ts";
import { tempDir } from "../support/temp.ts";

/** A place where commands are typed: with databases of its own, or with a server. */
interface Place {
  readonly type: (...words: string[]) => Promise<Ended>;
  /** What was printed before, by the names of cases. */
  readonly printed: Map<string, string>;
  readonly folder: string;
}

/** They outlive one test. */
const folder = mkdtempSync(join(tmpdir(), "holdpoint-remote-"));
let here: Place;
let there: Place;
let server: ServerProcess;

beforeAll(async () => {
  const home = join(folder, "here");
  server = await serveProcess(join(folder, "there"));
  const remote = { home: join(folder, "unused"), environment: { HOLDPOINT_URL: server.url } };
  here = { type: (...words) => holdpoint(home, ...words, "--as", "local"), printed: new Map(), folder };
  there = { type: (...words) => holdpoint(remote, ...words), printed: new Map(), folder };
  writeFileSync(
    join(folder, "cases.yaml"),
    "cases:\n  - { name: one, action: sell, args: { item: SG001, quantity: 1 }, expect: escalate }\n" +
      "  - { name: two, action: sell, expect: allow }\n",
  );
  writeFileSync(join(folder, "faulty.yaml"), "cases:\n  - { name: one, action: none, expect: escalate }\n");
});

afterAll(async () => {
  await server.end("SIGTERM");
  expect(existsSync(join(there.folder, "unused")), "no database is opened").toBe(false);
  rmSync(folder, { recursive: true, force: true });
});

interface Case {
  readonly words: (place: Place) => string[];
  /** 0 unless told otherwise. */
  readonly status?: number;
  /** It changes nothing, and so is tried as JSON, too. */
  readonly reads?: true;
  /** What is counted or measured differs: only the words are compared. */
  readonly counts?: true;
}

/** The thread, proposal or key that a case before it printed. */
const found = (pattern: RegExp) => (name: string) => (place: Place) =>
  pattern.exec(place.printed.get(name) ?? "")?.[1] ?? "";
const thread = found(/Thread (t-\w+)/);
const proposal = found(/--proposal (prop_\w+)/);
const key = found(/\((\w{16})\)/);

const RETURN = "Return 1 Classic";
const looks = (...words: string[]): Case => ({ words: () => words, reads: true });
const does = (...words: string[]): Case => ({ words: () => words });
const on = (name: string, before: string[], after: string[] = [], status = 0): Case => ({
  words: (place) => [...before, thread(name)(place), ...after],
  status,
});

/** In this order, one after the other. */
const CASES: Record<string, Case> = {
  "list, of nothing": looks("list"),
  "run, a question": does("Do you have any round sunglasses in stock?"),
  "run, not understood": { words: () => ["Sing a song"], status: 4 },
  run: { words: () => [RETURN], status: 3 },
  "list --waiting": { ...looks("list", "--waiting"), counts: true },
  "resume, to look": on("run", ["resume"], [], 3),
  "resume --not-now": on("run", ["resume"], ["--not-now", "--reason", "lunch"], 3),
  "resume, of another proposal": on("run", ["resume"], ["--approve", "--proposal", "prop_x"], 2),
  "resume --happened": on("run", ["resume"], ["--happened"], 2),
  "show, while it waits": { ...on("run", ["show"]), counts: true },
  "explain, while it waits": { ...on("run", ["explain"]), reads: true },
  "explain, a proposal": { words: (place) => ["explain", proposal("run")(place)], reads: true },
  "rollback, too early": on("run", ["rollback"], [], 6),
  "resume --approve": on("run", ["resume"], ["--approve"]),
  "resume --approve, again": on("run", ["resume"], ["--approve"], 6),
  "resume, when it has ended": on("run", ["resume"]),
  show: { ...on("run", ["show"]), counts: true },
  rollback: on("run", ["rollback"]),
  "rollback, again": on("run", ["rollback"], [], 6),
  "run, another": { words: () => [RETURN], status: 3 },
  "resume --reject": on("run, another", ["resume"], ["--reject", "wrong customer"]),
  "run, a third": { words: () => [RETURN], status: 3 },
  cancel: on("run, a third", ["cancel"], ["--reason", "no more"]),
  "cancel, again": on("run, a third", ["cancel"], [], 6),
  "run --thread": { words: (place) => ["run", RETURN, "--thread", thread("run")(place)], status: 3 },
  "resume --decisions": {
    words: (place) => {
      const path = join(place.folder, "decisions.json");
      const edit = { type: "edit", step: "s1", editedAction: { args: { item: "SG005", quantity: 2 } } };
      writeFileSync(path, JSON.stringify({ decisions: [edit] }));
      return ["resume", thread("run")(place), "--decisions", path];
    },
    status: 3,
  },
  "resume, an edited one": on("run", ["resume"], ["--approve"]),
  "show, an unknown one": { words: () => ["show", "t-none"], status: 2 },
  recover: { ...looks("recover"), counts: true },
  settings: looks("settings"),
  "settings, a change": does("settings", "automation=true", "approvals.high.people=3"),
  "settings, an unknown one": { words: () => ["settings", "colour=red"], status: 2 },
  "settings, an unknown action": { words: () => ["settings", 'preApprovedActions=["none"]'], status: 2 },
  "members, a change": does("members", "local", "admin"),
  "members, another": does("members", "zoe", "operator"),
  members: looks("members"),
  "members, no role": { words: () => ["members", "zoe", "queen"], status: 2 },
  "delegate, to somebody": does("delegate", "zoe", "--until", "3d"),
  delegate: { ...looks("delegate"), counts: true },
  "delegate --end": does("delegate", "--end", "zoe"),
  "members, taken": does("members", "zoe", "none"),
  keys: { ...looks("keys"), counts: true },
  "keys create": does("keys", "create", "ci", "--role", "operator", "--scopes", "ask,show", "--expires", "2090-01-01"),
  "keys rotate": { words: (place) => ["keys", "rotate", key("keys create")(place), "--now"] },
  "keys revoke": { words: (place) => ["keys", "revoke", key("keys create")(place)] },
  "keys revoke, an unknown one": { words: () => ["keys", "revoke", "0000000000000000"], status: 2 },
  "policy test": {
    words: ({ folder }) => ["policy", "test", join(folder, "cases.yaml")],
    reads: true,
    status: 5,
  },
  "policy test, with a fault": { words: ({ folder }) => ["policy", "test", join(folder, "faulty.yaml")], status: 2 },
  stats: { ...looks("stats", "--days", "7", "--by", "day"), counts: true },
  "stats, of nonsense": { words: () => ["stats", "--since", "yesterday"], status: 2 },
  playbooks: looks("playbooks"),
  "playbooks match": looks("playbooks", "match", RETURN),
  "playbooks match, nothing": { ...looks("playbooks", "match", "Sing a song"), status: 4 },
  actions: looks("actions"),
  "actions list": looks("actions", "list"),
  "actions show": looks("actions", "show", "sell"),
  "actions show, an unknown one": { words: () => ["actions", "show", "none"], status: 2 },
  "actions accept": does("actions", "accept", "--all"),
  "audit verify": { ...looks("audit", "verify"), counts: true },
  "audit export": { ...does("audit", "export"), counts: true },
  "audit anchor": { words: ({ folder }) => ["audit", "anchor", "--to", join(folder, "anchors.jsonl")], counts: true },
  "audit verify --anchor": {
    words: ({ folder, type }) => {
      const path = join(folder, `anchors-${type === here.type ? "here" : "there"}.jsonl`);
      return ["audit", "verify", "--anchor", path];
    },
    counts: true,
  },
  forget: on("run", ["forget"], ["--yes"]),
  "maintain --once": { ...does("maintain", "--once"), counts: true },
  metrics: { ...looks("metrics"), counts: true },
  notices: { ...looks("notices"), counts: true },
  reseed: does("reseed"),
};

/** Done on this machine wherever the rest is; options that are so are not in it. */
const LOCAL = ["playbooks check", "actions check", "actions test", "serve"];

/** Without what differs from run to run: ids, times, hashes, secrets, and how wide a table became by them. */
function plain(text: string, { counts }: Case): string {
  const same = text
    .replaceAll(/HOLDPOINT_(?:HOME|URL)=\S+ /g, "")
    .replaceAll(/\b(?:t-[0-9a-f]{6,}|(?:run|prop|rec|eff|msg)_[0-9a-f-]{6,})\b/g, "<id>")
    .replaceAll(/hp_\S+/g, "<secret>")
    .replaceAll(/\b[0-9a-f]{16,}\b/g, "<hash>")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<id>")
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?/g, "<time>")
    .replaceAll(/"(\w+Ms)": \d+/g, '"$1": 0')
    .replaceAll(/─+/g, "─")
    .replaceAll(/ +/g, " ");
  return counts ? same.replaceAll(/[\d.]+ ?(?:ms|s|%)?/g, "N ") : same;
}

async function print(place: Place, name: string, more: string[] = []): Promise<string> {
  const one = CASES[name] as Case;
  const { status, stdout, stderr } = await place.type(...one.words(place), ...more);
  expect([name, status, status === (one.status ?? 0) ? "" : stderr]).toEqual([name, one.status ?? 0, ""]);
  if (more.length === 0) place.printed.set(name, stdout);
  if (name === "audit anchor") return "";
  return plain(stdout, one);
}

describe("what is printed", () => {
  it.each(Object.keys(CASES))("%s", async (name) => {
    if (name === "audit verify --anchor") {
      for (const [place, called] of [
        [here, "here"],
        [there, "there"],
      ] as const) {
        await place.type("audit", "anchor", "--to", join(place.folder, `anchors-${called}.jsonl`));
      }
    }
    expect(await print(there, name)).toBe(await print(here, name));
    if (CASES[name]?.reads) expect(await print(there, name, ["--json"])).toBe(await print(here, name, ["--json"]));
  });

  it("is tried of every command", async () => {
    const below = async (...words: string[]) => {
      const { stdout } = await here.type(...words, "--help");
      const [list = ""] = (stdout.split("Commands:\n")[1] ?? "").split("\n\n");
      return [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, one]) => one ?? "").filter((one) => one !== "help");
    };
    const tried = Object.keys(CASES);
    const commands = await below();
    expect(commands).toContain("resume");
    for (const command of commands) {
      const names = [command, ...(await below(command)).map((name) => `${command} ${name}`)];
      for (const name of names.filter((one) => !["policy", "audit"].includes(one))) {
        const isTried = tried.some((one) => one === name || one.startsWith(`${name} `) || one.startsWith(`${name},`));
        expect([name, isTried || LOCAL.includes(name)]).toEqual([name, true]);
      }
    }
  });
});

describe("with a server", () => {
  it("commands of this machine say so, and need none", async () => {
    const gone = { home: tempDir(), environment: { HOLDPOINT_URL: "http://127.0.0.1:9" } };
    const tested = await holdpoint(gone, "actions", "test", "find_products");
    expect(tested).toMatchObject({ status: 0, stderr: expect.stringContaining("without the server of HOLDPOINT_URL") });
  });

  it("nobody says who they are besides by their key", async () => {
    for (const option of ["--as", "--tenant"]) {
      const { status, stderr } = await there.type("list", option, "somebody");
      expect([status, stderr]).toEqual([2, expect.stringContaining(`${option} says nothing to a server`)]);
    }
  });

  it("maintenance that goes on is the server's", async () => {
    const { status, stderr } = await there.type("maintain");
    expect([status, stderr]).toEqual([2, expect.stringContaining("Give --once")]);
  });

  it("that is not there, or is none, is told in a sentence", async () => {
    const home = tempDir();
    const list = (url: string, environment = {}) =>
      holdpoint({ home, environment: { HOLDPOINT_URL: url, ...environment } }, "list");
    const none = await list("http://127.0.0.1:49151");
    expect(none.stderr).toMatch(
      /^holdpoint: The server at http:\/\/127.0.0.1:49151 cannot be reached: ECONNREFUSED\. .*\n$/,
    );
    expect(none.status).toBe(7);
    const wrong = await list(server.url, { HOLDPOINT_KEY: "a", HOLDPOINT_TOKEN: "b" });
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("are both set")]);
    const path = await list(`${server.url}/api/v1`);
    expect([path.status, path.stderr]).toEqual([2, expect.stringContaining("of another version")]);
  }, 20_000);
});
