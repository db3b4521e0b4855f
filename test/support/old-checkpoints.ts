/** Checkpoints as other versions of the program leave them: real ones, rewritten through the saver. */
import type { BaseCheckpointSaver, Checkpoint, CheckpointTuple } from "@langchain/langgraph-checkpoint";

export type Values = Record<string, unknown>;

/** Rewrites what a thread's last checkpoint holds, in its place; what waits there goes on waiting. */
export async function rewriteValues(
  saver: BaseCheckpointSaver,
  threadId: string,
  rewrite: (values: Values) => Values,
): Promise<void> {
  await rewriteCheckpoint(saver, threadId, (checkpoint) => {
    const channels = Object.entries(checkpoint.channel_values);
    const isChannel = ([name]: [string, unknown]) => name.includes(":") || name.startsWith("__");
    const control = Object.fromEntries(channels.filter(isChannel));
    const state = Object.fromEntries(channels.filter((entry) => !isChannel(entry)));
    const rewritten = rewrite(state);
    // LangGraph makes a value that is missing and has a version anew, out of what was written before.
    const versions = Object.entries(checkpoint.channel_versions).filter(
      ([name]) => !(name in state) || name in rewritten,
    );
    return {
      ...checkpoint,
      channel_values: { ...rewritten, ...control },
      channel_versions: Object.fromEntries(versions),
    };
  });
}

/** Rewrites what the last checkpoint asks, where it asks something. */
export async function rewriteQuestion(
  saver: BaseCheckpointSaver,
  threadId: string,
  rewrite: (question: Values) => unknown,
): Promise<void> {
  const { config, pendingWrites = [] } = await getTuple(saver, threadId);
  for (const [task, channel, value] of pendingWrites) {
    if (channel !== "__interrupt__") continue;
    const asked = (value as { value: Values }[]).map((one) => ({ ...one, value: rewrite(one.value) }));
    await saver.putWrites(config, [[channel, asked]], task);
  }
}

/** Calls a node by another name in the last checkpoint: it was renamed since, and what waits in it is nowhere. */
export async function renameNode(saver: BaseCheckpointSaver, threadId: string, from: string, to: string) {
  const renamed = <T>(entries: Record<string, T>) =>
    Object.fromEntries(
      Object.entries(entries).map(([name, value]) => [
        name === from ? to : name === `branch:to:${from}` ? `branch:to:${to}` : name,
        value,
      ]),
    );
  await rewriteCheckpoint(saver, threadId, (checkpoint) => ({
    ...checkpoint,
    channel_values: renamed(checkpoint.channel_values),
    channel_versions: renamed(checkpoint.channel_versions),
    versions_seen: renamed(
      Object.fromEntries(Object.entries(checkpoint.versions_seen).map(([node, seen]) => [node, renamed(seen)])),
    ),
  }));
}

async function rewriteCheckpoint(
  saver: BaseCheckpointSaver,
  threadId: string,
  rewrite: (checkpoint: Checkpoint) => Checkpoint,
): Promise<void> {
  const { checkpoint, metadata, parentConfig } = await getTuple(saver, threadId);
  const parent = parentConfig ?? { configurable: { thread_id: threadId, checkpoint_ns: "" } };
  await saver.put(parent, rewrite(checkpoint), metadata ?? { source: "loop", step: 0, parents: {} }, {});
}

async function getTuple(saver: BaseCheckpointSaver, threadId: string): Promise<CheckpointTuple> {
  const tuple = await saver.getTuple({ configurable: { thread_id: threadId, checkpoint_ns: "" } });
  if (!tuple) throw new Error(`There is no checkpoint of "${threadId}".`);
  return tuple;
}
