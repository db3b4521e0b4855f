/**
 * What is set up inside the sandbox before a program runs. It keeps hold of what it uses, since a program may change every
 * built-in object: by that it can only harm itself.
 */

/**
 * A function of the sandbox: it takes what the worker lends (`call`, `log`, `end`) and the names of the functions that a
 * program may call, and gives what the worker calls: `run` with the program, and `settle` with what came of a call.
 */
export const PRELUDE = `(lent, names) => {
  "use strict";
  const { call, log, end } = lent;
  const { parse, stringify } = JSON;
  const { defineProperty, freeze } = Object;
  const [P, E, S] = [Promise, Error, String];
  const uncurried = (method) => Function.prototype.call.bind(method);
  const [slice, join] = [uncurried(String.prototype.slice), uncurried(Array.prototype.join)];
  const [add, find, remove] = [uncurried(Map.prototype.set), uncurried(Map.prototype.get), uncurried(Map.prototype.delete)];
  const waiting = new Map();
  const put = (name, value) => defineProperty(globalThis, name, { value, enumerable: true });

  // It would show a program the functions that surround it.
  defineProperty(Error, "prepareStackTrace", { value: undefined });

  const words = (value) => slice(typeof value === "string" ? value : S(value), 0, 4000);
  const describe = (thrown) => {
    try {
      const isObject = typeof thrown === "object" && thrown !== null;
      // Without a prototype: a program may have given all objects a toJSON.
      if (!isObject) return stringify({ __proto__: null, name: "Error", message: words(thrown), stack: "" });
      const { name, message, stack, status } = thrown;
      const said = typeof status === "string" ? words(status) : undefined;
      return stringify({ __proto__: null, name: words(name), message: words(message), stack: words(stack), status: said });
    } catch {
      return '{"name":"Error","message":"It threw something that cannot be read.","stack":""}';
    }
  };
  const toJson = (value, what) => {
    const text = stringify(value === undefined ? null : value);
    if (typeof text !== "string") throw new TypeError(what + " is no JSON value.");
    return text;
  };
  const shown = (value) => {
    if (typeof value === "string") return value;
    try {
      return stringify(value) ?? S(value);
    } catch {
      return "(cannot be shown)";
    }
  };

  for (let n = 0; n < names.length; n++) {
    const name = names[n];
    put(name, (args) => new P((resolve, reject) => {
      const id = call(name, toJson(args === undefined ? {} : args, "What " + name + " was called with"));
      // Made here, it knows the line of the call.
      add(waiting, id, { error: new E(name), resolve, reject });
    }));
  }
  const write = (...parts) => {
    const line = [];
    for (let n = 0; n < parts.length && n < 20; n++) line[n] = shown(parts[n]);
    log(words(join(line, " ")));
  };
  put("console", freeze({ log: write, info: write, warn: write, error: write, debug: write }));

  return freeze({
    run: async (program) => {
      let text;
      try {
        text = toJson(await program(), "What it returned");
      } catch (thrown) {
        end("threw", describe(thrown));
        return;
      }
      end("returned", text);
    },
    settle: (id, isDone, text, status) => {
      const { error, resolve, reject } = find(waiting, id);
      remove(waiting, id);
      if (isDone) {
        try {
          resolve(parse(text));
        } catch {
          error.message += ": its answer is too large";
          reject(error);
        }
      } else {
        error.message += ": " + text;
        if (status !== undefined) error.status = status;
        reject(error);
      }
    },
  });
}`;
