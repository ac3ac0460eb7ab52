import { loadModels, type ModelsConf } from "@soma/conf/models";
import type { ModelClient } from "@soma/sdk/model-client";
import { type CallLimitValues, toCallLimits } from "./call-limits.ts";
import { chooseModel, look, lookForEmbeddings } from "./choose-model.ts";
import { chooseProfile, type PickProfile, type Who, whyNot } from "./choose-profile.ts";
import { createEmbeddingSource, makesVectors, type OpenEmbeddings } from "./embedding-source.ts";
import type { Hop } from "./fallback.ts";
import { createLanes } from "./lanes.ts";
import { loadProviders, settingsOf } from "./load-providers.ts";
import { ModelError, vanished } from "./model-error.ts";
import { createModelFetch } from "./model-fetch.ts";
import { signatureOf } from "./profile-signature.ts";
import type { Env, Look, LookParams } from "./provider.ts";

/** The models a process can use, as models.yaml says at the moment. */
export interface ModelSource {
  /** The one of runs that name none, where nothing else is said of their role and tenant; and why. */
  readonly chosen: ModelClient;
  readonly reason: string;
  readonly conf: ModelsConf;
  pick: PickProfile;
  /** Client of one profile; rejects with why it cannot be used, by this role and tenant or at all. */
  open(profile: string, who: Who): Promise<ModelClient>;
  openEmbeddings: OpenEmbeddings;
  /** A profile and what falls back from it, each once, in the order in which they are asked. */
  hopsFrom(profile: string): Hop[];
  /** Whether a profile can be used now, and why. */
  look(profile: string): Promise<Look<unknown>>;
  /** Reads models.yaml again; throws, and stays as it was, when it has faults or its default cannot be used. */
  reload(): Promise<void>;
}

export interface ModelSourceOptions {
  /** Folder of models.yaml. */
  confDir: URL;
  env: Env;
  settings: ModelSettings;
  /** Those of roles.yaml. */
  roles?: readonly string[];
  /** What a project teaches the scripted model. */
  scenario?: LookParams["scenario"];
  /** By which servers that do not answer are left alone; the system's clock when left out. */
  now?: () => number;
}

interface ModelSettings extends CallLimitValues {
  /** Profile to use; empty leaves it to the environment and to models.yaml. */
  modelProfile: string;
  /** Whether vectors of words alone are refused; not when left out. */
  realEmbeddings?: boolean;
}

/** What was read of a file, and the clients of its profiles that were asked for; as many as it has profiles. */
interface Loaded {
  conf: ModelsConf;
  chosen: ModelClient;
  reason: string;
  clients: Map<string, { signature: string; client: Promise<ModelClient> }>;
}

export async function createModelSource(options: ModelSourceOptions): Promise<ModelSource> {
  const { confDir, env, settings, roles, scenario, now } = options;
  const providers = await loadProviders();
  const fetch = createModelFetch(env);
  const limits = toCallLimits(settings);
  const around = { providers, env, fetch, limits, scenario, lanes: createLanes(now) };
  const chooseFrom = (models: ModelsConf, profile: string) =>
    chooseModel({ models, ...around, ...(profile === "" ? {} : { wanted: profile }) });
  /** Clients of profiles that are as they were go on, with what they have found out about their servers. */
  async function load(before?: Loaded): Promise<Loaded> {
    const conf = loadModels(settingsOf(providers), { folder: confDir, ...(roles === undefined ? {} : { roles }) });
    const { client, reason } = await chooseFrom(conf, settings.modelProfile);
    const stays = [...(before?.clients ?? [])].filter(
      ([name, { signature }]) => signature === signatureOf(conf, name, env),
    );
    const clients = new Map(stays);
    const signature = signatureOf(conf, client.profile, env);
    if (!clients.has(client.profile)) clients.set(client.profile, { signature, client: Promise.resolve(client) });
    return { conf, chosen: client, reason, clients };
  }

  let loaded = await load();
  const profiles = (): string[] => {
    const chatters = Object.entries(loaded.conf.profiles).filter(([, profile]) => !makesVectors(profile));
    return [...new Set([loaded.chosen.profile, ...chatters.map(([name]) => name)])];
  };

  function clientOf(profile: string): Promise<ModelClient> {
    const { conf, clients } = loaded;
    const known = clients.get(profile);
    if (known !== undefined) return known.client;
    const client = chooseFrom(conf, profile).then(
      (choice) => choice.client,
      (error: unknown) => {
        clients.delete(profile);
        // What waits for a person fails at once, where that person looks.
        const isOfProfile = error instanceof ModelError && error.isOfProfile;
        throw isOfProfile ? new ModelError("MODEL_REFUSED", error.message, { isOfProfile, cause: error }) : error;
      },
    );
    clients.set(profile, { signature: signatureOf(conf, profile, env), client });
    return client;
  }

  return {
    get chosen() {
      return loaded.chosen;
    },
    get reason() {
      return loaded.reason;
    },
    get conf() {
      return loaded.conf;
    },
    pick: (who, wanted) =>
      chooseProfile({ choices: loaded.conf, profiles: profiles(), standard: loaded.chosen.profile, who, wanted }),
    async open(profile, who) {
      const why = whyNot(loaded.conf, who, profile);
      if (why !== undefined) throw new ModelError("MODEL_REFUSED", why, { isOfProfile: true });
      if (!profiles().includes(profile)) throw vanished(profile);
      return clientOf(profile);
    },
    openEmbeddings: createEmbeddingSource(() => loaded.conf, { ...around, realOnly: settings.realEmbeddings === true }),
    hopsFrom: (profile) => hopsFrom(loaded.conf.profiles, profile),
    async look(name) {
      const profile = Object.hasOwn(loaded.conf.profiles, name) ? loaded.conf.profiles[name] : undefined;
      if (profile === undefined) return { usable: false, why: "it is not in models.yaml" };
      const params = { models: loaded.conf, ...around };
      return makesVectors(profile) ? lookForEmbeddings(name, profile, params) : look(name, profile, params, false);
    },
    async reload() {
      loaded = await load(loaded);
    },
  };
}

function hopsFrom(profiles: ModelsConf["profiles"], first: string): Hop[] {
  const hops = new Map<string, Hop>();
  const add = (name: string): void => {
    if (hops.has(name)) return;
    const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
    hops.set(name, { profile: name, attempts: profile?.retry?.attempts ?? 1 });
    profile?.fallbacks?.forEach(add);
  };
  add(first);
  return [...hops.values()];
}
