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

  {
    what: "an escape by the constructor of generators",
    code: "return Object.getPrototypeOf(async function* () {}).constructor('return globalThis')()",
    ends: "threw",
  },
  {
    what: "an escape by the constructor of what the log is",
    code: "return console.log.constructor('return process')()",
    ends: "threw",
  },
  {
    what: "a look at the functions around it",
    code: "Error.prepareStackTrace = (_e, sites) => sites.map((s) => s.getFunction()); const o = { toJSON() { return new Error().stack.map(String) } }; return await find(o)",
    ends: "threw",
  },
  {
    what: "a look at the functions around it, by another way",
    code: "try { Object.defineProperty(Error, 'prepareStackTrace', { value: () => 'seen' }) } catch {} return new Error().stack === 'seen'",
    ends: { returned: false },
  },
  {
    what: "a look at where its host lives",
    code: "const e = await find({ a: 1n }).catch((e) => e); return /file:|node_modules|worker|wasm/.test(e.stack)",
    ends: { returned: false },
  },
  { what: "a look at who called it", code: "return find.caller", ends: "threw" },
  { what: "arguments of its own", code: "return arguments.callee", ends: "threw" },
  { what: "with", code: "with (globalThis) { return find }", ends: "threw" },
  { what: "a lent function as a constructor", code: "return Reflect.construct(find, [{}])", ends: "threw" },
  {
    what: "shared memory, weak references, bytes and clocks",
    code: "return ['Atomics', 'SharedArrayBuffer', 'Uint8Array', 'WeakRef', 'FinalizationRegistry', 'Proxy', 'performance', 'Intl'].filter((name) => name in globalThis)",
    ends: { returned: [] },
  },
  {
    what: "random numbers",
    code: "return [Math.random() === Math.random(), new Date().toISOString(), new Date().getTimezoneOffset()]",
    ends: { returned: [false, "2026-01-31T09:00:00.000Z", 0] },
  },
  { what: "random numbers that are given away", code: "return Math.random()", ends: "any" },
];
