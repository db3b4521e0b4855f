/** Holds the write lock of the new file argv[2] for a moment, as a process does that is about to create the store. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Database from "better-sqlite3";

const [path = ""] = process.argv.slice(2);
mkdirSync(dirname(path), { recursive: true });
const db = new Database(path);
db.exec("begin immediate");
console.log("ready");
await pause(400);
db.exec("rollback");
db.close();
console.log("null");
