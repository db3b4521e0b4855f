/** Traces of a call of the graph, and of its nodes below it: names by OpenTelemetry's conventions for generative AI. */
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { CallbackManager, type Callbacks } from "@langchain/core/callbacks/manager";
import { isGraphBubbleUp, type LangGraphRunnableConfig } from "@langchain/langgraph";
import type { NodeName } from "../graph/routes.ts";
import { type Carried, carriedSpan, traced } from "../telemetry/trace.ts";
import { type GraphNode, identityOf } from "./deps.ts";

/** In the configuration of a call: its span. */
const TRACE = "__holdpoint_trace";

interface Called {
  configurable?: Record<string, unknown>;
  callbacks?: Callbacks;
}

/** Which tenant's thread it is. */
function whose(config: LangGraphRunnableConfig): Record<string, string | undefined> {
  const thread: unknown = config.configurable?.thread_id;
  return {
    "holdpoint.tenant": identityOf(config).tenant,
    "gen_ai.conversation.id": typeof thread === "string" ? thread : undefined,
  };
}

/**
 * The options of a call of the graph, with a span that its nodes are below. LangChain says when it has ended: a stream
 * ends when its reader is done, which is not when the call that began it returns.
 */
export function withTrace<Options extends Called>(options: Options): Options {
  const span = carriedSpan(() => ({
    name: "invoke_agent holdpoint",
    attributes: {
      ...{ "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "holdpoint" },
      ...whose(options as LangGraphRunnableConfig),
    },
  }));
  if (!span) return options;
  const { configurable, callbacks } = options;
  return {
    ...options,
    configurable: { ...configurable, [TRACE]: span },
    callbacks: CallbackManager.configure(callbacks, [endingOf(span)]),
  };
}

/** It hears of that call alone, and not of what is called within. */
function endingOf(span: Carried): BaseCallbackHandler {
  return BaseCallbackHandler.fromMethods({
    handleChainEnd: () => span.end(),
    handleChainError: (error) => span.end(isGraphBubbleUp(error as Error) ? undefined : error),
  });
}

/** The same node, within a span below that of the call. */
export function withNodeTrace<Result>(name: NodeName, node: GraphNode<Result>): GraphNode<Result> {
  return async (state, config) => {
    const what = () => ({
      name: `node ${name}`,
      attributes: { "holdpoint.node": name, "holdpoint.run.id": state.run?.id, ...whose(config) },
    });
    const work = () =>
      traced(what, async () => await node(state, config), { isFailure: (error) => !isGraphBubbleUp(error as Error) });
    const span = config.configurable?.[TRACE] as Carried | undefined;
    return await (typeof span?.within === "function" ? span.within(work) : work());
  };
}
