import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../src/config.ts";

describe("the configuration", () => {
  it("has no models without a key, and needs nothing else", () => {
    expect(readConfig({})).toEqual({ home: expect.stringMatching(/\.holdpoint$/), planning: "playbooks" });
    expect(readConfig({ OPENAI_API_KEY: "", HOLDPOINT_HOME: " " })).not.toHaveProperty("models");
  });

  it("gives each role its model: its own, the general one, or the default", () => {
    const models = readConfig({ OPENAI_API_KEY: "k", HOLDPOINT_MODEL: "m", HOLDPOINT_REVIEWER_MODEL: "strong" }).models;
    expect(models).toMatchObject({ planner: "m", reviewer: "strong", reflector: "m", timeoutMs: 60_000 });
    expect(readConfig({ OPENAI_API_KEY: "k" }).models?.planner).toBe("gpt-5-mini");
    const worker = (more: object) => readConfig({ OPENAI_API_KEY: "k", ...more }).models?.worker;
    expect(worker({ HOLDPOINT_MODEL: "m", HOLDPOINT_PLANNER_MODEL: "p" })).toBe("p");
    expect(worker({ HOLDPOINT_PLANNER_MODEL: "p", HOLDPOINT_WORKER_MODEL: "w" })).toBe("w");
  });

  it("says of the office what the environment does", () => {
    const environment = { HOLDPOINT_TIME_ZONE: "Europe/Berlin", SMTP_URL: "smtps://mail.example.com" };
    expect(readConfig(environment).office).toEqual({ timeZone: "Europe/Berlin", smtpUrl: "smtps://mail.example.com" });
    const url = "https://office:pass@dav.example.com/{tenant}/work/";
    expect(readConfig({ CALDAV_URL: url, CALDAV_SHARED: "true" }).office).toEqual({
      ...{ caldavUrl: url, caldavShared: true },
    });
  });

  it("names playbooks and the file of rules, from the working directory", () => {
    expect(readConfig({ HOLDPOINT_PLAYBOOKS: "plays" })).toMatchObject({ playbooks: resolve("plays") });
    expect(readConfig({ HOLDPOINT_WEBHOOKS: "hooks.yaml" })).toMatchObject({ webhooks: resolve("hooks.yaml") });
    expect(readConfig({ HOLDPOINT_RULES: "rules.yaml", HOLDPOINT_APPROVAL: "rules" })).toMatchObject({
      rulesFile: resolve("rules.yaml"),
      approval: "rules",
    });
  });

  it("says whose tokens are taken, and where they say what", () => {
    const issuer = { HOLDPOINT_JWT_ISSUER: "https://id.example.com/", HOLDPOINT_JWT_AUDIENCE: "holdpoint" };
    const { tokens, auth } = readConfig({ ...issuer, HOLDPOINT_AUTH: "required" });
    expect(auth).toBe("required");
    expect(tokens).toEqual({
      ...{ issuer: "https://id.example.com/", audience: "holdpoint", tenantClaim: "tenant", rolesClaim: "roles" },
      jwksUrl: "https://id.example.com/.well-known/jwks.json",
    });
    const elsewhere = {
      ...{ HOLDPOINT_JWT_JWKS_URL: "http://127.0.0.1:8080/keys", HOLDPOINT_JWT_TENANT_CLAIM: "org" },
      HOLDPOINT_JWT_ROLES_CLAIM: "realm_access.roles",
    };
    expect(readConfig({ ...issuer, ...elsewhere, HOLDPOINT_JWT_ISSUER: "urn:id" }).tokens).toMatchObject({
      ...{ issuer: "urn:id", jwksUrl: "http://127.0.0.1:8080/keys" },
      ...{ tenantClaim: "org", rolesClaim: "realm_access.roles" },
    });
  });

  it.each([
    [{ HOLDPOINT_AUTH: "off" }, "HOLDPOINT_AUTH must be required, or be left out"],
    [{ HOLDPOINT_JWT_ISSUER: "https://id.example.com" }, "HOLDPOINT_JWT_AUDIENCE is not"],
    [{ HOLDPOINT_JWT_ISSUER: "http://id.example.com", HOLDPOINT_JWT_AUDIENCE: "a" }, "no https address"],
    [{ HOLDPOINT_JWT_JWKS_URL: "http://id.example.com/keys" }, "HOLDPOINT_JWT_JWKS_URL must be an https address"],
    [{ OPENAI_BASE_URL: "ftp://x" }, "OPENAI_BASE_URL must be an http or https address"],
    [{ OPENAI_API_KEY: "two words" }, "OPENAI_API_KEY must be one word"],
    [{ HOLDPOINT_TIME_ZONE: "Europe/Atlantis" }, "HOLDPOINT_TIME_ZONE must be the name of a time zone"],
    [{ HOLDPOINT_MAIL_FROM: "two words" }, "HOLDPOINT_MAIL_FROM must be a mail address"],
    [{ SMTP_URL: "https://two words@x" }, "SMTP_URL must be an smtp or smtps address"],
    [{ CALDAV_URL: "smtp://x" }, "CALDAV_URL must be an http or https address"],
    [{ CALDAV_SHARED: "perhaps" }, "CALDAV_SHARED must be true or false"],
    [{ HOLDPOINT_APPROVAL: "never" }, "HOLDPOINT_APPROVAL must be always or rules"],
    [{ HOLDPOINT_PLANNING: "never" }, "HOLDPOINT_PLANNING must be playbooks or model"],
    [{ HOLDPOINT_PLANNING: "model" }, "there is no OPENAI_API_KEY"],
    [{ HOLDPOINT_MODEL_TIMEOUT_S: "soon" }, "HOLDPOINT_MODEL_TIMEOUT_S must be a number of seconds"],
  ])("refuses what does not fit, naming the variable and never its value (%#)", (environment, message) => {
    expect(() => readConfig(environment)).toThrow(message);
    try {
      readConfig(environment);
    } catch (error) {
      expect(String(error)).not.toContain("two words");
    }
  });
});
