import type { ModelsConf } from "@soma/conf";
import type { ModelClient } from "@soma/sdk/model-client";
import { SomaError } from "@soma/shared/errors";
import { chooseModel } from "./choose-model.ts";

/** The models a process can use: the one chosen at start, and any other profile a run is pinned to. */
export interface ModelSource {
  chosen: ModelClient;
  reason: string;
  profiles: readonly string[];
  /** Client of a profile; rejects with MODEL_FAILED when it cannot be used now. */
  get(profile: string): Promise<ModelClient>;
}

export async function createModelSource(options: {
  models: ModelsConf;
  env: Record<string, string | undefined>;
  wanted: string;
}): Promise<ModelSource> {
  const { models, env, wanted } = options;
  const choose = (profile: string) =>
    chooseModel({ models, env, fetch, ...(profile === "" ? {} : { wanted: profile }) });
  const { client, reason } = await choose(wanted);
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
          throw new SomaError(
            "MODEL_FAILED",
            `model profile "${profile}" cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
            {
              cause,
            },
          );
        },
      );
      clients.set(profile, chosen);
      return chosen;
    },
  };
}
