/** LangGraph's checkpoints in a SQLite file. */
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import { JsonPlusSerializer, type SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { MIN_PACKED, pack, unpack } from "./packing.ts";
import { derivedKey, isSealed, seal, unseal } from "./sealing.ts";
import { type Db, openSqlite, useWal } from "./sqlite.ts";

/**
 * They are not written through to the disk at each step: what a power cut takes of them is in the ledger, which a run goes
 * on from where its checkpoint is older, or gone.
 * @param key encrypts what is written from now on; what was written before can still be read
 * @throws HoldpointError `storage` that names the file
 */
export function openCheckpoints(path: string, key?: Buffer): { saver: BaseCheckpointSaver; file: Db } {
  const file = openSqlite(path, (db) => useWal(db, "normal"));
  const packing = packingSerializer();
  return { saver: new SqliteSaver(file, key ? sealingSerializer(packing, key) : packing), file };
}

const PLACE = "checkpoints";

const PACKED = "packed";

/**
 * LangGraph's own serializer, compressed: each checkpoint holds the whole state, and most of that is the plan. Metadata
 * stays as it is, for the saver to search in.
 */
function packingSerializer(): SerializerProtocol {
  const plain = new JsonPlusSerializer();
  const encoder = new TextEncoder();
  return {
    async dumpsTyped(value) {
      const [type, bytes] = await plain.dumpsTyped(value);
      if (type !== "json") return [type, bytes];
      if (bytes.length < MIN_PACKED || isMetadata(value)) return [PACKED, bytes];
      return [PACKED, encoder.encode(pack(Buffer.from(bytes).toString("utf8")))];
    },
    async loadsTyped(type, data) {
      if (type !== PACKED) return await plain.loadsTyped(type, data); // written before there was packing
      return await plain.loadsTyped(
        "json",
        unpack(typeof data === "string" ? data : Buffer.from(data).toString("utf8")),
      );
    },
  };
}

const isMetadata = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "source" in value && "step" in value && "parents" in value;

/** A serializer, encrypted. It is not told whose a checkpoint is, so there is one key for all tenants. */
function sealingSerializer(plain: SerializerProtocol, master: Buffer): SerializerProtocol {
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
