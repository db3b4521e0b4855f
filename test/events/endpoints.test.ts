/** The file of endpoints for events: what fits, and that no error tells an address or a secret. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openEventEndpoints } from "../../src/events/endpoints.ts";
import { tempDir } from "../support/temp.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const ENVIRONMENT = { HOOK: SECRET, SLACK: "https://hooks.slack.example.com/services/T/B/xyz" };

function open(yaml: string) {
  const path = join(tempDir(), "events.yaml");
  writeFileSync(path, yaml);
  return openEventEndpoints(path, ENVIRONMENT);
}

describe("endpoints for events", () => {
  it("are read from a file, with secrets from the environment", () => {
    const [ops, team] = open(`endpoints:
  ops:
    url: https://ops.example.com/holdpoint
    secret: \${HOOK}
    events: [approval_needed, run_ended]
    tenants: [acme]
  team:
    url: \${SLACK}
    style: slack
    events: [approval_needed]
`);
    expect(ops).toMatchObject({ name: "ops", style: "standard", kinds: new Set(["approval_needed", "run_ended"]) });
    expect(ops?.tenants).toEqual(new Set(["acme"]));
    expect(team).toMatchObject({ name: "team", style: "slack", tenants: undefined });
    expect(team?.url.href).toBe(ENVIRONMENT.SLACK);
  });

  const fields = "url: https://x.example.com/private, events: [decided]";
  it.each([
    ["hooks: {}", /must hold `endpoints:`/],
    [`endpoints: { a: { url: "https://x.example.com/private", secret: "\${HOOK}" } }`, /"a" must list in `events`/],
    [`endpoints: { a: { url: "https://x.example.com/private", secret: "\${HOOK}", events: [] } }`, /must list/],
    [`endpoints: { a: { url: "https://x.example.com/private", secret: "\${HOOK}", events: [paid] } }`, /must list/],
    [`endpoints: { a: { ${fields}, secret: "\${HOOK}", tenants: acme } }`, /`tenants` that are no list/],
    [`endpoints: { a: { ${fields} } }`, /secret that is not "whsec_"/],
    [`endpoints: { a: { ${fields}, secret: short-private } }`, /secret that is not "whsec_"/],
    [`endpoints: { a: { ${fields}, secret: "\${MISSING}" } }`, /MISSING, which is not set/],
    [`endpoints: { a: { ${fields}, secret: "\${HOOK}", more: 1 } }`, /is not \{ url, secret, style \}/],
    [`endpoints: { a: { ${fields}, secret: "\${HOOK}", style: slack } }`, /Slack does not know/],
    [`endpoints: { A: { ${fields}, secret: "\${HOOK}" } }`, /a small letter/],
    [`endpoints: { a: { url: "http://x.example.com/private", events: [decided], secret: "\${HOOK}" } }`, /use https/],
    [`endpoints: { a: { url: "file:///private", events: [decided], secret: "\${HOOK}" } }`, /no http\(s\) address/],
  ])("%s is refused, and nothing of it is told but names", (yaml, problem) => {
    let said = "";
    try {
      open(yaml);
    } catch (error) {
      said = `${(error as Error).message} ${(error as { hint?: string }).hint}`;
    }
    expect(said).toMatch(problem);
    expect(said).toContain("docs/events.md");
    expect(said).not.toMatch(/private|Bwc/);
  });
});
