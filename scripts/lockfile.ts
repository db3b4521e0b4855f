/**
 * Mends the lock files where npm leaves them unfit for other machines; with --check it only says so. Run it after
 * each change of the dependencies. A lock must
 * 1. name the optional packages of every platform: npm drops those that the registry at hand lacks, and then `npm ci`
 *    calls the lock out of sync (npm/cli#9846);
 * 2. mark packages that `allowScripts` refuses with `gypfile: false`: npm before 11 does not know `allowScripts`, and
 *    would compile better-sqlite3 although it ships its binaries;
 * 3. hold no registry addresses.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

interface Entry {
  version?: string;
  resolved?: string;
  gypfile?: boolean;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}
type Packages = Record<string, Entry>;

/** The project's, and that of the packages which are only measured beside it. */
const FOLDERS = [".", "bench/peers"];
const LIBC: Record<string, string> = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

/** What a platform package is for, read off its name: `@biomejs/cli-linux-x64-musl`, `@oxc-parser/binding-darwin-arm64`. */
function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } {
  const [, os, cpu, abi = "gnu"] = /-([a-z]+\d*)-([a-z\d]+)(?:-([a-z]+))?$/.exec(name) ?? [];
  if (!(os && cpu)) throw new Error(`${name} is missing in the lock, and its name does not tell its platform.`);
  if (os !== "linux") return { os: [os], cpu: [cpu] };
  const libc = LIBC[abi];
  if (!libc) throw new Error(`${name} is missing in the lock, and "${abi}" is no C library known to this script.`);
  return { os: [os], cpu: [cpu], libc: [libc] };
}

/** The entry of a platform package that no registry answer describes: without `integrity`, which npm adds when it can. */
function platformEntry(name: string, version: string, owner: Entry): Entry {
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new Error(`${name} is missing in the lock, and ${version} is no exact version.`);
  const { dev, devOptional, license, peer, engines } = owner;
  const { os, cpu, libc } = platformOf(name);
  const known = { version, cpu, dev, devOptional, libc, license, optional: true, os, peer, engines }; // in npm's order
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

function missingPlatforms(packages: Packages): Packages {
  const isThere = (name: string) => Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`));
  const missing: Packages = {};
  for (const owner of Object.values(packages)) {
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      if (!isThere(name)) missing[`node_modules/${name}`] = platformEntry(name, version, owner);
    }
  }
  return missing;
}

function mend(packages: Packages, refused: string[]): Packages {
  const all = Object.entries({ ...packages, ...missingPlatforms(packages) });
  const mended = all.map(([path, { resolved, ...entry }]): [string, Entry] => {
    if (resolved !== undefined && !/^https?:/.test(resolved)) entry.resolved = resolved;
    if (refused.some((name) => path.endsWith(`node_modules/${name}`))) entry.gypfile = false;
    return [path, entry];
  });
  return Object.fromEntries(mended.sort(([a], [b]) => a.localeCompare(b, "en")));
}

function mendIn(folder: string): void {
  const path = join(folder, "package-lock.json");
  const lock = JSON.parse(readFileSync(path, "utf8")) as { packages: Packages };
  const { allowScripts = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    allowScripts?: Record<string, boolean>;
  };
  const refused = Object.keys(allowScripts).filter((name) => !allowScripts[name]);
  const packages = mend(lock.packages, refused);
  if (isDeepStrictEqual(packages, lock.packages)) console.log(`${path} fits every machine.`);
  else if (process.argv.includes("--check")) {
    console.error(`${path} does not fit every machine. Run \`npm run lock:mend\` and commit it.`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
    console.log(`${path} is mended.`);
  }
}

for (const folder of FOLDERS) mendIn(folder);
