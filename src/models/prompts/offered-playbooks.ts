/** Playbooks in the planner's prompt: what it is offered, and how it says which one it takes. */
import { z } from "zod";
import { type JsonObject, JsonObjectSchema } from "../../domain/json.ts";
import { checkReply, noSteps, ReplySchema, StepsReplySchema } from "./planner.ts";

/** A playbook as the planner sees it: not its steps. */
export interface PlaybookCard {
  readonly name: string;
  readonly title: string;
  readonly description?: string | undefined;
  /** As they are declared. */
  readonly parameters: unknown;
}

/** What is wrong with a choice: the parameter, or undefined, and why. */
type Wrong = { readonly parameter: string | undefined; readonly message: string };

const { outcome, ...shape } = ReplySchema.shape;
const PlaybookShape = {
  playbook: z
    .object({
      name: z.string(),
      parameters: JsonObjectSchema,
      confidence: z
        .number()
        .refine((sure) => sure >= 0 && sure <= 1, "expected 0 to 1")
        .optional(),
    })
    .optional(),
  ...shape,
};
const WithPlaybooksSchema = z.object({ outcome: z.enum([...outcome.options, "playbook"]), ...PlaybookShape });
const StepsOrPlaybookSchema = z.object({
  outcome: z.enum([...StepsReplySchema.shape.outcome.options, "playbook"]),
  ...PlaybookShape,
});
/** The planner's answer where there are playbooks. */
export type PlaybookReply = z.output<typeof WithPlaybooksSchema>;

/**
 * The schema of the planner's answer where there are playbooks.
 * @param check what is wrong with a choice
 * @param mayProgram whether the work may be left to a program
 */
export function replySchemaWithPlaybooks(
  check: (name: string, parameters: JsonObject) => readonly Wrong[],
  mayProgram = false,
) {
  const whole = z.custom<PlaybookReply>().superRefine((reply, context) => {
    const { outcome: said, playbook } = reply;
    if (said !== "playbook") return checkReply({ ...reply, outcome: said }, context, noSteps);
    const wrong = playbook
      ? check(playbook.name, playbook.parameters).map(({ parameter, message }) => ({
          path: parameter === undefined ? ["playbook"] : ["playbook", "parameters", parameter],
          message,
        }))
      : [{ path: ["playbook"], message: "say which playbook, with its parameters" }];
    for (const fault of wrong) context.addIssue({ code: "custom", ...fault });
  });
  const schema: z.ZodType<PlaybookReply> = mayProgram ? WithPlaybooksSchema : StepsOrPlaybookSchema;
  return schema.pipe(whole);
}

/** What the system message says besides, where there are playbooks. */
export const PLAYBOOK_RULES = `A playbook is a plan that people made for a kind of request. Where one does all that is asked and nothing besides, take it: outcome playbook, its name and parameters, no steps, and as confidence how sure you are that exactly this is asked. Values come from the request; leave out what it does not say, and ask where something needed is missing. Where none fits, plan with the actions.`;
