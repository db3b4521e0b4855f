/**
 * The one runtime of an Agent Server's process, opened when this file is loaded. The graph and the authentication share
 * it: two connections to the same SQLite file in one process would wait for each other for ever.
 */
import { readConfig } from "../config.ts";
import { createRuntime } from "../runtime.ts";
import { createLog } from "../telemetry/log.ts";
import { setUpVouching } from "../vouching.ts";

export const config = readConfig(process.env);
export const runtime = await createRuntime(config, {
  office: config.office ?? {},
  operations: { webhooks: config.webhooks },
  log: createLog({ level: config.log }),
});
setUpVouching({ secret: config.encryptionKey, required: config.auth === "required" || config.tokens !== undefined });
// The server ends with process.exit() once it has stored its threads. Only then: a run may be under way until then.
process.once("exit", () => void runtime.close());
