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

  {
    what: "an endless loop whose end is swallowed",
    code: "for (;;) { try { for (;;) {} } finally { continue } }",
    ends: { stopped: "time" },
  },
  {
    what: "a label that catches every way out",
    code: "out: for (;;) { try { throw 1 } catch { continue out } finally { continue out } }",
    ends: { stopped: "time" },
  },
  {
    what: "an endless async generator",
    code: "for await (const n of (async function* () { for (;;) yield 1 })());",
    ends: { stopped: "time" },
  },
  {
    what: "a generator that is never finished, and does not let go",
    code: "function* g() { try { yield 1 } finally { for (;;) {} } } for (const n of g()) break; return 1",
    ends: { stopped: "time" },
  },
  {
    what: "a class of arrays whose species never comes",
    code: "class A extends Array { static get [Symbol.species]() { for (;;) {} } } return A.from([1]).map((n) => n)",
    ends: { stopped: "time" },
  },
  {
    what: "a getter that never comes in what is spread",
    code: "return { ...{ get a() { for (;;) {} } } }",
    ends: { stopped: "time" },
  },
  { what: "then, read without end", code: "return { get then() { for (;;) {} } }", ends: { stopped: "time" } },
  { what: "a thenable that gives itself", code: "const t = { then(r) { r(t) } }; return t", ends: { stopped: "time" } },
  {
    what: "JSON.parse with a reviver that never comes",
    code: "return JSON.parse('[1]', () => { for (;;) {} })",
    ends: { stopped: "time" },
  },
  {
    what: "JSON.parse with a reviver that feeds it",
    code: "return JSON.parse('[[]]', function (k, v) { if (Array.isArray(v)) v.push([[]]); return JSON.parse('[[]]', () => [v]) && this[k + 1] })",
    ends: "any",
  },
  {
    what: "a comparator that sorts without end",
    code: "return [1, 2].sort(function f() { return [1, 2].sort(f) })",
    ends: "threw",
  },
  {
    what: "a callback of replace that replaces without end",
    code: "return 'x'.replace(/x/, function f() { return 'x'.replace(/x/, f) })",
    ends: "threw",
  },
  {
    what: "a pattern that explodes looking back",
    code: "return /^(?:a*)*(?<=(a+)+)$/.test('a'.repeat(30) + 'b')",
    ends: { stopped: "time" },
  },
  {
    what: "a pattern that explodes in a sticky search",
    code: "const p = /(?:(?=(a+))\\1?)*?$/y; return 'a'.repeat(2e4).split('').filter(() => p.test('a'.repeat(2e4) + 'b'))",
    ends: "any",
  },
  {
    what: "an array of the greatest length, joined",
    code: "return new Array(2 ** 32 - 1).join('ab')",
    ends: { stopped: "time" },
  },
  {
    what: "a search through what only says that it is long",
    code: "return [].indexOf.call({ length: 2 ** 53 - 1 }, 1)",
    ends: { stopped: "time" },
  },
  {
    what: "powers that nothing interrupts",
    code: "for (;;) try { 7n ** (10n ** 7n) } catch {}",
    ends: { stopped: "time" },
  },
  {
    what: "powers that nothing interrupts, while answers come in",
    code: "for (let n = 1; n < 40; n++) slow({ n }); for (;;) try { 7n ** (10n ** 7n) } catch {}",
    ends: { stopped: "time" },
  },
  {
    what: "work without end between many answers",
    code: "for (;;) { await find({}); for (let n = 0; n < 1e5; n++); }",
    ends: "stopped",
  },
  {
    what: "an end, and work without end after it",
    code: "Promise.resolve().then(() => {}).then(() => {}).then(() => {}).then(() => { for (;;) {} }); return 1",
    ends: { stopped: "time" },
  },
  {
    what: "a thrown object that is read without end",
    code: "throw { stack: { toString() { for (;;) {} } } }",
    ends: { stopped: "time" },
  },
];
