/**
 * LangGraph's plan-and-execute loop, as its tutorial has it, with `Send` for the steps that are ready: plan, run what is
 * ready, look again. With `replans` the model looks at the plan after each wave, as in the tutorial; without, it is asked
 * for a plan and for an answer.
 */
import { Annotation, END, MemorySaver, Send, START, StateGraph } from "@langchain/langgraph";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";

const Steps = z.array(
  z.object({
    id: z.string(),
    title: z.string().describe("What it does."),
    action: z.string().describe("The tool that it calls."),
    args: z.record(z.string(), z.unknown()).describe('Its arguments; {"$ref": "s1.id"} is the output of a step.'),
    dependsOn: z.array(z.string()).describe("The steps that must be done before."),
  }),
);
const Plan = z.object({ steps: Steps.describe("The steps, in order.") });
const Act = z.object({
  steps: Steps.describe("What is still to be done; empty when nothing is."),
  response: z.string().describe("The answer to the user, when nothing is left to do."),
});

const PLANNER = `For the given objective, come up with a simple step by step plan. This plan should involve individual tasks, that if executed correctly will yield the correct answer. Do not add any superfluous steps. The result of the final step should be the final answer. Make sure that each step has all the information needed - do not skip steps.`;
const REPLANNER = `${PLANNER}

Update your plan accordingly. If no more steps are needed and you can return to the user, then respond with that. Otherwise, fill out the plan. Only add steps to the plan that still NEED to be done. Do not return previously done steps as part of the plan.`;

const State = Annotation.Root({
  request: Annotation(),
  steps: Annotation(),
  results: Annotation({ reducer: (known, more) => ({ ...known, ...more }), default: () => ({}) }),
  answer: Annotation(),
});

const resolved = (args, results) =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      const [step, field] = value?.$ref?.split(".") ?? [];
      return [name, step === undefined ? value : results[step][field]];
    }),
  );

/** @param peer `call` runs a tool; `tools` are told to the model */
export function createPeer({ url, apiKey, call, tools }, { replans }) {
  const model = new ChatOpenAI({ model: "scripted", apiKey, maxRetries: 0, configuration: { baseURL: url } });
  const structured = (schema, name) => model.withStructuredOutput(schema, { name, method: "functionCalling" });
  const ask = async (schema, name, system, data) =>
    await structured(schema, name).invoke([
      ["system", `${system}\n\nYou have these tools:\n${JSON.stringify(tools)}`],
      ["user", data],
    ]);
  const ready = ({ steps, results }) =>
    steps.filter(({ id, dependsOn }) => !(id in results) && dependsOn.every((other) => other in results));
  const sends = (state) => ready(state).map((step) => new Send("execute", { step, results: state.results }));
  const plan = async ({ request }) => await ask(Plan, "plan", PLANNER, request);
  const execute = async ({ step, results }) => ({ results: { [step.id]: await call(resolved(step.args, results)) } });
  const replan = async ({ request, steps, results }) => {
    const said = `Your objective was this:\n${request}\n\nYour original plan was this:\n${JSON.stringify(steps)}\n\nYou have currently done the following steps:\n${JSON.stringify(results)}`;
    const { response } = await ask(Act, "act", REPLANNER, said);
    return response === "" ? {} : { answer: response };
  };
  const respond = async ({ request, results }) => {
    const said = `${request}\n\nThe results of the steps:\n${JSON.stringify(results)}`;
    const { content } = await model.invoke([
      ["system", "Answer the request from the results of the steps."],
      ["user", said],
    ]);
    return { answer: content };
  };
  const builder = new StateGraph(State)
    .addNode("plan", plan)
    .addNode("execute", execute)
    .addNode("look", replans ? replan : async () => ({}))
    .addNode("respond", respond)
    .addEdge(START, "plan")
    .addConditionalEdges("plan", sends, ["execute"])
    .addEdge("execute", "look")
    .addConditionalEdges("look", (state) => (state.answer ? END : ready(state).length > 0 ? sends(state) : "respond"), [
      "execute",
      "respond",
      END,
    ])
    .addEdge("respond", END);
  const graph = builder.compile({ checkpointer: new MemorySaver() });
  return {
    run: async (threadId, request) => {
      const { answer } = await graph.invoke({ request }, { configurable: { thread_id: threadId } });
      if (!answer) throw new Error("LangGraph's loop gave no answer.");
    },
  };
}
