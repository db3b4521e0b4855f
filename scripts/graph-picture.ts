/**
 * Draws the compiled graph as Mermaid into the documents that show it. With `--check` it writes nothing and fails when
 * one of them is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { buildGraph } from "../src/graph/build.ts";
import type { NodeDeps } from "../src/nodes/deps.ts";

const DOCUMENTS = ["README.md", "docs/architecture.md"];
const START = "<!-- graph: made by `npm run docs:graph` -->";
const END = "<!-- /graph -->";

// Nodes are only wired here, never run: they need no dependencies.
const graph = await buildGraph({} as NodeDeps).getGraphAsync();
const picture = `${START}\n\n\`\`\`mermaid\n${graph.drawMermaid({ withStyles: false }).trim()}\n\`\`\`\n\n${END}`;

let stale = false;
for (const path of DOCUMENTS) {
  const text = readFileSync(path, "utf8");
  const from = text.indexOf(START);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new Error(`${path} has no place for the picture: expected ${START} and ${END}.`);
  const fresh = text.slice(0, from) + picture + text.slice(to + END.length);
  if (fresh === text) continue;
  if (process.argv.includes("--check")) {
    stale = true;
    console.error(`The picture of the graph in ${path} is stale: run \`npm run docs:graph\` and commit it.`);
  } else {
    writeFileSync(path, fresh);
    console.log(`Drew the graph into ${path}.`);
  }
}
if (stale) process.exitCode = 1;
