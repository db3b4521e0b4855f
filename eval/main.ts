/** The entry of `npm run eval`. */
import { config as loadDotenv } from "dotenv";
import { runEval } from "./run-eval.ts";

loadDotenv({ quiet: true });
process.exitCode = await runEval(process.argv.slice(2), {
  environment: process.env,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
});
