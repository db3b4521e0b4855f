/** Playbooks for tests, over the actions of a notebook: `note` writes a text, `count_notes` reads. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { PlaybookInput } from "../../../src/planning/own-playbooks/declaration.ts";
import { type OwnPlaybooks, openPlaybooks } from "../../../src/planning/own-playbooks/index.ts";
import { type Loaded, readPlaybooks } from "../../../src/planning/own-playbooks/load.ts";
import { playbookActions } from "../../../src/runtime.ts";
import { defineAction } from "../../../src/tools/action.ts";
import { createRegistry } from "../../../src/tools/registry.ts";
import { createNotebook } from "../../support/notebook.ts";
import { tempDir } from "../../support/temp.ts";

/** Takes one argument of each type, and nothing else. */
const typed = defineAction({
  kind: "read",
  name: "typed",
  version: 1,
  title: "Take arguments",
  description: "Takes arguments of every type.",
  input: z.strictObject({
    count: z.int().min(1).max(50).optional(),
    number: z.number().optional(),
    price: z.number().min(0).optional(),
    sure: z.boolean().optional(),
    day: z.iso.date().optional(),
    time: z.iso.datetime({ offset: true }).optional(),
    mail: z.email().optional(),
    color: z.enum(["red", "green"]).optional(),
    text: z.string().min(1).max(200).optional(),
    texts: z.array(z.string()).max(3).optional(),
  }),
  output: z.object({ items: z.array(z.object({ id: z.string(), stock: z.number() })) }),
  run: async () => ({ items: [] }),
  summarize: () => "Taken.",
});

const anything: typeof typed = { ...typed, name: "anything", input: z.strictObject({ value: z.unknown() }) as never };

/** None of them runs here. */
const actionsOfTests = () => playbookActions(createRegistry([...createNotebook("/nowhere").actions, typed, anything]));

/** @throws HoldpointError when one does not fit */
export const open = (...playbooks: PlaybookInput[]): OwnPlaybooks => openPlaybooks(playbooks, actionsOfTests());

/** What is wrong with a file. `place` is without the path. */
export function faultsIn(text: string): { place: string; message: string }[] {
  const path = join(tempDir(), "playbooks.yaml");
  writeFileSync(path, text);
  const { faults } = readPlaybooks([path], actionsOfTests());
  return faults.map(({ where, message }) => ({ place: where.replace(`${path}:`, ""), message }));
}

export const readAll = (...sources: (string | PlaybookInput)[]): Loaded => readPlaybooks(sources, actionsOfTests());

type More = Partial<PlaybookInput>;

/** A playbook that notes each of its parameters, with `match` as examples. */
export function noting(
  parameters: NonNullable<PlaybookInput["parameters"]>,
  examples: string[],
  more: More = {},
): PlaybookInput {
  return {
    name: "noting",
    title: "Note things",
    parameters,
    match: { examples },
    steps: Object.keys(parameters).map((name) => ({
      id: `s_${name.toLowerCase()}`,
      title: `Note ${name}`,
      if: `${name} != null`,
      action: "note",
      args: { text: `= {${name}}` },
    })),
    ...more,
  };
}

/** The values that a request gives, told by what is noted; or why there are none. */
export function notedBy(playbooks: OwnPlaybooks, request: string): JsonObject | string {
  const found = playbooks.match(request);
  if (found.kind !== "plan") return found.problem;
  return Object.fromEntries(
    found.plan.steps.map(({ id, args }) => [id.replace("s_", ""), String(args.text).replace("= ", "")]),
  );
}
