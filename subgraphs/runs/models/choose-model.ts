import type { ModelProfile, ModelsConf } from "@soma/conf";
import type { ModelClient } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { createOpenAiCompatibleClient, settingsFault } from "./openai/client.ts";
import { listModels } from "./openai/list-models.ts";
import { createScriptedClient } from "./scripted/client.ts";

export interface ChooseModelParams {
  models: ModelsConf;
  env: Record<string, string | undefined>;
  fetch: typeof fetch;
  /** A profile's name; it is used or an error says why it cannot be. Left out, the environment and models.yaml decide. */
  wanted?: string;
}

export interface ModelChoice {
  client: ModelClient;
  /** Why this one, as a person reads it. */
  reason: string;
  /** Every profile that was looked at, in order. */
  tried: { profile: string; usable: boolean; why: string }[];
}

/** What was found out about a profile; `why` follows its name. */
type Look = { profile: string; why: string } & ({ usable: true; client: ModelClient } | { usable: false });

/** Profile of the settings SOMA_MODEL_BASE_URL, SOMA_MODEL_NAME and SOMA_MODEL_API_KEY. */
const CUSTOM = "custom";
/** For a server of this machine, which is only looked for: it answers in a few milliseconds when it is there. */
const LOCAL_PROBE_MS = 300;
/** For a server that was named; across a network, with a TLS handshake. */
const NAMED_PROBE_MS = 5_000;

/**
 * The model to use: the profile that is wanted, else the server that SOMA_MODEL_BASE_URL names, else what models.yaml says. Its
 * "auto" takes the first of its list that can be used: a key in the environment, or a server that answers; all are looked at
 * at once. Throws BAD_INPUT for a profile that does not exist, UNAVAILABLE when nothing can be used, with every reason.
 */
export async function chooseModel(params: ChooseModelParams): Promise<ModelChoice> {
  const { models, env, wanted } = params;
  const custom = customProfile(env);
  if (custom !== undefined && (wanted === undefined || wanted === CUSTOM)) {
    return toChoice([await look(CUSTOM, custom, params, NAMED_PROBE_MS)], "SOMA_MODEL_BASE_URL is set");
  }
  if (wanted !== undefined)
    return toChoice(
      [await look(wanted, profileOf(models, wanted), params, NAMED_PROBE_MS)],
      "it was asked for by name",
    );
  if (models.default !== "auto") {
    return toChoice(
      [await look(models.default, profileOf(models, models.default), params, NAMED_PROBE_MS)],
      "it is the default of models.yaml",
    );
  }
  return toChoice(
    await Promise.all(models.auto.map((name) => look(name, profileOf(models, name), params, LOCAL_PROBE_MS))),
    undefined,
  );
}

function toChoice(looks: readonly Look[], because: string | undefined): ModelChoice {
  const at = looks.findIndex((each) => each.usable);
  const found = looks[at];
  if (found?.usable !== true)
    throw new SomaError(
      "UNAVAILABLE",
      looks.map(({ profile, why }) => `model profile "${profile}" cannot be used: ${why}`).join("; "),
    );
  const before = looks.slice(0, at).map(({ profile }) => profile);
  const prefix = because ?? (before.length === 0 ? undefined : `${before.join(", ")} cannot be used`);
  return {
    client: found.client,
    reason: prefix === undefined ? found.why : `${prefix}; ${found.why}`,
    tried: looks.map(({ profile, usable, why }) => ({ profile, usable, why })),
  };
}

function profileOf(models: ModelsConf, name: string): ModelProfile {
  const profile = Object.hasOwn(models.profiles, name) ? models.profiles[name] : undefined;
  if (profile !== undefined) return profile;
  const hint = name === CUSTOM ? "; it needs SOMA_MODEL_BASE_URL" : "";
  throw new SomaError(
    "BAD_INPUT",
    `there is no model profile "${name}"${hint}; models.yaml has ${Object.keys(models.profiles).join(", ")}`,
  );
}

function customProfile(env: ChooseModelParams["env"]): ModelProfile | undefined {
  const baseUrl = env.SOMA_MODEL_BASE_URL?.trim() ?? "";
  if (baseUrl === "") return undefined;
  const timeoutsMs = { connect: 5_000, firstToken: 60_000, total: 300_000 };
  const key = hasKey(env.SOMA_MODEL_API_KEY) ? { apiKeyEnv: "SOMA_MODEL_API_KEY" } : {};
  return { provider: "openai-compatible", baseUrl, model: env.SOMA_MODEL_NAME?.trim() ?? "", timeoutsMs, ...key };
}

function hasKey(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== "";
}

async function look(
  profile: string,
  settings: ModelProfile,
  params: ChooseModelParams,
  limitMs: number,
): Promise<Look> {
  if (settings.provider === "scripted") {
    const client = createScriptedClient(profile, settings.model);
    return { profile, usable: true, why: "the scripted model needs nothing; it is a set of rules, not an AI", client };
  }
  const { baseUrl = "", apiKeyEnv } = settings;
  const key = apiKeyEnv === undefined ? undefined : params.env[apiKeyEnv];
  if (apiKeyEnv !== undefined && !hasKey(key)) return { profile, usable: false, why: `${apiKeyEnv} is not set` };
  const apiKey = key?.trim();
  const fault = settingsFault(baseUrl, apiKey);
  if (fault !== undefined) return { profile, usable: false, why: fault };
  // A key or the address itself was given on purpose and is taken at its word, so that a start needs no network.
  const trusted = settings.model !== "" && (apiKey !== undefined || profile === CUSTOM);
  const probeMs = isLoopback(baseUrl) ? limitMs : NAMED_PROBE_MS;
  const listed = trusted
    ? [settings.model]
    : await listModels({ baseUrl, apiKey, fetch: params.fetch, limitMs: probeMs });
  if (typeof listed === "string") return { profile, usable: false, why: listed };
  const model = settings.model === "" ? (listed[0] ?? "") : settings.model;
  const client = createOpenAiCompatibleClient({
    ...settings,
    profile,
    provider: profile,
    baseUrl,
    model,
    apiKey,
    fetch: params.fetch,
  });
  return { profile, usable: true, why: toWhy(apiKeyEnv, trusted, model, baseUrl), client };
}

function toWhy(apiKeyEnv: string | undefined, trusted: boolean, model: string, baseUrl: string): string {
  if (apiKeyEnv !== undefined) return `${apiKeyEnv} is set, so ${model} at ${baseUrl} is used`;
  return trusted ? `${model} at ${baseUrl} is used` : `a server answers at ${baseUrl} and ${model} is used`;
}

function isLoopback(baseUrl: string): boolean {
  return /^(?:127(?:\.\d+){3}|localhost|.+\.localhost|\[::1\])$/.test(new URL(baseUrl).hostname);
}
