#!/usr/bin/env node
/**
 * The command-line program. It is JavaScript as it stands: Node keeps what it compiles of everything after it, and so
 * need not load its compiler of TypeScript, which takes 17 MB and a third of the start.
 */
import nodeModule from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(`holdpoint: Node ${process.versions.node} is too old: Node 22.13 or later is needed.\n`);
  process.exit(2);
}
nodeModule.enableCompileCache();
await import("./process.ts");
