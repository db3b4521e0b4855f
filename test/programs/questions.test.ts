/** A program that has only to answer: what it says is the answer, also where a model could be asked to reflect. */
import { expect, it } from "vitest";
import { clientOf } from "../support/openai/client.ts";
import { playOpenAI } from "../support/openai-server.ts";
import { ask, openPrograms, program, programmer } from "../support/programs.ts";

const CODE = `
const { products } = await find_products({ inStock: true });
const [dearest] = products.sort((one, other) => other.price - one.price);
return { status: "success", answer: "The dearest is " + dearest.name + ".", rows: [{ name: dearest.name }] };`;

it("is not reflected on by a model, which has seen nothing of what was read", async () => {
  const server = await playOpenAI(programmer(/<functions>/).answer(program(CODE)));
  const client = clientOf(server);
  const runtime = await openPrograms(server, { models: { planner: client, reflector: client } });
  const { run } = await ask(runtime, "Which is the dearest?");
  expect(run.answer).toMatchObject({ status: "success", text: "The dearest is Moon.", details: ["name", "Moon"] });
  expect(server.calls).toHaveLength(1);
});
