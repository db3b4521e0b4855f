/** Tools count as they were accepted: what is new, or has changed, is stopped until an admin has looked at it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { jsonSchemaOf } from "../../../src/domain/json-schema.ts";
import type { AnyWrite } from "../../../src/tools/action.ts";
import { checkContract } from "../../../src/tools/contract.ts";
import { fingerprintOf } from "../../../src/tools/fingerprint.ts";
import { differences } from "../../../src/tools/mcp/lock.ts";
import { actionIn, configFile, connect, connectAccepted, context, outcomeOf, scripted } from "./support.ts";

const lockOf = (file: string) => join(dirname(file), "mcp.lock.json");

describe("a tool", () => {
  it("that was never accepted is stopped, and nothing that its server says of it is told", async () => {
    const file = configFile(scripted());
    const mcp = await connect({ file });
    const ok = actionIn(mcp, "odd__ok") as AnyWrite;
    expect(JSON.stringify([ok.title, ok.description])).not.toContain("Does it well");
    expect(await outcomeOf(ok)).toEqual({ failed: expect.stringContaining("holdpoint actions accept odd__ok") });
    await expect(ok.preview({}, { ...context(), staged: [] })).rejects.toThrow("was never accepted");
    const { tools } = await mcp.waiting();
    const waiting = tools.find(({ tool }) => tool === "ok");
    expect(waiting).toMatchObject({ isNew: true, actions: ["odd__ok"], description: "Does it well." });
    expect(existsSync(lockOf(file))).toBe(false);
    mcp.accept([waiting as never], { principal: "ada", at: "2026-11-22T10:00:00.000Z" });
    const again = await connect({ file });
    expect(await outcomeOf(actionIn(again, "odd__ok"))).toEqual({ output: { text: "done" } });
    expect(again.actions.map(({ name }) => name)).toEqual(["odd__ok"]);
  });

  it.each(["change", "announce"])("that changes while it is used (%s) is stopped from then on", async (how) => {
    const file = configFile(scripted());
    const mcp = await connectAccepted({ file });
    expect(await outcomeOf(actionIn(mcp, "odd__ok"))).toEqual({ output: { text: "done" } });
    await outcomeOf(actionIn(mcp, `odd__${how}`));
    expect(await outcomeOf(actionIn(mcp, "odd__ok"))).toEqual({
      failed: expect.stringContaining("is not what was accepted any more"),
    });
    expect(await outcomeOf(actionIn(mcp, "odd__list"))).toEqual({ output: { text: "" } });
    const { tools } = await mcp.waiting();
    expect(tools).toMatchObject([{ tool: "ok", isNew: false }]);
    expect(tools[0]?.differences).toEqual([
      expect.stringMatching(/^description: "Does it well\." -> "Ignore all instructions/),
    ]);
    expect(actionIn(mcp, "odd__ok").description).toBe("Does it well.");
  });

  it("is what an approval is bound to, with all that is declared of it", async () => {
    const prints = [];
    for (const declared of [{}, { fixed: { a: 1 } }, { fixed: { a: 2 } }]) {
      const file = configFile(scripted({}, { actions: { ok: declared } }));
      prints.push(fingerprintOf(actionIn(await connectAccepted({ file }), "odd__ok") as AnyWrite));
      prints.push(fingerprintOf(actionIn(await connectAccepted({ file }), "odd__ok") as AnyWrite));
    }
    expect(new Set(prints).size).toBe(3);
  });

  it("is what an approval is bound to, with where its server is and whether it is believed", async () => {
    const prints = [];
    for (const [server, settings] of [
      [{}, {}],
      [{ cwd: "/" }, {}],
      [{}, { trusted: true }],
    ]) {
      const actions = { ok: { idempotent: false } };
      const file = configFile(scripted(server, { ...settings, actions }));
      prints.push(fingerprintOf(actionIn(await connectAccepted({ file }), "odd__ok") as AnyWrite));
    }
    expect(new Set(prints).size).toBe(3);
  });

  it("that changed is told by places, which hide nothing", () => {
    const definition = (properties: object, more: object = {}) => ({
      ...{ name: "t", inputSchema: { type: "object", properties }, ...more },
    });
    const [string, boolean] = [{ type: "string" }, { type: "boolean" }];
    const before = {
      fingerprint: "",
      acceptedBy: "ada",
      acceptedAt: "",
      definition: definition({ a: string, b: boolean }),
    };
    expect(differences(before, definition({ a: boolean, "c d": [] }, { annotations: { readOnlyHint: true } }))).toEqual(
      [
        'inputSchema.properties.a.type: "string" -> "boolean"',
        'inputSchema.properties.b: {"type":"boolean"} -> (none)',
        'inputSchema.properties["c d"]: (none) -> []',
        'annotations: (none) -> {"readOnlyHint":true}',
      ],
    );
  });

  it("is a write that nobody can undo, whatever its server says, unless it is trusted", async () => {
    const file = configFile(scripted());
    const plain = await connectAccepted({ file });
    expect(actionIn(plain, "odd__list")).toMatchObject({
      ...{ kind: "write", reversibility: "irreversible", idempotent: false, untrustedOutput: true },
    });
    writeFileSync(file, JSON.stringify(scripted({}, { trusted: true })));
    const trusted = await connect({ file });
    expect(actionIn(trusted, "odd__list")).toMatchObject({ kind: "read", untrustedOutput: true });
    expect(actionIn(trusted, "odd__ok")).toMatchObject({
      kind: "write",
      reversibility: "irreversible",
      idempotent: true,
    });
  });

  it("of a lock file that was changed by hand is not taken", async () => {
    const file = configFile(scripted());
    await connectAccepted({ file });
    const lock = lockOf(file);
    writeFileSync(lock, readFileSync(lock, "utf8").replace("Does it well.", "Trust me."));
    await expect(connect({ file })).rejects.toThrow('what it holds of "ok" was changed by hand');
    writeFileSync(lock, "{");
    await expect(connect({ file })).rejects.toThrow("it is no JSON");
  });
});

it("that waits is told of once, unless somebody asks what waits", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const file = configFile(scripted());
  const told: string[] = [];
  const warn = (text: string) => void told.push(text);
  const asked = await connect({ file, warn });
  await asked.waiting();
  await connect({ file, warn });
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([expect.stringMatching(/^17 tools of the MCP server "odd" wait to be accepted/)]);
});

it("whose undo was never accepted is stopped before anybody is asked", async () => {
  const actions = { keyed: { idempotent: { argument: "request" }, undo: { tool: "drop", args: {} } } };
  const file = configFile(scripted({}, { actions }));
  const first = await connect({ file });
  const { tools } = await first.waiting();
  first.accept(
    tools.filter(({ tool }) => tool === "keyed"),
    { principal: "ada", at: "2026-11-22T10:00:00.000Z" },
  );
  const mcp = await connect({ file });
  const action = actionIn(mcp, "odd__keyed") as AnyWrite;
  await expect(action.preview({ id: "7" }, { ...context(), staged: [] })).rejects.toThrow(
    '"drop" of "odd" was never accepted',
  );
});

describe("a declaration", () => {
  const keyed = {
    kind: "write",
    idempotent: { argument: "request" },
    lookup: { tool: "find", args: { id: { $ref: "key" } }, absent: ["^There is none"], output: { $ref: "output" } },
    undo: { tool: "drop", args: { id: { $ref: "output.made" } }, gone: ["^There is none"] },
    impact: { level: "low", resources: { $ref: "args.id" }, outside: ["${args.id}@example.com"] },
    summary: "Made ${output.made}.",
  };

  it("gives a key, a look-up, an undo from the output, and the contract is kept", async () => {
    const list = { kind: "read" };
    const file = configFile(scripted({}, { actions: { keyed, list } }));
    const mcp = await connectAccepted({ file });
    const action = actionIn(mcp, "odd__keyed") as AnyWrite;
    expect(jsonSchemaOf(action.input, "input")).toMatchObject({ properties: { id: { type: "string" } } });
    expect(action.input.safeParse({ id: "7", request: "mine" }).success).toBe(false);
    const snapshot = async () => (await outcomeOf(actionIn(mcp, "odd__list"))).output;
    const report = await checkContract(action, { args: { id: "7" }, snapshot });
    expect(report.checks.filter(({ outcome }) => outcome !== "kept")).toEqual([]);
    expect(action.impact?.({ id: "7" }, [])).toMatchObject({
      level: "low",
      resources: ["7"],
      outside: ["7@example.com"],
    });
    expect(action.summarize({ id: "7" }, { made: "7" })).toBe("Made 7.");
  });

  it("fixes and refuses arguments, and makes several actions of one tool", async () => {
    const actions = {
      find: { kind: "read", tool: "list" },
      list: { kind: "read", fixed: { id: "all" }, refuse: ["other"] },
      list_mine: { kind: "read", tool: "list" },
    };
    const mcp = await connectAccepted({ file: configFile(scripted({}, { actions, hide: ["ok"] })) });
    expect(actionIn(mcp, "odd__list").input.safeParse({ id: "mine" }).success).toBe(false);
    expect(actionIn(mcp, "odd__list_mine").input.safeParse({ id: "mine" }).success).toBe(true);
    const names = mcp.actions.map(({ name }) => name);
    expect(names).not.toContain("odd__ok");
    // The tool of that name, and the declaration of another one.
    expect(names.filter((name) => name.includes("find"))).toEqual(["odd__find.tool", "odd__find"]);
  });

  it.each<[string, object, string]>([
    ["an unknown field", { actions: { ok: { kinds: "read" } } }, 'there is no field "kinds"'],
    ["another kind", { actions: { ok: { kind: "delete" } } }, '"delete"'],
    [
      "an unknown reference",
      { actions: { ok: { summary: "${outputs.a}" } } },
      '"outputs.a" cannot be referred to here',
    ],
    ["a slow pattern", { actions: { ok: { errors: { nothing: ["(?=a)"] } } } }, "expected an RE2 pattern"],
  ])("is refused for %s, with its place", async (_what, settings, why) => {
    const file = configFile(scripted({}, settings));
    await expect(connect({ file })).rejects.toThrow(why);
    await expect(connect({ file })).rejects.toThrow(/mcp\.json:\d+:\d+: /);
  });

  it.each<[string, object, string]>([
    ["neither command nor url", { mcpServers: { a: { args: [] } } }, "expected a command, or the url"],
    [
      "a variable that is not set",
      { mcpServers: { a: { command: "x", env: { A: "${NOT_SET}" } } } },
      "NOT_SET is not set",
    ],
    ["another address", { mcpServers: { a: { url: "ftp://secret.example" } } }, "expected an http or https address"],
    [
      "headers without encryption",
      { mcpServers: { a: { url: "http://example.com", headers: { A: "secret" } } } },
      "expected https",
    ],
    [
      "a secret in an address without encryption",
      { mcpServers: { a: { url: "http://example.com/mcp?key=${SECRET}" } } },
      "expected https",
    ],
    [
      "a token in an address without encryption",
      { mcpServers: { a: { url: "http://example.com/mcp?api_token=secret" } } },
      "expected https",
    ],
    ["a server that is not there", { mcpServers: {}, holdpoint: { a: {} } }, 'there is no server "a"'],
    ["no servers", {}, "mcpServers"],
  ])("is refused for %s", async (_what, content, why) => {
    const failed = await connect({ file: configFile(content), environment: { SECRET: "very-secret" } }).catch(
      (error: Error) => error.message,
    );
    expect(failed).toContain(why);
    expect(failed).not.toContain("secret");
  });
});
