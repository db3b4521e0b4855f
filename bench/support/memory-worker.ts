/** Runs as many steps as its argument says, and prints the most memory that it held, in KB. */
import { lookUp, openBench, runToEnd, sideBySide } from "./runs.ts";

const [count = "1000"] = process.argv.slice(2);
const bench = await openBench({
  actions: [lookUp()],
  settings: { maxSteps: 1000 },
  playbooks: () => sideBySide(Number(count)),
});
await runToEnd(bench, "t", "Look it all up");
await bench.close();
process.stdout.write(String(process.resourceUsage().maxRSS));
