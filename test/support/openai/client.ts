import { ChatOpenAI, type ChatOpenAIFields } from "@langchain/openai";
import type { OpenAIServer } from "./server.ts";

/** The real client of LangChain, pointed at a scripted server. It tries once unless `maxRetries` says otherwise. */
export function clientOf({ url, apiKey }: OpenAIServer, fields: ChatOpenAIFields = {}): ChatOpenAI {
  const configuration = { baseURL: url, logLevel: "off" as const };
  return new ChatOpenAI({ model: "gpt-4o", apiKey, maxRetries: 0, configuration, ...fields });
}
