/** What the documents say of rules is so. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { RuleFactsSchema } from "../../src/policy/rule-facts.ts";
import { parseRules } from "../../src/policy/rules.ts";
import { MODES, TenantSettingsSchema } from "../../src/policy/settings.ts";
import { holdpoint } from "../support/child.ts";
import { readDocument, readmeExample } from "../support/readme.ts";
import { tempDir } from "../support/temp.ts";

it("the README's rules pass the README's cases", async () => {
  const home = tempDir();
  const write = (name: string) => {
    const path = join(home, `${name}.yaml`);
    writeFileSync(path, readmeExample(name, { language: "yaml" }));
    return path;
  };
  const ended = await holdpoint(
    { home, environment: { HOLDPOINT_RULES: write("rules") } },
    "policy",
    "test",
    write("cases"),
  );
  expect(ended.stderr).toBe("");
  expect(ended.stdout).toContain("2 of 2 cases");
  expect(ended.status).toBe(0);
});

it("the conditions of docs/policy.md can be taken", () => {
  const conditions = readmeExample("conditions", { file: "docs/policy.md", language: "cel" }).trim().split("\n");
  const rules = conditions.map((when, index) => ({ name: `r${index}`, when, effect: "deny", reason: "r" }));
  expect(parseRules(rules, { actions: ["send_mail"], where: "docs" })).toHaveLength(4);
});

it("docs/policy.md names every setting, and every check of the gate with its verdict", () => {
  const text = readDocument("docs/policy.md");
  for (const name of Object.keys(TenantSettingsSchema.shape)) expect(text).toContain(`\`${name}`);
  const checks = [...readDocument("src/policy/gate.ts").matchAll(/\[\s*"([a-z-]+)",\s*"(deny|escalate)"/g)];
  expect(checks.length).toBeGreaterThan(15);
  const rows = (/## What may happen by itself(.*?)\n## /s.exec(text)?.[1] ?? "").split("\n");
  for (const [, rule, verdict] of checks) {
    expect(
      rows.filter((row) => row.includes(`\`${rule}\``) && row.includes(`\`${verdict}\``)),
      rule,
    ).toHaveLength(1);
  }
});

it("docs/policy.md says what each safety mode means", () => {
  const level = (limit: string | null) =>
    limit === null ? "never" : limit === "low" ? "low impact" : `up to ${limit}`;
  for (const [mode, { upTo, preApprovedUpTo, irreversible }] of Object.entries(MODES)) {
    const cells = [
      `\`${mode}\``,
      level(upTo),
      level(preApprovedUpTo),
      irreversible ? "when it is pre-approved" : "never",
    ];
    for (const file of ["docs/policy.md", "README.md"]) {
      const rows = readDocument(file)
        .split("\n")
        .map((row) =>
          row
            .split("|")
            .map((cell) => cell.trim())
            .filter(Boolean),
        );
      expect(rows, file).toContainEqual(cells);
    }
  }
});

it("docs/policy.md names every fact", () => {
  const [, table = ""] = /### What a condition sees(.*?)```/s.exec(readDocument("docs/policy.md")) ?? [];
  for (const [fact, schema] of Object.entries(RuleFactsSchema.shape)) {
    const row = table.split("\n").filter((line) => line.includes(`\`${fact}`));
    expect(row.length, fact).toBeGreaterThan(0);
    const parts = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    for (const part of parts) expect(row.join("\n"), `${fact}.${part}`).toContain(`.${part}`);
  }
});
