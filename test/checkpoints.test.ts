/** How checkpoints are stored: small, encrypted where there is a key, and readable whoever wrote them. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { BaseCheckpointSaver } from "@langchain/langgraph";
import { emptyCheckpoint, JsonPlusSerializer, type SerializerProtocol, uuid6 } from "@langchain/langgraph-checkpoint";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { openCheckpoints } from "../src/checkpoints.ts";
import { derivedKey, seal } from "../src/sealing.ts";
import { type Db, openSqlite } from "../src/sqlite.ts";
import { tempDir } from "./support/temp.ts";

const thread = { configurable: { thread_id: "t", checkpoint_ns: "" } };
const metadata = { source: "loop", step: 1, parents: {} } as const;
const plan = {
  steps: Array.from({ length: 100 }, (_, n) => ({ id: `s${n}`, title: `Look up number ${n}`, zoë: "ß" })),
};

async function put(saver: BaseCheckpointSaver): Promise<void> {
  const checkpoint = { ...emptyCheckpoint(), id: uuid6(0), channel_values: { plan } };
  const config = await saver.put(thread, checkpoint, metadata, {});
  await saver.putWrites(
    config,
    [
      ["plan", plan],
      ["outcome", "planned"],
      ["bytes", new Uint8Array([1, 2, 3])],
    ],
    "task",
  );
}

async function expectWhole(saver: BaseCheckpointSaver): Promise<void> {
  const tuple = await saver.getTuple(thread);
  expect(tuple?.checkpoint.channel_values).toEqual({ plan });
  expect(tuple?.metadata).toEqual(metadata);
  const writes = tuple?.pendingWrites?.map(([, channel, value]) => [channel, value]);
  expect(writes?.slice(0, 2)).toEqual([
    ["plan", plan],
    ["outcome", "planned"],
  ]);
}

function open(path: string, key?: Buffer): { saver: BaseCheckpointSaver; file: Db } {
  const opened = openCheckpoints(path, key);
  onTestFinished(() => void opened.file.close());
  return opened;
}

const bytesIn = (file: Db): number =>
  (file.prepare("select sum(length(checkpoint)) bytes from checkpoints").get() as { bytes: number }).bytes;

/** As it was done before there was packing. */
function formerlySealing(key: Buffer): SerializerProtocol {
  const plain = new JsonPlusSerializer();
  return {
    async dumpsTyped(value) {
      const [type, bytes] = await plain.dumpsTyped(value);
      const text = JSON.stringify([type, Buffer.from(bytes).toString("base64")]);
      return ["sealed", new TextEncoder().encode(seal(derivedKey(key, "checkpoints"), "checkpoints", text))];
    },
    loadsTyped: () => Promise.reject(new Error("not read here")),
  };
}

const key = randomBytes(32);

describe.each([
  ["in plain", undefined],
  ["encrypted", key],
])("a checkpoint %s", (_how, key) => {
  it("comes back as it was, in less space than its JSON takes", async () => {
    const { saver, file } = open(join(tempDir(), "c.db"), key);
    await put(saver);
    await expectWhole(saver);
    expect(bytesIn(file)).toBeLessThan(JSON.stringify(plan).length / 2);
  });

  it("that was written before there was packing is read", async () => {
    const path = join(tempDir(), "c.db");
    const { file } = open(path);
    await put(new SqliteSaver(file, key && formerlySealing(key)));
    await expectWhole(open(path, key).saver);
  });
});

it("is found by its metadata", async () => {
  const { saver } = open(join(tempDir(), "c.db"));
  await put(saver);
  const found = async (step: number) => {
    const tuples = [];
    for await (const tuple of saver.list(thread, { filter: { step } })) tuples.push(tuple);
    return tuples;
  };
  expect([await found(1), await found(2)]).toMatchObject([[{ metadata }], []]);
});

it("that was altered is not taken for another one", async () => {
  const { saver, file } = open(join(tempDir(), "c.db"));
  await put(saver);
  file.exec("update checkpoints set checkpoint = substr(checkpoint, 1, 300)");
  await expect(saver.getTuple(thread)).rejects.toThrow();
});

it("prepares each statement once, also while the rows of one are being read", () => {
  const file = openSqlite(join(tempDir(), "f.db"));
  onTestFinished(() => void file.close());
  file.exec("create table t (n); insert into t values (1), (2)");
  const all = "select n from t order by n";
  expect(file.prepare(all)).toBe(file.prepare(all));
  for (const row of file.prepare(all).iterate()) expect(file.prepare(all).all()).toContainEqual(row);
  for (let n = 0; n < 1000; n++) file.prepare(`select ${n}`).get();
  expect(file.prepare(all).all()).toHaveLength(2);
});
