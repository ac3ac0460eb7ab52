import type { ModelProfile, ModelsConf } from "@soma/conf";
import type { ModelClient } from "./model-client.ts";
import { createOpenAiCompatibleClient, settingsFault } from "./openai-compatible.ts";
import { createScriptedClient } from "./scripted.ts";

export interface ChooseModelParams {
  models: ModelsConf;
  env: Record<string, string | undefined>;
  fetch: typeof fetch;
  /** A profile's name; it is used or an error says why it cannot be. Left out, models.yaml decides. */
  wanted?: string;
}

export interface ModelChoice {
  client: ModelClient;
  /** Why this one, as a person reads it. */
  reason: string;
  /** Every profile that was looked at, in order. */
  tried: Tried[];
}

interface Tried {
  profile: string;
  usable: boolean;
  why: string;
  client?: ModelClient;
}

const PROBE_MS = 300;
const PROBE_BYTES = 1_000_000;
/** Profile of the settings SOMA_MODEL_BASE_URL, SOMA_MODEL_NAME and SOMA_MODEL_API_KEY. */
const CUSTOM = "custom";

/**
 * The model to use: the one that is wanted, else the one the environment describes, else the first of models.yaml's list that
 * can be used: a key in the environment, or a server that answers on this machine. The scripted model always can.
 */
export async function chooseModel(params: ChooseModelParams): Promise<ModelChoice> {
  const { models, env } = params;
  const baseUrl = env.SOMA_MODEL_BASE_URL ?? "";
  if (baseUrl !== "" && (params.wanted === undefined || params.wanted === CUSTOM))
    return choose([await look(CUSTOM, customProfile(baseUrl, env), params)], "SOMA_MODEL_BASE_URL is set");
  const wanted = params.wanted ?? (models.default === "auto" ? undefined : models.default);
  if (wanted === undefined) return choose(await Promise.all(models.auto.map((name) => look(name, profileOf(models, name), params))), undefined);
  return choose([await look(wanted, profileOf(models, wanted), params)], "it was asked for by name");
}

function choose(tried: Tried[], because: string | undefined): ModelChoice {
  const found = tried.find((each) => each.client !== undefined);
  if (found?.client === undefined) throw new Error(tried.map((each) => `model profile "${each.profile}" cannot be used: ${each.why}`).join("; "));
  return { client: found.client, reason: because === undefined ? found.why : `${because}; ${found.why}`, tried: tried.map(({ client: _, ...rest }) => rest) };
}

function profileOf(models: ModelsConf, name: string): ModelProfile {
  const profile = models.profiles[name];
  if (profile === undefined) throw new Error(`there is no model profile "${name}"; models.yaml has ${Object.keys(models.profiles).join(", ")}`);
  return profile;
}

function customProfile(baseUrl: string, env: ChooseModelParams["env"]): ModelProfile {
  return {
    provider: "openai-compatible",
    baseUrl,
    model: env.SOMA_MODEL_NAME ?? "",
    apiKeyEnv: "SOMA_MODEL_API_KEY",
    timeoutsMs: { connect: 5_000, firstToken: 60_000, total: 300_000 },
  };
}

async function look(name: string, profile: ModelProfile, { env, fetch: send }: ChooseModelParams): Promise<Tried> {
  if (profile.provider === "scripted")
    return {
      profile: name,
      usable: true,
      why: "the scripted model needs nothing; it is a set of rules, not an AI",
      client: createScriptedClient(name, profile.model),
    };
  const { baseUrl = "", apiKeyEnv, timeoutsMs, temperature, maxOutputTokens } = profile;
  const apiKey = apiKeyEnv === undefined ? undefined : env[apiKeyEnv] || undefined;
  const fault = settingsFault(baseUrl, apiKey);
  if (fault !== undefined) return { profile: name, usable: false, why: fault };
  const local = isLoopback(baseUrl);
  if (apiKeyEnv !== undefined && apiKey === undefined && !local && name !== CUSTOM) return { profile: name, usable: false, why: `${apiKeyEnv} is not set` };
  const listed = local || profile.model === "" ? await listModels(baseUrl, apiKey, send) : undefined;
  if (listed !== undefined && typeof listed === "string") return { profile: name, usable: false, why: listed };
  const model = profile.model === "" ? listed?.[0] : profile.model;
  if (model === undefined) return { profile: name, usable: false, why: `the server at ${baseUrl} has no model` };
  const client = createOpenAiCompatibleClient({ profile: name, provider: name, baseUrl, model, apiKey, temperature, maxOutputTokens, timeoutsMs });
  return {
    profile: name,
    usable: true,
    why: local ? `a server answers at ${baseUrl}` : apiKey === undefined ? `${baseUrl} needs no key` : `${apiKeyEnv} is set`,
    client,
  };
}

function isLoopback(baseUrl: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(baseUrl).hostname);
}

/** The models a server lists, or why it is none of ours. */
async function listModels(baseUrl: string, apiKey: string | undefined, send: typeof fetch): Promise<string[] | string> {
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  try {
    const response = await send(`${baseUrl.replace(/\/$/, "")}/models`, { headers, signal: AbortSignal.timeout(PROBE_MS), redirect: "error" });
    const text = await response.text();
    if (!response.ok || text.length > PROBE_BYTES) return `what answers at ${baseUrl} is not a model server (status ${response.status})`;
    const { data } = JSON.parse(text) as { data?: unknown };
    if (!Array.isArray(data)) return `what answers at ${baseUrl} does not list models`;
    return data.flatMap((item: unknown) => (typeof item === "object" && item !== null && "id" in item && typeof item.id === "string" ? [item.id] : []));
  } catch {
    return `nothing answers at ${baseUrl}`;
  }
}
