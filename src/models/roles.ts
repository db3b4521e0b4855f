/** The models and the roles that they play. Any LangChain chat model can play any of them. */
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { ChatOpenAI } from "@langchain/openai";
import type { ModelConfig } from "../config.ts";

export interface Models {
  readonly planner?: BaseChatModel;
  readonly reviewer?: BaseChatModel;
  readonly reflector?: BaseChatModel;
  /** Does the thinking that a plan's own steps ask for. */
  readonly worker?: BaseChatModel;
}

export type Role = keyof Models;

/** How often the client itself repeats a call that failed on the way or was limited (it honours Retry-After). */
const MAX_RETRIES = 2;

/** Clients for the configured endpoint. Nothing is called here. */
export function createModels(config: ModelConfig): Models {
  const create = (model: string) =>
    new ChatOpenAI({
      model,
      apiKey: config.apiKey,
      maxRetries: MAX_RETRIES,
      ...(config.baseUrl === undefined ? {} : { configuration: { baseURL: config.baseUrl } }),
    });
  return {
    planner: create(config.planner),
    reviewer: create(config.reviewer),
    reflector: create(config.reflector),
    worker: create(config.worker ?? config.planner),
  };
}
