/** `npm run eval`: runs a suite of scenarios against the models that are configured, and prints how reliably they pass. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { type Config, readConfig } from "../src/config.ts";
import { explainError, HoldpointError } from "../src/errors.ts";
import { openStore, storeActions } from "../src/tools/store/index.ts";
import { renderResult } from "./report.ts";
import { runSuite } from "./run-suite.ts";
import { loadSuite, type Scenario } from "./suite.ts";

interface Options {
  suite: string;
  times: string;
  parallel: string;
  planning: string;
  only?: string;
  json?: boolean;
}

const OWN_SUITE = fileURLToPath(new URL("suites/store.yaml", import.meta.url));

/** What it is run in. */
interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard output, and standard error. */
  write(text: string): void;
  writeError(text: string): void;
}

/**
 * Never throws.
 * @param argv the words after the program's name
 * @returns 0 when every run passed, 1 when not, 2 when nothing could be run
 */
export async function runEval(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    return await evaluate(argv, surroundings);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    surroundings.writeError(`${explainError(error)}\n`);
    return 2;
  }
}

async function evaluate(argv: readonly string[], { environment, write, writeError }: Surroundings): Promise<number> {
  const program = new Command("npm run eval --")
    .description(
      "Runs scenarios against the models that are configured. Exit statuses: 0 all passed, 1 not all, 2 usage.",
    )
    .option("--suite <file>", "a YAML file of scenarios; see docs/evaluation.md", OWN_SUITE)
    .option("--times <n>", "how often each is run; pass^k is told for each k up to it", "1")
    .option("--parallel <n>", "how many runs may be under way at once", "1")
    .option(
      "--planning <how>",
      "model: models plan everything; playbooks: no model at all, where a scenario can do so",
      "model",
    )
    .option("--only <names>", "these scenarios, with commas between them")
    .option("--json", "print one JSON document")
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: writeError });
  program.parse(argv, { from: "user" });
  const options = program.opts<Options>();
  const config = configFor(options.planning, environment);
  const scenarios = choose(loadSuite(resolve(options.suite), knownActions()), options);
  const result = await runSuite(scenarios, {
    config,
    times: countOf("--times", options.times),
    parallel: countOf("--parallel", options.parallel),
    onAttempt: (name, { passed }) => writeError(`${passed ? "ok  " : "MISS"} ${name}\n`),
  });
  write(`${options.json ? JSON.stringify(result, null, 2) : renderResult(result)}\n`);
  return result.all.passed === result.all.runs ? 0 : 1;
}

/** Models plan everything, so that it is they who are tried; or there are none. */
function configFor(planning: string, environment: Surroundings["environment"]): Config {
  if (planning !== "model" && planning !== "playbooks") {
    throw new HoldpointError("usage", `--planning is "${planning}"; expected model or playbooks.`);
  }
  const { models, ...config } = readConfig(environment);
  if (planning === "playbooks") return { ...config, planning };
  if (models) return { ...config, models, planning };
  throw new HoldpointError("usage", "There is no OPENAI_API_KEY, so there is no model to evaluate.", {
    hint: "See .env.example, or run the scenarios that need none: --planning playbooks.",
  });
}

function knownActions(): string[] {
  const store = openStore(":memory:");
  const names = storeActions(store).map(({ name }) => name);
  store.close();
  return [...names, "compose", "investigate"];
}

function choose(scenarios: readonly Scenario[], { only, planning, suite }: Options): Scenario[] {
  const names = only?.split(",").map((name) => name.trim());
  const unknown = names?.find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined) {
    throw new HoldpointError("usage", `${suite} has no scenario "${unknown}".`, {
      hint: `There are ${scenarios.map(({ name }) => name).join(", ")}.`,
    });
  }
  const chosen = scenarios
    .filter(({ name }) => names === undefined || names.includes(name))
    .filter(({ playbooks }) => planning === "model" || playbooks);
  if (chosen.length > 0) return chosen;
  throw new HoldpointError("usage", "None of these scenarios can be run without a model.", {
    hint: "Those that can say `playbooks: true`.",
  });
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count;
  throw new HoldpointError("usage", `${option} is "${text}"; expected a whole number from 1 to 100.`);
}
