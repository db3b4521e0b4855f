/** What a thread's checkpoints take in a SQLite file. */
import Database from "better-sqlite3";

export interface Stored {
  /** Of all checkpoints and the writes between them, as they are stored. */
  readonly bytes: number;
  readonly checkpoints: number;
}

/** @param file the path of the checkpoints */
export function storedOf(file: string, threadId: string): Stored {
  const db = new Database(file, { readonly: true });
  try {
    const checkpoints = db
      .prepare<[string], { count: number; bytes: number }>(
        "select count(*) count, sum(length(checkpoint) + length(metadata)) bytes from checkpoints where thread_id = ?",
      )
      .get(threadId);
    const writes = db
      .prepare<[string], { bytes: number | null }>("select sum(length(value)) bytes from writes where thread_id = ?")
      .get(threadId);
    return { bytes: (checkpoints?.bytes ?? 0) + (writes?.bytes ?? 0), checkpoints: checkpoints?.count ?? 0 };
  } finally {
    db.close();
  }
}
