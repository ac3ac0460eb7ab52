import { openai } from "./doors/openai.ts";
import { type ModelServer, type ModelServerOptions, startModelServer } from "./model-server.ts";

export { type Fault, scriptedAnswer } from "./model-server.ts";

export type OpenAiServerOptions = ModelServerOptions;
export type OpenAiServer = ModelServer;

/** A server that speaks OpenAI's chat wire as OpenAI does; its baseUrl ends in /v1. */
export function startOpenAiServer(options: OpenAiServerOptions): Promise<OpenAiServer> {
  return startModelServer(openai, options);
}
