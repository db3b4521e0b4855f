/** What is wrong with a file, all of it at once, each with its place. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDefinitions } from "../../../src/tools/http/load.ts";
import { holdpoint } from "../../support/child.ts";
import { readmeExample } from "../../support/readme.ts";
import { tempDir } from "../../support/temp.ts";
import { CREATE, FIND, folderWith, newTracker, RENAME } from "./tracker.ts";

const HOST = "127.0.0.1:1";
/** What is wrong with the file, without where the folder is. */
function faultsOf(text: string): string[] {
  const folder = folderWith({ "t.yaml": text });
  return readDefinitions(folder).faults.map(({ where, message }) => `${where.slice(folder.length + 1)}: ${message}`);
}

describe("a file of an HTTP action", () => {
  it("is whole where nothing is said of it", () => {
    expect([CREATE(HOST), RENAME(HOST), FIND(HOST)].flatMap(faultsOf)).toEqual([]);
  });

  it("is told of every fault at once, with line, field, value and what was expected", () => {
    const bad = CREATE(HOST)
      .replace("name: create_ticket", "name: create ticket")
      .replace("version: 1", "version: one")
      .replace("method: POST", "method: SEND")
      .replace("kind: write", "kind: write\nspeed: high");
    expect(faultsOf(bad)).toEqual([
      't.yaml:2:7: name: expected a name such as rename_ticket; it is "create ticket"',
      't.yaml:3:10: version: Invalid input: expected number, received string; it is "one"',
      't.yaml:7:1: speed: there is no field "speed"',
      expect.stringMatching(/^t\.yaml:18:11: request\.method: Invalid option: expected one of .*; it is "SEND"$/),
    ]);
  });

  it.each<[string, string, string, string]>([
    ["a host from an argument", `http://${HOST}/tickets\n`, "https://${args.title}/x\n", "the host is written out"],
    [
      "a host in numbers",
      `http://${HOST}/tickets\n`,
      "https://2130706433/x\n",
      'expected the host as it is connected to, "127.0.0.1"',
    ],
    ["a host in hexadecimal", `http://${HOST}/tickets\n`, "https://0x7f.1/x\n", '"127.0.0.1"'],
    ["a host in octal", `http://${HOST}/tickets\n`, "https://0177.0.0.1/x\n", '"127.0.0.1"'],
    ["a host with a dot at the end", `http://${HOST}/tickets\n`, "https://example.com./x\n", '"example.com"'],
    ["a host in another alphabet", `http://${HOST}/tickets\n`, "https://ex\u00e4mple.com/x\n", '"xn--exmple-cua.com"'],
    ["a host in capitals", `http://${HOST}/tickets\n`, "https://Example.com/x\n", '"example.com"'],
    [
      "a name and a password",
      `http://${HOST}/tickets\n`,
      "https://me:pass@example.com/x\n",
      "expected an address such as",
    ],
    ["another scheme", `http://${HOST}/tickets\n`, "file:///etc/passwd\n", "expected an address such as"],
    [
      "a query in the address",
      `http://${HOST}/tickets\n`,
      "https://example.com/x?y=${args.title}\n",
      "with the query in query",
    ],
    ["a way up", `http://${HOST}/tickets\n`, "https://example.com/a/../x\n", "expected a path without . and .."],
    [
      "a secret that goes elsewhere",
      `http://${HOST}/tickets\n`,
      "https://example.com/x\n",
      "the secret TRACKER_TOKEN may not go to 127.0.0.1:1",
    ],
    [
      "a secret in an address",
      "/tickets/${output.id}",
      "/tickets/${secret.TRACKER_TOKEN}",
      "cannot be referred to here; there are: args, call, output, captured",
    ],
    ["an argument that there is not", "${args.title}", "${args.titel}", 'the input has no "titel"'],
    ["a reference that is none", '"${args.title}"', '"${args[0]}"', "expected references such as ${args.id}"],
    ["a reference with company", "{ $ref: args.labels }", "{ $ref: args.labels, more: 1 }", "a $ref stands alone"],
    [
      "a header of the connection",
      "headers: { authorization",
      "headers: { host: x, authorization",
      "is set by the connection itself",
    ],
    [
      "a header that is none",
      "headers: { authorization",
      'headers: { "x y": x, authorization',
      "expected the name of a header",
    ],
    ["arguments without names", "type: object\n  properties", "type: array\n  properties", 'expected type: "object"'],
    ["a schema that cannot be kept", "minLength: 1", "$ref: other.json", "leads elsewhere"],
    [
      "an example that does not fit",
      "example: { title:",
      "example: { titel:",
      'example.titel: there is no field "titel"',
    ],
    ["a promise without an undo", "  says: Took back ticket ${output.id}.", "  say: x", "undo.say"],
    [
      "a look-up by arguments",
      "${call.effect}",
      "${args.title}",
      '"args.title" cannot be referred to here; there are: call, secret',
    ],
    ["a read that writes", "kind: write", "kind: read", "a read has no undo"],
    ["a write that reads", "method: POST", "method: GET", 'a write is no "GET"'],
    ["a time that is none", "kind: write", "kind: write\ntimeoutMs: 99999999999", "timeoutMs"],
  ])("does not take %s", (_what, part, instead, words) => {
    const text = CREATE(HOST);
    expect(text).toContain(part);
    expect(faultsOf(text.replace(part, () => instead)).join("\n")).toContain(words);
  });

  it("does not take two of one name where a tenant would have both", () => {
    const files = { "all.yaml": FIND(HOST), "acme/find.yaml": FIND(HOST), "other/create.yaml": CREATE(HOST) };
    const folder = folderWith({ ...files, "acme/create.yaml": CREATE(HOST) });
    expect(readDefinitions(folder).faults).toEqual([
      {
        where: join(folder, "acme/find.yaml"),
        tenant: "acme",
        message: `${join(folder, "all.yaml")} has an action "find_ticket", too`,
      },
    ]);
  });
});

describe("on the command line", () => {
  it("actions check tells all faults; what is configured stops the start with them", async () => {
    const folder = folderWith({
      "acme/bad.yaml": FIND(HOST).replace("kind: read", "kind: both"),
      "good.yaml": FIND(HOST),
    });
    const place = { home: tempDir(), environment: { HOLDPOINT_HTTP_ACTIONS: folder } };
    const named = await holdpoint(place, "actions", "check", folder);
    expect([named.status, named.stderr]).toEqual([2, ""]);
    expect(named.stdout).toContain(`${join(folder, "acme/bad.yaml")}:6:7: kind: Invalid option`);
    expect(named.stdout.trimEnd().endsWith("1 fault. See docs/http-actions.md.")).toBe(true);
    const own = await holdpoint(place, "actions", "check", "--json"); // of another tenant nothing is told
    const told = { actions: ["find_ticket"], faults: [], othersLeftOut: true, exitStatus: 0 };
    expect(JSON.parse(own.stdout)).toEqual(told);
    const said = await holdpoint(place, "actions", "check");
    expect(said.stdout).toBe(
      "1 action, no faults.\nFiles of other tenants were left out: name the file or the folder, or give --tenant, to check those.\n",
    );
    const start = await holdpoint(place, "actions");
    expect(start.status).toBe(2);
    expect(start.stderr).toContain("bad.yaml:6:7: kind: Invalid option");
    expect((await holdpoint(tempDir(), "actions", "check")).stderr).toContain("No HTTP actions are configured.");
  });

  it("actions list, show and test know those of the tenant, which are tried against a scratch server alone", async () => {
    const tracker = await newTracker();
    const folder = folderWith({ "acme/create.yaml": CREATE("tracker.example.com") });
    const environment = { HOLDPOINT_HTTP_ACTIONS: folder, HOLDPOINT_SECRET_ACME__TRACKER_TOKEN: "a-real-secret" };
    const place = { home: tempDir(), environment };
    const ours = (...words: string[]) => holdpoint(place, "actions", ...words, "--tenant", "acme");
    expect((await ours("list")).stdout).toContain(join(folder, "acme/create.yaml"));
    expect((await holdpoint(place, "actions", "list")).stdout).not.toContain("create_ticket");
    expect((await holdpoint(place, "actions", "show", "create_ticket")).stderr).toContain("There is no action");
    expect((await ours("test", "create_ticket")).stderr).toContain("name it with --against");
    const tested = await ours("test", "create_ticket", "--against", `http://${tracker.host}`);
    expect([tested.status, tested.stdout.includes("broken")]).toEqual([0, false]);
    expect(tracker.seen.length).toBeGreaterThan(3);
    expect(tracker.seen.some(({ headers }) => String(headers.authorization).includes("real"))).toBe(false);
  });
});

describe("docs/http-actions.md", () => {
  it("shows a file that is whole", () => {
    const shown = readmeExample("rename_ticket", { file: "docs/http-actions.md", language: "yaml" });
    expect(faultsOf(shown)).toEqual([]);
  });
});
