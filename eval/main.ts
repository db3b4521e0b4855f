/** Asks the configured models the cases, and prints what was expected and what came. Nothing is approved. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { config as loadDotenv } from "dotenv";
import { readConfig } from "../src/config.ts";
import { explainError, HoldpointError } from "../src/errors.ts";
import { listModelCalls, sumUsage } from "../src/ledger/model-calls.ts";
import { createRuntime, type Runtime } from "../src/runtime.ts";
import { startRequest } from "../src/work/threads.ts";
import { cases, type EvalCase } from "./cases.ts";

const caller = { identity: { tenant: "eval", principal: "eval" } };

async function evaluate(runtime: Runtime, { request, expected }: EvalCase): Promise<boolean> {
  const view = await startRequest(runtime, caller, { request });
  const steps = view.state.plan?.steps ?? [];
  const actions = steps.map((step) => step.action);
  const fits =
    "status" in expected
      ? view.run.answer?.status === expected.status
      : isDeepStrictEqual(actions, [...expected.actions]) &&
        (expected.args ?? []).every((args, index) =>
          Object.entries(args).every(([name, value]) => isDeepStrictEqual(steps[index]?.args[name], value)),
        );
  const came =
    view.run.answer && steps.length === 0 ? `${view.run.answer.status}: ${view.run.answer.text}` : actions.join(", ");
  const { calls, promptTokens, completionTokens } = sumUsage(await listModelCalls(runtime.ledger, "eval", view.run.id));
  console.log(`${fits ? "ok  " : "MISS"} ${request}`);
  if (!fits) console.log(`     expected ${JSON.stringify(expected)}`);
  console.log(`     came     ${came} (${calls} calls, ${promptTokens} + ${completionTokens} tokens)`);
  for (const reason of view.question?.review?.reasons ?? [])
    console.log(`     reviewer ${view.question?.review?.verdict}: ${reason}`);
  return fits;
}

loadDotenv({ quiet: true });
const home = mkdtempSync(join(tmpdir(), "holdpoint-eval-"));
try {
  const configured = readConfig(process.env);
  if (!configured.models) {
    throw new HoldpointError("usage", "There is no OPENAI_API_KEY, so there is no model to evaluate.", {
      hint: "See .env.example.",
    });
  }
  const runtime = await createRuntime({ ...configured, home, planning: "model" });
  let fits = 0;
  for (const one of cases) if (await evaluate(runtime, one)) fits++;
  await runtime.close();
  console.log(`${fits} of ${cases.length} as expected`);
  process.exitCode = fits === cases.length ? 0 : 1;
} catch (error) {
  console.error(explainError(error));
  process.exitCode = 2;
} finally {
  rmSync(home, { recursive: true, force: true });
}
