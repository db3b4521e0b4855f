/** Kills this process with SIGKILL at a statement on one of its SQLite files. Nothing of the program knows of it. */
import Database from "better-sqlite3";
import type { AtStatement } from "./points.ts";

type Statement = Record<"run" | "get" | "all", (...values: unknown[]) => unknown>;

const die = (): void => {
  process.kill(process.pid, "SIGKILL");
  // The signal takes a moment; nothing may happen in it.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};

export function killAt(at: AtStatement): void {
  const prototype = Database.prototype as unknown as { prepare(sql: string): Statement };
  const { prepare } = prototype;
  const run = watch(at);
  prototype.prepare = function (this: unknown, sql: string): Statement {
    const statement = prepare.call(this as never, sql);
    for (const method of ["run", "get", "all"] as const) {
      const original = statement[method].bind(statement);
      statement[method] = (...values) => run(`${sql} ${JSON.stringify(values)}`, () => original(...values));
    }
    return statement;
  };
}

/** Runs statements, and dies at the one that is meant. */
function watch({ words, when, nth = 1 }: AtStatement): (text: string, execute: () => unknown) => unknown {
  let met = 0;
  let armed = false;
  return (text, execute) => {
    const here = words.every((word) => text.includes(word)) && ++met === nth;
    if (here && when === "before") die();
    const result = execute();
    if (here && when === "after") die();
    if (here && when === "committed") armed = true;
    if (armed && text.startsWith("commit")) die();
    return result;
  };
}
