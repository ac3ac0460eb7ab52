import type { EmbeddingProfile, ModelProfile, ModelsConf } from "@soma/conf/models";
import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import type { ModelClient } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import type { CallLimits } from "./call-limits.ts";
import type { GuardOptions, Lanes } from "./lanes.ts";
import type { Providers } from "./load-providers.ts";
import { ModelError } from "./model-error.ts";
import type { Env, Look, LookParams } from "./provider.ts";
import { readKey } from "./read-key.ts";
import { toServedBy } from "./telemetry/served-by.ts";

export interface ChooseModelParams {
  models: ModelsConf;
  providers: Providers;
  env: Env;
  fetch: typeof fetch;
  limits: CallLimits;
  scenario?: LookParams["scenario"];
  /** Limits and breakers that clients share; left out, they have none. */
  lanes?: Lanes;
  /**
   * A profile's name; it is used or an error says why it cannot be. Left out, the environment and models.yaml decide.
   */
  wanted?: string;
}

export interface ModelChoice {
  client: ModelClient;
  /** Why this one, as a person reads it. */
  reason: string;
  /** Every profile that was looked at, in order. */
  tried: { profile: string; usable: boolean; why: string }[];
}

type Looked = Look & { profile: string };

/** Profile that a provider makes of the environment alone. */
const CUSTOM = "custom";

/**
 * The model to use: the profile that is wanted, else the one the environment describes, else what models.yaml says. Its
 * "auto" takes the first of its list that can be used; all are looked at at once. Throws BAD_INPUT for a profile that
 * does not exist, UNAVAILABLE when nothing can be used, with every reason.
 */
export async function chooseModel(params: ChooseModelParams): Promise<ModelChoice> {
  const { models, wanted } = params;
  const custom = customProfile(params);
  if (custom !== undefined && (wanted === undefined || wanted === CUSTOM))
    return toChoice([await look(CUSTOM, custom, params, true)], "SOMA_MODEL_BASE_URL is set");
  const [name, because] =
    wanted === undefined ? [models.default, "it is the default of models.yaml"] : [wanted, "it was asked for by name"];
  if (wanted !== undefined || name !== "auto")
    return toChoice([await look(name, profileOf(models, name), params, true)], because);
  const looks = models.auto.map((each) => look(each, profileOf(models, each), params, false));
  return toChoice(await Promise.all(looks), undefined);
}

function toChoice(looks: readonly Looked[], because: string | undefined): ModelChoice {
  const at = looks.findIndex((each) => each.usable);
  const found = looks[at];
  if (found?.usable !== true) {
    const reasons = looks.map(({ profile, why }) => `model profile "${profile}" cannot be used: ${why}`);
    const isAway = looks.some((each) => !each.usable && each.isAway === true);
    throw new ModelError("UNAVAILABLE", reasons.join("; "), { isOfProfile: !isAway });
  }
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

function customProfile({ providers, env }: ChooseModelParams): ModelProfile | undefined {
  for (const provider of providers.values()) {
    const profile = provider.custom?.(env);
    if (profile !== undefined) return profile;
  }
  return undefined;
}

/** Looks at one profile; one that nobody named is looked at in passing. */
export async function look(
  name: string,
  profile: ModelProfile,
  params: ChooseModelParams,
  named: boolean,
): Promise<Looked> {
  const { providers, env, lanes } = params;
  if (profile.embedding !== undefined)
    return { profile: name, usable: false, why: "it makes embeddings and cannot chat" };
  const provider = providers.get(profile.provider);
  if (provider === undefined) return { profile: name, ...noProvider(profile) };
  const found = await provider.look(paramsOf(name, profile, params, named));
  if (!found.usable) return { profile: name, ...found };
  const guarded = lanes?.guard(found.client, guardOf(profile, env)) ?? found.client;
  return { profile: name, ...found, client: withTerms(guarded, profile) };
}

/** The same of a profile whose model makes vectors. */
export async function lookForEmbeddings(
  name: string,
  profile: EmbeddingProfile,
  params: ChooseModelParams,
): Promise<Look<EmbeddingClient>> {
  const { providers, env, lanes } = params;
  const provider = providers.get(profile.provider);
  if (provider === undefined) return noProvider(profile);
  if (provider.lookForEmbeddings === undefined)
    return { usable: false, why: `its provider ${provider.name} makes no embeddings` };
  const found = await provider.lookForEmbeddings(paramsOf(name, profile, params, true));
  if (!found.usable) return found;
  const guarded = lanes?.guardEmbeddings(found.client, guardOf(profile, env)) ?? found.client;
  return { ...found, client: { ...guarded, terms: { price: profile.price }, servedBy: toServedBy(profile) } };
}

function noProvider({ provider }: ModelProfile): { usable: false; why: string } {
  return { usable: false, why: `there is no provider "${provider}" in this build` };
}

function paramsOf<P extends ModelProfile>(
  name: string,
  profile: P,
  { env, fetch, limits, scenario }: ChooseModelParams,
  named: boolean,
): LookParams<P> {
  const timeoutsMs = { ...profile.timeoutsMs, ...limits };
  return { name, profile: { ...profile, timeoutsMs }, env, fetch, scenario, named };
}

function guardOf(profile: ModelProfile, env: Env): GuardOptions {
  return { place: placeOf(profile, env), maxConcurrent: profile.maxConcurrent };
}

/** Address and key, or what a package makes them of. */
function placeOf(profile: ModelProfile, env: Env): string {
  const { package: of, options, optionsEnv } = profile as ModelProfile & Readonly<Record<string, unknown>>;
  return JSON.stringify([profile.provider, profile.baseUrl, readKey(profile, env).apiKey, of, options, optionsEnv]);
}

/** A client that says what its profile says of its price, its room and its server. */
function withTerms(client: ModelClient, of: ModelProfile): ModelClient {
  const { price, params, capabilities } = of;
  const said = [params?.maxOutputTokens, capabilities?.maxOutputTokens].filter((most) => most !== undefined);
  const { profile, provider, model, isAi } = client;
  const maxOutputTokens = said.length === 0 ? undefined : Math.min(...said);
  const terms = { price, maxOutputTokens, contextTokens: capabilities?.contextTokens, params };
  const servedBy = toServedBy(of);
  return { profile, provider, model, isAi, terms, servedBy, chat: (request, signal) => client.chat(request, signal) };
}
