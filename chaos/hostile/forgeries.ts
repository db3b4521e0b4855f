/** Programs that change what the sandbox works with, or hand over what is not what it says. */
import type { HostileProgram } from "./program.ts";

export const FORGERIES: readonly HostileProgram[] = [
  { what: "a result that holds itself", code: "const a = {}; a.a = a; return a", ends: "threw" },
  { what: "a result of proxies", code: "return new Proxy({}, { get: () => { for (;;) {} } })", ends: "threw" },
  {
    what: "a changed prototype of everything",
    code: "Object.prototype.toJSON = () => 'forged'; Array.prototype.push = () => { throw 1 }; Promise.prototype.then = () => 1; return { a: 1 }",
    ends: "any",
  },
  {
    what: "changed JSON",
    code: "JSON.stringify = () => '{\"forged\":true}'; JSON.parse = () => { throw 1 }; const r = await find({ a: 1 }); return r.name",
    ends: { returned: "find" },
  },
  {
    what: "changed maps and calls",
    code: "Map.prototype.get = () => null; Function.prototype.call = () => null; Function.prototype.apply = () => null; const r = await find({ a: 1 }); return r.name",
    ends: { returned: "find" },
  },
  {
    what: "a changed Promise",
    code: "Promise = null; globalThis.Promise = null; const r = await find({ a: 1 }); return r.name",
    ends: { returned: "find" },
  },
  { what: "arguments that are no JSON", code: "return await find(() => 1)", ends: "threw" },
  { what: "arguments that hold themselves", code: "const a = {}; a.a = a; return await find(a)", ends: "threw" },
  {
    what: "a call by another name",
    code: "return await find.call({ name: 'sell' }, { name: 'sell' })",
    ends: { returned: { name: "find", args: { name: "sell" } } },
  },
  { what: "a call that is not awaited", code: "find({}); return 1", ends: "threw" },
  { what: "a result that is none", code: "return () => 1", ends: "threw" },
  { what: "a bigint as its result", code: "return 1n", ends: "threw" },
  { what: "nothing thrown", code: "throw null", ends: "threw" },
  { what: "a symbol thrown", code: "throw Symbol('x')", ends: "threw" },

  {
    what: "a toJSON of everything that is thrown, which gives null",
    code: "Object.prototype.toJSON = () => null; throw new Error('x')",
    ends: "threw",
  },
  {
    what: "a toJSON of everything that is thrown, which gives nothing",
    code: "Object.prototype.toJSON = () => undefined; throw new Error('x')",
    ends: "threw",
  },
  {
    what: "a setter for what errors are given",
    code: "for (const name of ['status', 'message', 'stack']) Object.defineProperty(Object.prototype, name, { set() { throw 1 } }); try { await fail({}) } catch (e) { return 'caught' }",
    ends: "any",
  },
  {
    what: "a then of everything that is answered",
    code: "Object.prototype.then = (resolve) => resolve('forged'); return await find({ a: 1 })",
    ends: "any",
  },
  {
    what: "a made-up status",
    code: "throw Object.assign(new Error('fail: it fails'), { status: 'denied' })",
    ends: "threw",
  },
  {
    what: "a line that there is not",
    code: "throw { name: 'Error', message: 'm', stack: 'program:99999999999999999999' }",
    ends: "threw",
  },
  {
    what: "a call that is made after its end",
    code: "Promise.resolve().then(() => {}).then(() => {}).then(() => {}).then(() => find({ late: 1 })); return 1",
    ends: "threw",
  },
  {
    what: "a call that is made when it was stopped",
    code: "find({ a: 'x'.repeat(1e6) }).catch(() => find({ late: 1 })); await new Promise(() => {})",
    ends: { stopped: "output" },
  },
  {
    what: "a promise that is settled after its end",
    code: "let r; const p = new Promise((resolve) => { r = resolve }); slow({ n: 1 }).then(() => r(1)); p.then(() => find({ late: 1 })); return 1",
    ends: "threw",
  },
  {
    what: "a thenable as arguments",
    code: "return await find({ then(r) { r({ forged: 1 }) } })",
    ends: { returned: { name: "find", args: {} } },
  },
];
