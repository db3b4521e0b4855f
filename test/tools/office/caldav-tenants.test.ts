/** Whose calendar a tenant reaches. */
import { describe, expect, it } from "vitest";
import { serversOf } from "../../../src/tools/office/caldav-server.ts";
import { hasRadicale, startCalendarServer } from "./calendar-server.ts";
import { newOffice, TUESDAY } from "./support.ts";

const TUESDAY_ALL = { people: ["bob@example.com"], from: "2026-11-24T00:00:00Z", until: "2026-11-25T00:00:00Z" };
const HOST = "https://office:s3cret-pass@dav.example.com";

describe("the calendar of a tenant", () => {
  it("is named by its place in the address", () => {
    const serverOf = serversOf(`${HOST}/{tenant}/work`, false);
    expect(serverOf("acme").url).toBe("https://dav.example.com/acme/work/");
    expect(serverOf("a/../b?c#d e").url).toBe("https://dav.example.com/a%2F..%2Fb%3Fc%23d%20e/work/");
    expect(serverOf("acme").headers).toEqual(serverOf("other").headers);
  });

  it.each(["..", ".", "", "\uD800"])("is none for a name that leads elsewhere: %j", (tenant) => {
    expect(() => serversOf(`${HOST}/{tenant}/work/`, false)(tenant)).toThrow("cannot have a calendar");
  });

  it("is given by a function", () => {
    const serverOf = serversOf((tenant) => `https://dav.${tenant}.example/work/`, false);
    expect(serverOf("acme")).toMatchObject({ host: "dav.acme.example", url: "https://dav.acme.example/work/" });
    expect(() => serversOf(() => "nothing", false)("acme")).toThrow("is none such as");
  });

  it.each([
    "https://{tenant}.example.com/work/",
    "https://{tenant}:s3cret-pass@dav.example.com/work/",
    "https://dav.example.com/work/?of={tenant}",
  ])("stands in the path of the address only: %s", (address) => {
    const open = () => newOffice({ caldavUrl: address });
    expect(open).toThrow("The address of the calendar server");
    expect(open).not.toThrow("s3cret-pass");
  });

  it("is not that of all, unless that is said", async () => {
    const { read } = newOffice({ caldavUrl: `${HOST}/work/`, caldavShared: false });
    const failure = await read("check_availability", TUESDAY_ALL).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "action_failed",
      message: expect.stringContaining('dav.example.com has one calendar, and "acme" is not its tenant'),
    });
    expect(String((failure as Error).stack)).not.toContain("s3cret-pass");
    expect(serversOf(`${HOST}/work/`, false)("default").url).toBe(serversOf(`${HOST}/work/`, true)("acme").url);
  });
});

it.skipIf(!hasRadicale)("tenants have calendars of their own on one server (radicale)", async () => {
  const server = await startCalendarServer();
  for (const tenant of ["acme", "other"]) await server.make(tenant);
  const { create, read } = newOffice({ caldavUrl: server.url.replace("work", "{tenant}"), caldavShared: false });
  const { output } = await create.run(TUESDAY, "k1");
  await expect(create.run(TUESDAY, "k2")).rejects.toThrow("is busy");
  const found = async (tenant: string) => await read("find_events", { day: "Tuesday" }, { tenant });
  expect(await found("acme")).toMatchObject({ events: [{ id: output.id }] });
  expect(await found("other")).toMatchObject({ events: [] });
  await create.run(TUESDAY, "k1", { tenant: "other" });
  await expect(found("nobody")).rejects.toThrow("answered with status 404");
});
