import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
/** In milliseconds, for one command on a busy machine. */
const PATIENCE_MS = 240_000;

interface Ended {
  status: number;
  stdout: string;
  stderr: string;
}

/** A project of somebody else's, with the package installed from its tarball. */
export interface Project {
  readonly folder: string;
  /** The files of the tarball. */
  readonly files: string[];
  write(path: string, text: string): void;
  /** Runs a JavaScript file of the project, until it ends by itself. */
  run(args: string[], env?: Record<string, string>): Promise<Ended>;
  /** Compiles the project's TypeScript, in place; the compiler's complaints are in `stdout`. */
  compile(options?: { skipLibCheck?: boolean }): Promise<Ended>;
  npm(...args: string[]): Promise<Ended>;
}

/**
 * Builds and packs the package, and installs it into an empty project below `folder`.
 * @returns why not, where no package registry can be reached
 */
export async function installPackage(folder: string): Promise<Project | string> {
  const app = join(folder, "app");
  mkdirSync(app);
  const packed = await execute("npm", ["pack", "--json", "--pack-destination", folder], root);
  if (packed.status !== 0) throw new Error(`npm pack failed: ${packed.stderr}`);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  const types = "@types/node@24.19.2";
  const install = ["install", "--no-audit", "--no-fund", "--prefer-offline", join(folder, tarball), types];
  const installed = await execute("npm", install, app);
  if (/ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT/.test(installed.stderr)) return "no package registry can be reached";
  if (installed.status !== 0) throw new Error(`npm install failed: ${installed.stderr}`);
  const listed = await execute("tar", ["-tzf", join(folder, tarball)], folder);
  return {
    folder: app,
    files: listed.stdout.trim().split("\n"),
    write: (path, text) => writeFileSync(join(app, path), text),
    run: (args, env = {}) => execute(process.execPath, args, app, env),
    compile: ({ skipLibCheck = true } = {}) => {
      const compilerOptions = { target: "ES2023", module: "NodeNext", strict: true, types: ["node"], skipLibCheck };
      writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
      return execute(process.execPath, [tsc], app);
    },
    npm: (...args) => execute("npm", args, app),
  };
}

function execute(command: string, args: string[], cwd: string, env: Record<string, string> = {}): Promise<Ended> {
  // Nothing that this run was configured with: no key, no home, no colour.
  const { OPENAI_API_KEY: _key, OPENAI_BASE_URL: _url, HOLDPOINT_HOME: _home, ...outer } = process.env;
  return new Promise((resolve) => {
    const options = { cwd, env: { ...outer, NO_COLOR: "1", ...env }, timeout: PATIENCE_MS, maxBuffer: 2 ** 26 };
    execFile(command, args, options, (error, stdout, stderr) => {
      const status = typeof error?.code === "number" ? error.code : error ? -1 : 0;
      resolve({ status, stdout, stderr });
    });
  });
}
