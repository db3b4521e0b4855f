/** The process that is killed: it asks, approves, and carries out, unless it dies on the way. */
import { flushCompileCache } from "node:module";
import { answerThread } from "../src/work/answer.ts";
import { startRequest } from "../src/work/threads.ts";
import { killAt } from "./kill-at.ts";
import { findPoint } from "./points.ts";
import { caller, openSubject, requestOf, type Subject, threadId } from "./subject.ts";

flushCompileCache(); // where one is kept: who is killed does not write it
const { point: name, ...subject } = JSON.parse(process.argv[2] ?? "") as Subject & { point: string };
const { at } = findPoint(name);
if ("words" in at) killAt(at);
const runtime = await openSubject(subject, "words" in at ? undefined : at);
let { question } = await startRequest(runtime, caller, { request: requestOf(subject), threadId });
while (question) {
  const type = question.kind === "transaction" ? "approve" : "happened";
  const view = await answerThread(runtime, caller, threadId, ({ proposalId, actions }) => ({
    proposalId,
    decisions: actions.map(({ step }) => ({ type, step })),
  }));
  question = view.question;
}
await runtime.close();
