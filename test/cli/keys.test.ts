/** Row G4 on the command line: keys are made, shown without their secrets, rotated and revoked. */
import { expect, it } from "vitest";
import { findKey } from "../../src/ledger/api-keys.ts";
import { holdpoint, holdpointProcess } from "../support/child.ts";
import { openLedgerOf } from "../support/ledger.ts";
import { tempDir } from "../support/temp.ts";

const now = () => new Date().toISOString();

it("a key is shown with its secret once, and then listed, rotated and revoked without it", async () => {
  const home = tempDir();
  expect((await holdpoint(home, "keys")).stdout).toContain("There are no keys");
  const words = ["keys", "create", "nightly", "--role", "operator", "--principal", "bot", "--scopes", "ask, show"];
  const made = await holdpointProcess(home, ...words, "--expires", "90d", "--tenant", "acme");
  expect(made).toMatchObject({ status: 0, stderr: "" });
  const [secret = ""] = made.stdout.split("\n");
  const ledger = await openLedgerOf(home);
  const key = await findKey(ledger, secret, now());
  expect(key).toMatchObject({ tenant: "acme", name: "nightly", principal: "bot", scopes: ["ask", "show"] });
  expect(Date.parse(key?.expiresAt ?? "") - Date.now()).toBeGreaterThan(89 * 24 * 3_600_000);
  const id = key?.id ?? "";
  const listed = await holdpoint(home, "keys", "--tenant", "acme");
  expect(listed.stdout).toMatch(new RegExp(`${id}.*nightly.*bot.*operator.*ask, show.*until `));
  const json = JSON.parse((await holdpoint(home, "keys", "--tenant", "acme", "--json")).stdout);
  expect(json.keys).toMatchObject([{ id, name: "nightly", role: "operator" }]);
  expect(JSON.stringify([listed.stdout, json])).not.toContain(secret.slice(20));
  expect((await holdpoint(home, "keys")).stdout).toContain("There are no keys");
  const rotated = await holdpoint(home, "keys", "rotate", id, "--tenant", "acme");
  expect(rotated.stdout).toMatch(/^hp_[\s\S]*The one before is taken until .* UTC\./);
  expect(await findKey(ledger, secret, now())).toMatchObject({ id });
  const again = JSON.parse((await holdpoint(home, "keys", "rotate", id, "--now", "--tenant", "acme", "--json")).stdout);
  expect(again).toMatchObject({ key: { id, previousUntil: null }, secret: expect.stringMatching(/^hp_/) });
  expect(await findKey(ledger, secret, now())).toBeUndefined();
  expect(await findKey(ledger, rotated.stdout.split("\n")[0] ?? "", now())).toBeUndefined();
  expect((await holdpoint(home, "keys", "revoke", id, "--tenant", "acme")).stdout).toContain(
    `${id} (nightly) is revoked`,
  );
  expect(await findKey(ledger, again.secret, now())).toBeUndefined();
  const { stdout } = await holdpoint(home, "audit", "export", "--tenant", "acme");
  for (const one of [secret, again.secret]) expect(stdout).not.toContain(one.slice(20));
});

it.each([
  [["keys", "create", "x"], "--role"],
  [["keys", "create", "x", "--role", "king"], '"king" is no role'],
  [["keys", "create", "x", "--role", "viewer", "--scopes", "audit"], "audit takes the role admin"],
  [["keys", "create", "x", "--role", "viewer", "--scopes", "nothing"], '"nothing" is no operation'],
  [["keys", "create", "x", "--role", "viewer", "--expires", "soon"], "--expires 30m"],
  [["keys", "create", "x", "--role", "viewer", "--principal", "system"], "what the system calls itself"],
  [["keys", "rotate", "0123456789abcdef"], "There is no key"],
  [["keys", "revoke", "0123456789abcdef"], "There is no key"],
])("what does not fit is refused: %s", async (words, message) => {
  const ended = await holdpoint(tempDir(), ...words);
  expect(ended).toMatchObject({ status: 2, stdout: "" });
  expect(ended.stderr).toContain(message);
});

it("a secret that somebody pastes as a request is masked", async () => {
  const home = tempDir();
  const { secret } = JSON.parse((await holdpoint(home, "keys", "create", "ci", "--role", "viewer", "--json")).stdout);
  await holdpoint(home, `Return 1 Classic with ${secret}`);
  const { stdout } = await holdpoint(home, "audit", "export");
  expect(stdout).not.toContain(secret.slice(20, 50));
});
