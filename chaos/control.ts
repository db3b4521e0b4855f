/**
 * The same kills on a plain LangGraph node with the SQLite saver and durability `sync`, to see that the harness detects
 * what it looks for. Run again, it goes on from its checkpoint.
 */
import { join } from "node:path";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { openCheckpoints } from "../src/checkpoints.ts";
import { killAt } from "./kill-at.ts";
import { findPoint } from "./points.ts";
import { type Subject, textsOf } from "./subject.ts";

const { point, ...subject } = JSON.parse(process.argv[2] ?? "") as Subject & { point?: string };
const at = point === undefined ? undefined : findPoint(point).at;
// Where Holdpoint records an outcome, a plain node has its checkpoint.
if (at && "words" in at) killAt({ words: ["INTO writes", "done"], nth: 2, when: "before" }); // the first is the input
const { saver, file } = openCheckpoints(join(subject.home, "control.db"));
await saver.getTuple({ configurable: { thread_id: "t" } }); // makes its tables
let calls = 0;

const send = (text: string) => async () => {
  const kill = at && !("words" in at) && ++calls === at.nth ? { pid: process.pid, when: at.when } : undefined;
  await fetch(subject.url, { method: "POST", body: JSON.stringify({ did: "write", key: text, text, kill }) });
  return { done: [text] };
};
const State = Annotation.Root({
  done: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
});
const [first = "", second = ""] = textsOf(subject);
const graph = new StateGraph(State)
  .addNode("first", send(first))
  .addNode("second", send(second))
  .addEdge(START, "first")
  .addEdge("first", "second")
  .addEdge("second", END)
  .compile({ checkpointer: saver });
const config = { configurable: { thread_id: "t" }, durability: "sync" as const };
const begun = (await graph.getState(config)).config.configurable?.checkpoint_id !== undefined;
await graph.invoke(begun ? null : { done: [] }, config);
file.close();
