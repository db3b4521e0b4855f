/**
 * Makes src/client/api.ts from the OpenAPI document: the types of every call, and where each of them is. With `--check`
 * it writes nothing and fails when the file is stale.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import openapiTS, { astToString } from "openapi-typescript";
import { createApp, ENDPOINTS } from "../src/server/app.ts";
import { openEndpoints } from "../src/server/routes/system.ts";
import type { Served } from "../src/server/served.ts";
import { SILENT } from "../src/telemetry/log.ts";

const FILE = "src/client/api.ts";

// The document is asked for without anybody behind it: nothing that it describes is called.
const app = createApp({
  served: { log: SILENT } as Served,
  authenticator: { authenticate: () => Promise.reject(new Error("nobody calls")) },
  version: "1",
});
const response = await app.request("/api/v1/openapi.json");
// What has a default may be left out.
const all = astToString(
  await openapiTS(JSON.stringify(await response.json()), { alphabetize: true, defaultNonNullable: false }),
);
// Calls are found by their names, not by their paths.
const types = all
  .slice(all.indexOf("export interface components"))
  .replace("export type $defs = Record<string, never>;", "");

const calls = [...ENDPOINTS, ...openEndpoints]
  .map(({ id, method, path, once = true }) => [id, method, path, ...(method !== "get" && once ? ["once"] : [])])
  .toSorted(([one = ""], [other = ""]) => (one < other ? -1 : 1))
  .map(([id, ...call]) => `  ${id}: ${JSON.stringify(call)},`);

const text = `/** Made from the OpenAPI document by \`npm run client:types\`: change the endpoints, not this file. */

/** Where each call is: its method, its path, and \`once\` where the same key twice does it once. */
export const CALLS = {
${calls.join("\n")}
} as const;

${types}`;

const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");
const fresh = execFileSync(process.execPath, [biome, "format", `--stdin-file-path=${FILE}`], {
  input: text,
}).toString();

if (!process.argv.includes("--check")) {
  writeFileSync(FILE, fresh);
  console.log(`Wrote ${FILE}.`);
} else if (readFileSync(FILE, "utf8") !== fresh) {
  console.error(`${FILE} is stale: run \`npm run client:types\` and commit it.`);
  process.exitCode = 1;
}
