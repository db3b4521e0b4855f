/** What a problem document looks like, for the description of the interface. */
import { z } from "@hono/zod-openapi";
import { PROBLEM_CODES, type ProblemCode } from "./problem.ts";

export const ProblemSchema = z
  .object({
    type: z.string().describe("urn:holdpoint:problem:<code>"),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("What is wrong with this request."),
    instance: z.string().describe("The id of the request, which the server's log has, too."),
    code: z.enum(PROBLEM_CODES as [ProblemCode, ...ProblemCode[]]),
    hint: z.string().optional().describe("The way on."),
    errors: z
      .array(z.object({ where: z.string(), message: z.string() }))
      .optional()
      .describe("What does not fit, and where."),
  })
  .openapi("Problem");
