import { Type } from "typebox";
import { defineProvider } from "../provider.ts";
import { isLoopback } from "../proxies.ts";
import { readKey } from "../read-key.ts";
import { basesOf, placeOf, repairAddress } from "./address.ts";
import { createOpenAiCompatibleClient, settingsFault } from "./client.ts";
import { listModels } from "./list-models.ts";

/** For a server of this machine, which is only looked for: it answers in a few milliseconds when it is there. */
const LOCAL_PROBE_MS = 300;
/** For a server that was named; across a network, with a TLS handshake. */
const NAMED_PROBE_MS = 5_000;
const NAME = "openai-compatible";
const CUSTOM_KEY = "SOMA_MODEL_API_KEY";

const settings = Type.Object({
  baseUrl: Type.String({
    minLength: 1,
    description: "what its operations have in common, such as http://127.0.0.1:11434/v1",
  }),
});

/** Servers that speak POST /chat/completions: OpenAI, Ollama, LM Studio, vLLM, llama.cpp and most gateways. */
export default defineProvider({
  name: NAME,
  settings,

  /** The settings SOMA_MODEL_BASE_URL, SOMA_MODEL_NAME and SOMA_MODEL_API_KEY. */
  custom(env) {
    const baseUrl = env.SOMA_MODEL_BASE_URL?.trim() ?? "";
    if (baseUrl === "") return undefined;
    // A server of one's own may be silent for minutes before its first token, while it loads the model and reads the prompt.
    const timeoutsMs = { connect: 5_000, firstToken: 180_000, silence: 60_000, total: 300_000 };
    const hasKey = (env[CUSTOM_KEY]?.trim() ?? "") !== "";
    const key = hasKey ? { apiKeyEnv: CUSTOM_KEY } : {};
    return { provider: NAME, baseUrl, model: env.SOMA_MODEL_NAME?.trim() ?? "", timeoutsMs, ...key };
  },

  async look({ name, profile, env, fetch, named }) {
    const written = repairAddress(profile.baseUrl);
    const { apiKey, from, fault: keyFault } = readKey(profile, env);
    if (keyFault !== undefined) return { usable: false, why: keyFault };
    const fault = settingsFault(written, apiKey);
    if (fault !== undefined) return { usable: false, why: fault };
    // A key or the address itself was given on purpose and is taken at its word, so that a start needs no network.
    const trusted = profile.model !== "" && (apiKey !== undefined || name === "custom");
    const limitMs = isLoopback(new URL(written)) && !named ? LOCAL_PROBE_MS : NAMED_PROBE_MS;
    const listed = trusted
      ? { base: written, models: [profile.model] }
      : await listModels({ bases: basesOf(written), apiKey, fetch, limitMs });
    if (typeof listed === "string") return { usable: false, why: listed, isAway: true };
    const baseUrl = listed.base;
    const model = profile.model === "" ? (listed.models[0] ?? "") : profile.model;
    const options = { ...profile, profile: name, baseUrl, model, apiKey, fetch };
    const why = toWhy(from, trusted, model, placeOf(baseUrl));
    return { usable: true, why, client: createOpenAiCompatibleClient(options) };
  },
});

function toWhy(keyFrom: string | undefined, trusted: boolean, model: string, baseUrl: string): string {
  if (keyFrom !== undefined) return `${keyFrom} is set, so ${model} at ${baseUrl} is used`;
  return trusted ? `${model} at ${baseUrl} is used` : `a server answers at ${baseUrl} and ${model} is used`;
}
