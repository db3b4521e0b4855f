/** Programs that take or give more than there is for them. */
import type { HostileProgram } from "./program.ts";

export const GREEDY: readonly HostileProgram[] = [
  { what: "a memory bomb of arrays", code: "const a = []; for (;;) a.push(new Array(1e6).fill(1))", ends: "any" },
  { what: "a memory bomb of objects", code: "let o = {}; for (;;) o = { o, p: { o } }", ends: "any" },
  {
    what: "a memory bomb that catches its end",
    code: "const a = []; for (;;) try { a.push(new Array(1e5).fill(a)) } catch {}",
    ends: "any",
  },
  { what: "a memory bomb of a map", code: "const m = new Map(); for (let n = 0; ; n++) m.set(n, { n })", ends: "any" },
  { what: "a huge string", code: "return 'x'.repeat(2 ** 29)", ends: "any" },
  { what: "a string that doubles", code: "let s = 'x'; for (;;) s += s", ends: "any" },
  { what: "a huge padded string, taken apart", code: "return 'a'.padEnd(1e8).split('').sort()", ends: "any" },
  { what: "a huge bigint", code: "let n = 2n; for (;;) n = n * n", ends: "any" },
  { what: "a bigint's power", code: "return String(7n ** (10n ** 7n)).length", ends: "any" },
  { what: "a huge array", code: "return Array.from({ length: 1e9 })", ends: "any" },
  {
    what: "a sparse array of the greatest length",
    code: "const a = []; a.length = 2 ** 32 - 1; return a.join()",
    ends: "any",
  },
  { what: "JSON of great depth", code: "return JSON.parse('['.repeat(1e6))", ends: "any" },
  { what: "a result of great depth", code: "let a = []; for (let n = 0; n < 1e6; n++) a = [a]; return a", ends: "any" },
  { what: "a program of great depth", code: `return ${"(".repeat(9000)}1${")".repeat(9000)}`, ends: "any" },
  { what: "a program of great length", code: `return ${"1+".repeat(20_000)}1`, ends: "threw" },
  { what: "a flood of calls", code: "for (;;) find({})", ends: "stopped" },
  { what: "a flood of calls that are awaited", code: "for (;;) await find({})", ends: "stopped" },
  { what: "a flood in the arguments of a call", code: "return await find({ a: 'x'.repeat(1e6) })", ends: "stopped" },
  { what: "a flood of output", code: "return 'x'.repeat(1e6)", ends: "stopped" },
  {
    what: "a flood of log",
    code: "for (let n = 0; n < 1e5; n++) console.log('x'.repeat(1000)); return 1",
    ends: "any",
  },

  {
    what: "a memory bomb of one text in pieces",
    code: "const a = []; for (let n = 0; ; n++) a.push(('y' + n).repeat(1e5))",
    ends: "any",
  },
  {
    what: "memory filled to the last bit, and a result",
    code: "const t = 'é'.repeat(6e4), a = []; let k = 2 ** 20; while (k > 16) try { a.push('z'.repeat(k) + a.length) } catch { k >>= 1 } return t.length",
    ends: "any",
  },
  {
    what: "memory filled to the last bit, and a call",
    code: "const a = []; let k = 2 ** 20; while (k > 16) try { a.push('z'.repeat(k) + a.length) } catch { k >>= 1 } return await find({ a: 1 })",
    ends: "any",
  },
  { what: "a text padded beyond all measure", code: "return 'x'.padEnd(2 ** 30)", ends: "threw" },
  {
    what: "toJSON that gives what is huge",
    code: "return { toJSON: () => 'x'.repeat(1e6) }",
    ends: { stopped: "output" },
  },
  {
    what: "a flood that is caught and looked into",
    code: "await find({ a: 'x'.repeat(1e6) }).catch((e) => console.log(e.stack)); return 1",
    ends: { stopped: "output" },
  },
  {
    what: "a flood of calls that are caught",
    code: "for (;;) try { await find({ a: 1 }) } catch {}",
    ends: { stopped: "calls" },
  },
  {
    what: "calls with as much as there may be, none awaited",
    code: "for (let n = 0; n < 50; n++) find({ a: 'x'.repeat(190_000) }); return 1",
    ends: "any",
  },
  {
    what: "a throw of what is huge",
    code: "throw { name: 'n'.repeat(1e6), message: 'm'.repeat(1e6), stack: 'program:' + '9'.repeat(1e6) }",
    ends: "threw",
  },
  {
    what: "a million promises at once",
    code: "return (await Promise.all(Array.from({ length: 1e6 }))).length",
    ends: "any",
  },
  {
    what: "a log that logs itself",
    code: "const o = { toJSON() { console.log(o); return 1 } }; console.log(o); return 1",
    ends: { returned: 1 },
  },
  { what: "dates of great length", code: "return new Date('1'.repeat(1e6)).getTime()", ends: { returned: null } },
  {
    what: "a stack that is kept whole",
    code: "Error.stackTraceLimit = 2 ** 31; const f = (n) => (n ? f(n - 1) : new Error().stack); return typeof f(1000)",
    ends: { returned: "string" },
  },
  {
    what: "patterns of patterns",
    code: "return new RegExp('(?:'.repeat(200) + 'a' + '{1000})'.repeat(200)).test('a')",
    ends: "any",
  },
];
