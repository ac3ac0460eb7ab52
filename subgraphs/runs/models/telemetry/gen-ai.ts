import { histogram } from "@soma/shared/metrics";

/**
 * Names by the OpenTelemetry conventions for generative AI, which still change (status: development): they stand here
 * alone, so that following them is one change. Attributes with the words of messages are none of these: spans hold no
 * content.
 */
export const GEN_AI = {
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  conversation: "gen_ai.conversation.id",
  requestModel: "gen_ai.request.model",
  outputType: "gen_ai.output.type",
  requestStream: "gen_ai.request.stream",
  maxTokens: "gen_ai.request.max_tokens",
  temperature: "gen_ai.request.temperature",
  topP: "gen_ai.request.top_p",
  seed: "gen_ai.request.seed",
  responseId: "gen_ai.response.id",
  responseModel: "gen_ai.response.model",
  dimensions: "gen_ai.embeddings.dimension.count",
  finishReasons: "gen_ai.response.finish_reasons",
  timeToFirstChunk: "gen_ai.response.time_to_first_chunk",
  inputTokens: "gen_ai.usage.input_tokens",
  cachedTokens: "gen_ai.usage.cache_read.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  toolName: "gen_ai.tool.name",
  toolCallId: "gen_ai.tool.call.id",
  toolType: "gen_ai.tool.type",
  errorType: "error.type",
  serverAddress: "server.address",
  serverPort: "server.port",
} as const;

/** Values of `gen_ai.operation.name`; a span is called by it and by what it is done with. */
export const OPERATION = { chat: "chat", embeddings: "embeddings", executeTool: "execute_tool" } as const;

/**
 * Values of `gen_ai.provider.name`, by where a model answers; who is none of these has the name of our own provider.
 */
export const PROVIDER_AT: readonly (readonly [host: RegExp, provider: string])[] = [
  [/(^|\.)openai\.azure\.com$/, "azure.ai.openai"],
  [/\.(?:services\.ai|inference\.ml)\.azure\.com$/, "azure.ai.inference"],
  [/(^|\.)openai\.com$/, "openai"],
  [/(^|\.)anthropic\.com$/, "anthropic"],
  [/^bedrock[\w-]*\..+\.amazonaws\.com$/, "aws.bedrock"],
  [/(^|\.)aiplatform\.googleapis\.com$|-aiplatform\.googleapis\.com$/, "gcp.vertex_ai"],
  [/^generativelanguage\.googleapis\.com$/, "gcp.gemini"],
  [/(^|\.)cohere\.(?:com|ai)$/, "cohere"],
  [/(^|\.)deepseek\.com$/, "deepseek"],
  [/(^|\.)groq\.com$/, "groq"],
  [/(^|\.)ml\.cloud\.ibm\.com$/, "ibm.watsonx.ai"],
  [/(^|\.)mistral\.ai$/, "mistral_ai"],
  [/(^|\.)moonshot\.(?:ai|cn)$/, "moonshot_ai"],
  [/(^|\.)perplexity\.ai$/, "perplexity"],
  [/(^|\.)x\.ai$/, "x_ai"],
];

/** The same by the package of the AI SDK that asks it, wherever that is. */
export const PROVIDER_OF: Readonly<Record<string, string>> = {
  "@ai-sdk/amazon-bedrock": "aws.bedrock",
  "@ai-sdk/anthropic": "anthropic",
  "@ai-sdk/azure": "azure.ai.openai",
  "@ai-sdk/cohere": "cohere",
  "@ai-sdk/deepseek": "deepseek",
  "@ai-sdk/google": "gcp.gemini",
  "@ai-sdk/google-vertex": "gcp.vertex_ai",
  "@ai-sdk/groq": "groq",
  "@ai-sdk/mistral": "mistral_ai",
  "@ai-sdk/openai": "openai",
  "@ai-sdk/perplexity": "perplexity",
  "@ai-sdk/xai": "x_ai",
};

/** What metrics are told apart by, with the attribute it is: none that a server can make values of up. */
const LABELS = [
  ["gen_ai_operation_name", GEN_AI.operation],
  ["gen_ai_provider_name", GEN_AI.provider],
  ["gen_ai_request_model", GEN_AI.requestModel],
  ["server_address", GEN_AI.serverAddress],
  ["server_port", GEN_AI.serverPort],
] as const;
type Label = (typeof LABELS)[number][0];
const labelNames = LABELS.map(([label]) => label);

export const TOKENS = histogram("gen_ai_client_token_usage", "Tokens of calls to models, as their servers tell them", {
  labelNames: [...labelNames, "gen_ai_token_type"],
  buckets: [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
});

const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

export const DURATION = histogram("gen_ai_client_operation_duration_seconds", "Calls to models", {
  labelNames: [...labelNames, "error_type"],
  buckets: SECONDS,
});

export const FIRST_CHUNK = histogram(
  "gen_ai_client_operation_time_to_first_chunk_seconds",
  "Calls to models until they said something",
  { labelNames, buckets: SECONDS },
);

/** What of a span its metrics say. */
export function toLabels(attributes: Readonly<Record<string, unknown>>): Partial<Record<Label, string>> {
  const said = LABELS.filter(([, name]) => attributes[name] !== undefined);
  return Object.fromEntries(said.map(([label, name]) => [label, String(attributes[name])]));
}
