import { lookAtServer, serverSettings } from "../http/look-at-server.ts";
import { defineProvider } from "../provider.ts";
import { createOpenAiCompatibleClient } from "./client.ts";
import { createOpenAiEmbeddingClient } from "./embedding-client.ts";

const NAME = "openai-compatible";
const CUSTOM_KEY = "SOMA_MODEL_API_KEY";

/** Servers that speak POST /chat/completions: OpenAI, Ollama, LM Studio, vLLM, llama.cpp and most gateways. */
export default defineProvider({
  name: NAME,
  settings: serverSettings,

  /** The settings SOMA_MODEL_BASE_URL, SOMA_MODEL_NAME and SOMA_MODEL_API_KEY. */
  custom(env) {
    const baseUrl = env.SOMA_MODEL_BASE_URL?.trim() ?? "";
    if (baseUrl === "") return undefined;
    // A server of one's own may be silent for minutes before its first token, while it loads the model and reads the
    // prompt.
    const timeoutsMs = { connect: 5_000, firstToken: 180_000, silence: 60_000, total: 300_000 };
    const hasKey = (env[CUSTOM_KEY]?.trim() ?? "") !== "";
    const key = hasKey ? { apiKeyEnv: CUSTOM_KEY } : {};
    return { provider: NAME, baseUrl, model: env.SOMA_MODEL_NAME?.trim() ?? "", timeoutsMs, ...key };
  },

  look: (params) => lookAtServer(params, createOpenAiCompatibleClient),
  lookForEmbeddings: (params) => lookAtServer(params, createOpenAiEmbeddingClient),
});
