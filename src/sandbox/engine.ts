/** QuickJS in WebAssembly, compiled once for all programs of a process. */
import { readFile } from "node:fs/promises";

declare global {
  // Node has these; its types do not.
  namespace WebAssembly {
    interface Module {
      readonly exported?: never;
    }
    function compile(bytes: Uint8Array): Promise<Module>;
    interface Memory {
      readonly buffer: ArrayBuffer;
    }
  }
}

let engine: Promise<WebAssembly.Module> | undefined;

export function compileEngine(): Promise<WebAssembly.Module> {
  engine ??= readFile(new URL(import.meta.resolve("quickjs-wasi/quickjs.wasm"))).then((bytes) =>
    WebAssembly.compile(bytes),
  );
  return engine;
}
