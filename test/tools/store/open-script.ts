/** Opens the store at argv[2] as soon as it is told to, and reports how many rows it sees. */
import { once } from "node:events";
import { openStore } from "../../../src/tools/store/index.ts";

const [path = ""] = process.argv.slice(2);
console.log("ready");
await once(process.stdin, "data");
const store = openStore(path);
console.log(JSON.stringify(store.snapshot().map(({ rows }) => rows.length)));
store.close();
