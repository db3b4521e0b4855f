/** LangGraph's checkpoints in a SQLite file. */
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { type Db, openSqlite } from "./sqlite.ts";

/** @throws HoldpointError `storage` that names the file */
export function openCheckpoints(path: string): { saver: BaseCheckpointSaver; file: Db } {
  const file = openSqlite(path);
  return { saver: new SqliteSaver(file), file };
}
