/** What would be planned, and what policy would say of it. Nothing runs. */
import { z } from "@hono/zod-openapi";
import { listPlaybooks, matchRequest } from "../../work/playbooks.ts";
import { testCases } from "../../work/policy-test.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";

const PlaybookSchema = z
  .object({
    name: z.string(),
    title: z.string(),
    description: z.string().optional(),
    parameters: z.array(z.string()),
    examples: z.array(z.string()).describe("Requests that it takes."),
    from: z.string().describe("Where it comes from, for people."),
  })
  .openapi("Playbook");

export const planningEndpoints: readonly AnyEndpoint[] = [
  endpoint({
    ...{ id: "listPlaybooks", method: "get", path: "/api/v1/playbooks", tag: "Plans", operation: "viewPlaybooks" },
    summary: "The predefined plans, and what can be asked",
    answers: {
      200: {
        description: "The playbooks.",
        schema: z
          .object({ playbooks: z.array(PlaybookSchema), whatCanBeAsked: z.array(z.string()) })
          .openapi("Playbooks"),
      },
    },
    run: async ({ runtime, identity }) => {
      const playbooks = await listPlaybooks(runtime, identity);
      return { status: 200, body: { playbooks, whatCanBeAsked: runtime.whatCanBeAsked } };
    },
  }),
  endpoint({
    ...{
      id: "matchRequest",
      method: "post",
      path: "/api/v1/playbooks/match",
      tag: "Plans",
      operation: "viewPlaybooks",
    },
    summary: "Which playbook takes a request, and the plan that it gives; nothing runs",
    body: z.strictObject({ request: z.string().min(1).max(20_000) }).openapi("MatchRequest"),
    answers: {
      200: {
        description: "The plan, or why there is none.",
        schema: z.looseObject({ kind: z.string() }).openapi("PlaybookResult"),
      },
    },
    run: async ({ runtime, identity, body: { request } }) => {
      return { status: 200, body: await matchRequest(runtime, identity, request) };
    },
  }),
  endpoint({
    ...{ id: "testPolicy", method: "post", path: "/api/v1/policy/test", tag: "Plans", operation: "testPolicy" },
    summary: "Put cases before the policy; nothing runs",
    body: z
      .strictObject({
        cases: z.string().max(900_000).describe("A file of cases, YAML; see docs/policy.md."),
        path: z.string().min(1).max(1000).default("cases.yaml").describe("What the file is called in errors."),
      })
      .openapi("PolicyCases"),
    answers: {
      200: {
        description: "What came of each.",
        schema: z.object({ results: z.array(z.looseObject({})) }).openapi("PolicyResults"),
      },
    },
    run: async ({ runtime, identity, body: { cases, path } }) => {
      return { status: 200, body: { results: await testCases(runtime, identity, { path, text: cases }) } };
    },
  }),
];
