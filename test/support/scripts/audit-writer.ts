/** Appends audit entries: `audit-writer.ts <ledger file> <who> <how many>`. Opens, and so migrates, the ledger itself. */
import { appendAudit } from "../../../src/ledger/audit.ts";
import { openSqliteLedger } from "../../../src/ledger/database.ts";

const [path = "", principal = "", count = "0"] = process.argv.slice(2);
const ledger = await openSqliteLedger(path);
for (let n = 0; n < Number(count); n++) {
  await ledger
    .transaction()
    .execute((trx) =>
      appendAudit(trx, { tenant: "acme", principal, at: new Date().toISOString(), event: "test.noted", data: { n } }),
    );
}
await ledger.destroy();
