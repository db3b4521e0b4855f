/** Programs that hand over JSON which harms whoever takes it. */
import type { HostileProgram } from "./program.ts";

export const CROSSINGS: readonly HostileProgram[] = [
  {
    what: "a prototype in the arguments of a call",
    code: 'return await find(JSON.parse(`{ "a": [{ "__proto__": { "isAdmin": true } }] }`))',
    ends: "threw",
  },
  {
    what: "a prototype in its result",
    code: 'return JSON.parse(`{ "__proto__": { "isAdmin": true } }`)',
    ends: "threw",
  },
  {
    what: "names of what every object has",
    code: "return await find({ constructor: 1, toString: 2, hasOwnProperty: 3 })",
    ends: { returned: { name: "find", args: { constructor: 1, toString: 2, hasOwnProperty: 3 } } },
  },
  {
    what: "arguments of great depth",
    code: "let a = []; for (let n = 0; n < 1500; n++) a = [a]; return await find(a)",
    ends: "threw",
  },
  {
    what: "a result nested 1,500 deep",
    code: "let a = []; for (let n = 0; n < 1500; n++) a = [a]; return a",
    ends: "threw",
  },
  { what: "NUL in the arguments of a call", code: "return await find({ a: 'a\\0b' })", ends: "threw" },
  { what: "half a surrogate pair as a key", code: "return await find({ '\\ud800': 1 })", ends: "threw" },
  { what: "half a surrogate pair in its result", code: "return ['\\udc00']", ends: "threw" },
  {
    what: "half a surrogate pair in log and error",
    code: "console.log('\\ud800\\0'); throw new Error('\\udfff\\0')",
    ends: "threw",
  },
  {
    what: "NUL in its own text",
    code: "return 'a\0b'.length",
    ends: { returned: 3 },
  },
  {
    what: "numbers that JSON has not",
    code: "return [NaN, Infinity, -0, 1e400]",
    ends: { returned: [null, null, 0, null] },
  },
  { what: "a wrapped bigint in arguments", code: "return await find({ a: Object(1n) })", ends: "threw" },
  { what: "raw JSON", code: "return JSON.rawJSON('{\"__proto__\": 1}')", ends: "threw" },
];
