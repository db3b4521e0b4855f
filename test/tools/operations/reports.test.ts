import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { newOperations } from "./support.ts";

type Args = Parameters<ReturnType<ReturnType<typeof newOperations>["write"]>["run"]>[0];

/** A store in which something was sold, with tasks, and a way to write a report and read it. */
async function opened() {
  const operations = newOperations();
  const { write, home } = operations;
  await write("sell").run({ item: "SG001", quantity: 2, customer: "=HYPERLINK(1)" }, "s1");
  await write("sell").run({ item: "SG006", quantity: 1, customer: 'Ann "<b>" & Co' }, "s2");
  await write("take_back").run({ item: "SG001", quantity: 1, customer: "Bob" }, "s3", {
    now: "2026-11-23T09:00:00.000Z",
  });
  await write("create_task").run({ title: "@now: call", assignee: "IT", project: "p" }, "t1");
  const generate = write("generate_report");
  const report = async (args: Args, key = "r1"): Promise<string> => {
    const { output } = await generate.run(args, key);
    return readFileSync(join(home, (output as { file: string }).file), "latin1");
  };
  return { ...operations, generate, report };
}

/** The texts of a PDF's pages, as its streams hold them. */
const streamsOf = (pdf: string): string =>
  [...pdf.matchAll(/stream\r?\n([\s\S]*?)endstream/g)]
    .map(([, stream = ""]) => {
      try {
        return inflateSync(Buffer.from(stream, "latin1")).toString("latin1");
      } catch {
        return "";
      }
    })
    .join("\n");

describe("generate_report", () => {
  it("writes a page with a chart that can be read out, and with nothing that runs", async () => {
    const { report } = await opened();
    const html = await report({
      about: "transactions",
      groupBy: "customer",
      format: "html",
      title: "<script>1</script>",
    });
    expect(html).toContain("<h1>&#60;script&#62;1&#60;/script&#62;</h1>");
    expect(html).not.toMatch(/<script|<b>/);
    expect(html).toContain('role="img" aria-labelledby="chart-title chart-desc"');
    expect(html).toContain("Ann &#34;&#60;b&#62;&#34; &#38; Co: $120.00");
    expect(html).toContain("default-src 'none'");
    expect(html.match(/<rect /g)).toHaveLength(3);
    expect(html).toContain("As of 2026-11-22T15:00:00.000Z: 3 rows.");
  });

  it("draws bars up from nothing and down below it, and lines from point to point", async () => {
    const { report } = await opened();
    const bars = await report({ about: "transactions", groupBy: "product", format: "html" });
    expect(bars).toContain("<title>Aviator: $80.00</title>");
    const line = await report({ about: "transactions", groupBy: "day", format: "html", until: "2026-11-30" }, "r2");
    expect(line).toContain("2026-11-22: $280.00; 2026-11-23: -$80.00");
    expect(line.match(/<circle /g)).toHaveLength(2);
    expect(line).toMatch(/<path d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+"/);
    expect(await report({ about: "stock", format: "html", chart: "none" }, "r3")).not.toContain("<svg");
  });

  it("is quoted for spreadsheets, where no text becomes a formula", async () => {
    const { report } = await opened();
    const csv = await report({ about: "transactions", format: "csv", from: "2026-11-22" });
    const [head, first, second, third] = csv.split("\r\n");
    expect(head).toBe("transaction,time,customer,what,amount,balance");
    expect(first).toContain(",'=HYPERLINK(1),");
    expect(second).toContain(',"Ann ""<b>"" & Co",');
    expect(third).toMatch(/,-80\.00,700\.00$/);
    expect(await report({ about: "tasks", format: "csv" }, "r2")).toContain("'@now: call,IT,,normal,open");
  });

  it("is a PDF with the chart drawn in it, and the same one again for the same data and time", async () => {
    const { report } = await opened();
    const pdf = await report({ about: "stock", format: "pdf" });
    expect(pdf.startsWith("%PDF-1.")).toBe(true);
    expect(pdf.trimEnd().endsWith("%%EOF")).toBe(true);
    const drawn = streamsOf(pdf);
    expect(drawn.match(/ re\n/g)?.length).toBeGreaterThanOrEqual(6);
    expect(await report({ about: "stock", format: "pdf" }, "r2")).toBe(pdf);
    const long = await opened();
    for (let n = 0; n < 120; n += 1) await long.write("create_task").run({ title: `Task ${n} 你好` }, `t${n + 2}`);
    expect((await long.report({ about: "tasks", format: "pdf" })).match(/\/Type \/Page\n/g)?.length).toBeGreaterThan(2);
  });

  it.each([
    [{ about: "low_stock", atMost: 6 }, "SG003,Mystique,3,70.00,210.00\r\nSG002,Wayfarer,6,95.00,570.00"],
    [{ about: "stock", groupBy: "price" }, "$50.00 to $74.99,2,13,810.00"],
    [{ about: "tasks", groupBy: "assignee", project: "p" }, "assignee,tasks\r\nIT,1"],
    [{ about: "tasks", project: "none" }, "task,assignee,due,priority,status\r\n"],
  ])("answers %j", async (args, row) => {
    expect(await (await opened()).report({ ...args, format: "csv" })).toContain(row);
  });

  it("chooses its place itself, once for each key, and tells tenants apart", async () => {
    const { generate, home } = await opened();
    const args = { about: "stock", format: "csv", title: "../../etc/passwd" };
    const first = await generate.run(args);
    expect(first.output).toMatchObject({
      file: expect.stringMatching(/^reports\/acme\/etc-passwd-[0-9a-f]{12}\.csv$/),
    });
    const { file } = first.output as { file: string };
    writeFileSync(join(home, file), "as it was");
    expect(await generate.run(args)).toEqual(first);
    expect(readFileSync(join(home, file), "utf8")).toBe("as it was");
    const other = await generate.run(args, "key-1", { tenant: "other" });
    expect(other.output).not.toEqual(first.output);
    expect(readdirSync(join(home, "reports"))).toEqual(["acme", "other"]);
  });

  it.each([
    ["default", "reports"],
    ["other", "reports/other"],
    ["..", "reports/%2e%2e"],
    ["../../etc", "reports/%2e%2e%2f%2e%2e%2fetc"],
    ["Acme", "reports/%41cme"],
  ])("lies where only the tenant %s has its reports", async (tenant, folder) => {
    const { generate, home, operations } = await opened();
    await generate.run({ about: "stock", format: "csv" });
    const { output } = await generate.run({ about: "stock", format: "csv" }, "key-1", { tenant });
    const { file } = output as { file: string };
    expect(dirname(file)).toBe(folder);
    expect(readdirSync(join(home, folder))).toContain(basename(file));
    expect(operations.snapshot(tenant)).toMatchObject({ reports: [basename(file)] });
  });

  it("stays when it is taken back, and says so", async () => {
    const { generate, snapshot } = await opened();
    const effect = await generate.done({ about: "stock", format: "html" });
    const before = snapshot();
    expect(await generate.undo(effect)).toMatch(
      /^The report stays, as it says what was so then: reports\/acme\/stock-[0-9a-f]{12}\.html\.$/,
    );
    expect(await generate.undo(effect)).toMatch(/^It was left where it is already/);
    expect(snapshot()).toEqual(before);
  });

  it("that cannot be written is none, and can be asked for again", async () => {
    const { generate, home } = await opened();
    writeFileSync(join(home, "reports"), "a file in its way");
    const failure = generate.run({ about: "stock", format: "html" });
    await expect(failure).rejects.toMatchObject({ code: "action_failed" });
    expect(await generate.lookup()).toBeUndefined();
  });

  it.each([
    [{ about: "weather" }, "about must be one of stock, low_stock, transactions, tasks"],
    [{ format: "docx" }, "format must be one of html, pdf, csv"],
    [{ groupBy: "customer" }, "groupBy: stock can be grouped by price, and not by customer"],
    [{ from: "2026-01-01" }, "from: stock has no filters"],
    [
      { about: "transactions", from: "2026-02-01", until: "2026-01-01" },
      "until: 2026-01-01 is before from, 2026-02-01",
    ],
    [{ about: "transactions; drop table inventory" }, "about must be one of"],
    [{ file: "/etc/passwd" }, "file"],
  ])("refuses %j, naming the field", async (wrong, message) => {
    const args = { about: "stock", format: "html", ...wrong };
    await expect(newOperations().write("generate_report").preview(args)).rejects.toThrow(message);
  });
});
