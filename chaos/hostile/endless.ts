/** Programs that do not come to an end, or not soon. */
import type { HostileProgram } from "./program.ts";

export const ENDLESS: readonly HostileProgram[] = [
  { what: "an endless loop", code: "while (true) {}", ends: "stopped" },
  {
    what: "an endless loop that catches its end",
    code: "for (;;) try { for (;;) {} } catch {} finally { for (;;) {} }",
    ends: "stopped",
  },
  { what: "an endless loop in a call's handler", code: "await find({}); for (;;) {}", ends: "stopped" },
  { what: "an endless loop in a getter of its result", code: "return { get a() { for (;;) {} } }", ends: "stopped" },
  { what: "an endless loop in toJSON", code: "return { toJSON() { for (;;) {} } }", ends: "stopped" },
  { what: "an endless loop in what it throws", code: "throw { get message() { for (;;) {} } }", ends: "stopped" },
  { what: "an endless generator", code: "function* g() { for (;;) yield 1 } return [...g()]", ends: "stopped" },
  { what: "endless recursion", code: "const f = (n) => f(n + 1) + 1; return f(0)", ends: "threw" },
  { what: "endless recursion of two", code: "const a = () => b() + 1, b = () => a() + 1; return a()", ends: "threw" },
  { what: "endless recursion in toJSON", code: "const o = { toJSON() { return { o } } }; return o", ends: "any" },
  {
    what: "recursion that catches its end",
    code: "const f = () => { try { f() } catch { f() } }; return f()",
    ends: "any",
  },
  { what: "a flood of promises", code: "const f = () => Promise.resolve().then(f); await f()", ends: "stopped" },
  {
    what: "promises that make two each",
    code: "const f = () => { Promise.resolve().then(f); Promise.resolve().then(f) }; f(); await new Promise(() => {})",
    ends: "stopped",
  },
  {
    what: "async functions without end",
    code: "const f = async () => { await null; return f() }; return f()",
    ends: "stopped",
  },
  {
    what: "microtasks without end",
    code: "const f = () => queueMicrotask(f); f(); await new Promise(() => {})",
    ends: "stopped",
  },
  { what: "a promise that never comes", code: "await new Promise(() => {})", ends: "stopped" },
  { what: "a thenable that never comes", code: "return { then() {} }", ends: "stopped" },
  { what: "sorting without sense", code: "return new Array(1e6).fill(0).sort(() => { for (;;) {} })", ends: "any" },
  { what: "a regular expression that explodes", code: "return /(a+)+$/.test('a'.repeat(40) + 'b')", ends: "stopped" },
  { what: "one that explodes in replace", code: "return 'x'.repeat(50000).replace(/(x+x+)+y/g, '')", ends: "any" },
  {
    what: "a regular expression of great depth",
    code: "return new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('')",
    ends: "any",
  },
];
