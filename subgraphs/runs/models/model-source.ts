import { loadModels } from "@soma/conf/models";
import type { ModelClient } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { type CallLimitValues, toCallLimits } from "./call-limits.ts";
import { chooseModel } from "./choose-model.ts";
import { loadProviders, settingsOf } from "./load-providers.ts";
import type { Env, LookParams } from "./provider.ts";

/** The models a process can use: the one chosen at start, and any other profile a run is pinned to. */
export interface ModelSource {
  chosen: ModelClient;
  reason: string;
  profiles: readonly string[];
  /** Client of a profile; rejects with MODEL_FAILED when it cannot be used now. */
  get(profile: string): Promise<ModelClient>;
}

export interface ModelSourceOptions {
  /** Folder of models.yaml. */
  confDir: URL;
  env: Env;
  settings: ModelSettings;
  /** What a project teaches the scripted model. */
  scenario?: LookParams["scenario"];
}

interface ModelSettings extends CallLimitValues {
  /** Profile to use; empty leaves it to the environment and to models.yaml. */
  modelProfile: string;
}

export async function createModelSource({
  confDir,
  env,
  settings,
  scenario,
}: ModelSourceOptions): Promise<ModelSource> {
  const providers = await loadProviders();
  const models = loadModels(settingsOf(providers), { folder: confDir });
  const limits = toCallLimits(settings);
  const choose = (profile: string) =>
    chooseModel({ models, providers, env, fetch, limits, scenario, ...(profile === "" ? {} : { wanted: profile }) });
  const { client, reason } = await choose(settings.modelProfile);
  // As many as models.yaml has profiles.
  const clients = new Map([[client.profile, Promise.resolve(client)]]);
  return {
    chosen: client,
    reason,
    profiles: [...new Set([client.profile, ...Object.keys(models.profiles)])],
    get(profile) {
      const known = clients.get(profile);
      if (known !== undefined) return known;
      const chosen = choose(profile).then(
        (choice) => choice.client,
        (cause: unknown) => {
          clients.delete(profile);
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new SomaError("MODEL_FAILED", `model profile "${profile}" cannot be used: ${why}`, { cause });
        },
      );
      clients.set(profile, chosen);
      return chosen;
    },
  };
}
