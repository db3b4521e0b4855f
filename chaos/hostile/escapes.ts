/** Programs that look for a way out of the sandbox, or into what surrounds them. */
import type { HostileProgram } from "./program.ts";

const OF_THE_HOST = [
  "process",
  "require",
  "module",
  "fetch",
  "setTimeout",
  "WebAssembly",
  "Buffer",
  "Deno",
  "postMessage",
];

export const ESCAPES: readonly HostileProgram[] = [
  { what: "another function in the place of one", code: "find = () => 'forged'; return 1", ends: "threw" },
  { what: "an escape by the constructor", code: "return (() => {}).constructor('return this')()", ends: "threw" },
  {
    what: "an escape by the constructor of async functions",
    code: "return await (async () => {}).constructor('return globalThis')()",
    ends: "threw",
  },
  {
    what: "an escape by the constructor of a lent function",
    code: "return find.constructor.constructor('return process')()",
    ends: "threw",
  },
  {
    what: "an escape by what a call gave",
    code: "return (await find({})).constructor.constructor('return process')()",
    ends: "threw",
  },
  {
    what: "an escape by an error of a call",
    code: "try { await fail({}) } catch (e) { return e.constructor.constructor('return process')() }",
    ends: "threw",
  },
  { what: "eval", code: "return eval('1 + 1')", ends: "threw" },
  { what: "eval, called otherwise", code: "return (0, globalThis.eval)('this')", ends: "threw" },
  { what: "import", code: "return await import('node:fs')", ends: "threw" },
  { what: "an import statement", code: "import fs from 'node:fs'; return 1", ends: "threw" },
  { what: "require", code: "return require('node:fs')", ends: "threw" },
  { what: "process", code: "return process.env", ends: "threw" },
  { what: "fetch", code: "return await fetch('http://127.0.0.1')", ends: "threw" },
  {
    what: "a look at what is there",
    code: `return ${JSON.stringify(OF_THE_HOST)}.filter((name) => name in globalThis)`,
    ends: { returned: [] },
  },
  {
    what: "a look at its file in the stack",
    code: "return new Error().stack.includes('/')",
    ends: { returned: false },
  },
  {
    what: "a clock that it could measure with",
    code: "const t = Date.now(); for (let n = 0; n < 1e5; n++); return Date.now() - t",
    ends: { returned: 0 },
  },
  { what: "braces that leave the function", code: "}); while (true) {} (async () => {", ends: "any" },
  { what: "text that is no program", code: "return {{{", ends: "threw" },
];
