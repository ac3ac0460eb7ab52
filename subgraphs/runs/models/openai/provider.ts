import { readSettings, text } from "@soma/shared/config";
import { lookAtServer, serverSettings } from "../http/look-at-server.ts";
import { defineProvider } from "../provider.ts";
import { createOpenAiCompatibleClient } from "./client.ts";
import { createOpenAiEmbeddingClient } from "./embedding-client.ts";

const NAME = "openai-compatible";
const CUSTOM_KEY = "SOMA_MODEL_API_KEY";

const customSettings = {
  baseUrl: text({
    env: "SOMA_MODEL_BASE_URL",
    doc: "an OpenAI-compatible server, such as http://127.0.0.1:11434/v1; it becomes the profile custom",
    default: "",
  }),
  model: text({ env: "SOMA_MODEL_NAME", doc: "its model; empty takes the one that it has", default: "" }),
  apiKey: text({ env: CUSTOM_KEY, doc: "its key, where it asks for one", default: "", secret: true }),
};

/** Servers that speak POST /chat/completions: OpenAI, Ollama, LM Studio, vLLM, llama.cpp and most gateways. */
export default defineProvider({
  name: NAME,
  settings: serverSettings,

  /** The settings SOMA_MODEL_BASE_URL, SOMA_MODEL_NAME and SOMA_MODEL_API_KEY. */
  custom(env) {
    const { baseUrl: written, model, apiKey } = readSettings(customSettings, env);
    const baseUrl = written.trim();
    if (baseUrl === "") return undefined;
    // A server of one's own may be silent for minutes before its first token, while it loads the model and reads the
    // prompt.
    const timeoutsMs = { connect: 5_000, firstToken: 180_000, silence: 60_000, total: 300_000 };
    const key = apiKey.trim() === "" ? {} : { apiKeyEnv: CUSTOM_KEY };
    return { provider: NAME, baseUrl, model: model.trim(), timeoutsMs, ...key };
  },

  look: (params) => lookAtServer(params, createOpenAiCompatibleClient),
  lookForEmbeddings: (params) => lookAtServer(params, createOpenAiEmbeddingClient),
});
