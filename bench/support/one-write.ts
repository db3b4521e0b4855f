/** The request of one write, in two stages: until it is asked, and from the approval to the end. */
import { Command, type Interrupt, isInterrupted } from "@langchain/langgraph";
import { at, type Bench, oneWrite, openBench, setValue } from "./runs.ts";
import { timed } from "./timing.ts";

export const openOneWrite = (): Promise<Bench> => openBench({ actions: [setValue()], playbooks: () => oneWrite });

/** @returns what is asked */
export async function ask({ holdpoint }: Bench, threadId: string, who?: string): Promise<Interrupt> {
  const state: unknown = await holdpoint.invoke({ request: "Set a to 1" }, at(threadId, who));
  const [question] = isInterrupted(state) ? state.__interrupt__ : [];
  if (!question) throw new Error(`Nothing was asked: ${JSON.stringify(state)}`);
  return question;
}

async function approve({ holdpoint }: Bench, threadId: string, { id = "" }: Interrupt): Promise<void> {
  const answer = { decisions: [{ step: "s1", type: "approve" }] };
  const { answer: said } = await holdpoint.invoke(new Command({ resume: { [id]: answer } }), at(threadId));
  if (said?.status !== "success") throw new Error(`It did not succeed: ${JSON.stringify(said)}`);
}

/** A whole run. @returns how long each stage took, in milliseconds */
export async function wholeRun(
  bench: Bench,
  threadId: string,
  who?: string,
): Promise<{ asking: number; resuming: number }> {
  const started = performance.now();
  const question = await ask(bench, threadId, who);
  const asking = performance.now() - started;
  return { asking, resuming: await timed(() => approve(bench, threadId, question)) };
}
