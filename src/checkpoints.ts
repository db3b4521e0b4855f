/** LangGraph's checkpoints in a SQLite file. */
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import { JsonPlusSerializer, type SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { derivedKey, isSealed, seal, unseal } from "./sealing.ts";
import { type Db, openSqlite } from "./sqlite.ts";

/**
 * @param key encrypts what is written from now on; what was written before can still be read
 * @throws HoldpointError `storage` that names the file
 */
export function openCheckpoints(path: string, key?: Buffer): { saver: BaseCheckpointSaver; file: Db } {
  const file = openSqlite(path);
  return { saver: new SqliteSaver(file, key && sealingSerializer(key)), file };
}

const PLACE = "checkpoints";

/** LangGraph's own serializer, encrypted. It is not told whose a checkpoint is, so there is one key for all tenants. */
function sealingSerializer(master: Buffer): SerializerProtocol {
  const plain = new JsonPlusSerializer();
  const key = derivedKey(master, PLACE);
  const encoder = new TextEncoder();
  return {
    async dumpsTyped(value) {
      const [type, bytes] = await plain.dumpsTyped(value);
      // As text: the saver reads writes that wait as text.
      const text = JSON.stringify([type, Buffer.from(bytes).toString("base64")]);
      return ["sealed", encoder.encode(seal(key, PLACE, text))];
    },
    async loadsTyped(type, data) {
      const text = typeof data === "string" ? data : Buffer.from(data).toString("utf8");
      if (type !== "sealed" || !isSealed(text)) return await plain.loadsTyped(type, data);
      const [inner, bytes] = JSON.parse(unseal(key, PLACE, text)) as [string, string];
      return await plain.loadsTyped(inner, Buffer.from(bytes, "base64"));
    },
  };
}
