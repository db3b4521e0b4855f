/**
 * The model endpoint of the scenarios "replans" and "programs", in the receiver's process: it answers by what it is asked
 * alone, so that it says the same to whoever goes on after a kill. Of steps, its first plan fails in its second stage; its
 * second one names and words the step that is done differently. Its program reads twice, and writes twice.
 */

interface ChatRequest {
  readonly messages: readonly { readonly content: unknown }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

/** @returns the completion, as the API answers it */
export function completionFor(request: ChatRequest): object {
  const said = JSON.stringify(request.messages);
  const id = /Send (\S+?)\./.exec(said)?.[1] ?? "";
  const name = request.tools?.[0]?.function.name ?? "";
  const reply = replyTo(said, id);
  const call = { id: "call_1", type: "function", function: { name, arguments: JSON.stringify(reply) } };
  return {
    ...{ id: "chatcmpl-1", object: "chat.completion", created: 0, model: "chaos" },
    choices: [
      { index: 0, finish_reason: "tool_calls", message: { role: "assistant", content: null, tool_calls: [call] } },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  };
}

function replyTo(said: string, id: string): object {
  if (said.includes("recorded_outcomes")) return reflect(said);
  return said.includes("<functions>") ? program(id) : plan(said, id);
}

function reflect(said: string): object {
  const failed = said.includes("<problem>");
  return { met: !failed, missing: [], next: failed ? "replan" : "done", advice: "", answer: "Sent." };
}

function program(id: string): object {
  const code = `
const first = await look({});
const second = await look({});
if (!first.clear || !second.clear) return { status: "no_match", answer: "It may not go on." };
for (const text of ["${id}-a", "${id}-b"]) await send({ text });
return { status: "success", answer: "Both are sent." };`;
  return { goal: "Sent.", code: code.trim() };
}

function plan(said: string, id: string): object {
  const send = (step: string, text: string, dependsOn: string[] = []) => ({
    ...{ id: step, title: `Send ${text}`, action: "send", args: { text }, dependsOn },
  });
  const wait = { id: "look", title: "Look", action: "look", args: {}, dependsOn: ["s1"] };
  const steps = said.includes("<done_steps>")
    ? [send("first", ` ${id}-a`), send("second", `${id}-b`, ["first"])]
    : [send("s1", `${id}-a`), wait, send("s2", `${id}-refuse`, ["look"])];
  return { outcome: "plan", message: "", goal: "Sent.", steps };
}
