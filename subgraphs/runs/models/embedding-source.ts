import type { EmbeddingProfile, ModelProfile, ModelsConf } from "@soma/conf/models";
import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import { type ChooseModelParams, lookForEmbeddings } from "./choose-model.ts";
import { type Who, whyNot } from "./choose-profile.ts";
import { ModelError, vanished } from "./model-error.ts";
import { signatureOf } from "./profile-signature.ts";
import { retriedEmbeddings } from "./retried-embeddings.ts";

/** What makes of one client another that asks it. */
type Wrap = (client: EmbeddingClient) => EmbeddingClient;

/**
 * Opens the model of a profile that makes vectors, or of the one that models.yaml names for that; rejects with why it
 * cannot be used. Each request goes through what `wrap` makes.
 */
export type OpenEmbeddings = (profile: string | undefined, who: Who, wrap?: Wrap) => Promise<EmbeddingClient>;

/** `realOnly`: whether a model that is none, and whose vectors are of words alone, is refused. */
type EmbeddingParams = Omit<ChooseModelParams, "models"> & { realOnly: boolean };

interface Known {
  signature: string;
  client: Promise<EmbeddingClient>;
}

export function createEmbeddingSource(
  confNow: () => ModelsConf,
  { realOnly, ...around }: EmbeddingParams,
): OpenEmbeddings {
  /** Those that were asked for, as long as their profiles are as they were. */
  const clients = new Map<string, Known>();

  function clientOf(name: string, profile: EmbeddingProfile, conf: ModelsConf): Promise<EmbeddingClient> {
    const signature = signatureOf(conf, name, around.env);
    const known = clients.get(name);
    if (known?.signature === signature) return known.client;
    const client = make(name, profile, { ...around, models: conf }).catch((error: unknown) => {
      // Since then the profile may have changed, and been looked at anew.
      if (clients.get(name)?.client === client) clients.delete(name);
      throw error;
    });
    clients.set(name, { signature, client });
    return client;
  }

  return async (wanted, who, wrap = (client) => client) => {
    const conf = confNow();
    const { name, profile } = profileOf(conf, wanted);
    const why = whyNot(conf, who, name);
    if (why !== undefined) throw refused(why);
    const client = await clientOf(name, profile, conf);
    if (realOnly && !client.isAi)
      throw refused(`model profile "${name}" makes vectors of words alone, and ENABLE_REAL_EMBEDDINGS is true`);
    return retriedEmbeddings(wrap(client), profile);
  };
}

function profileOf(conf: ModelsConf, wanted: string | undefined): { name: string; profile: EmbeddingProfile } {
  const name = wanted ?? conf.embeddings;
  if (name === undefined)
    throw refused("no model makes embeddings: models.yaml names no profile for it, as embeddings: NAME");
  const profile = Object.hasOwn(conf.profiles, name) ? conf.profiles[name] : undefined;
  if (profile === undefined) throw vanished(name);
  if (!makesVectors(profile))
    throw refused(`model profile "${name}" makes no embeddings; give it embedding: { dimensions: ... } in models.yaml`);
  return { name, profile };
}

export function makesVectors(profile: ModelProfile): profile is EmbeddingProfile {
  return profile.embedding !== undefined;
}

async function make(name: string, profile: EmbeddingProfile, params: ChooseModelParams): Promise<EmbeddingClient> {
  const found = await lookForEmbeddings(name, profile, params);
  if (found.usable) return found.client;
  const why = `model profile "${name}" cannot be used: ${found.why}`;
  // What waits for a person fails at once, where that person looks.
  throw found.isAway === true ? new ModelError("UNAVAILABLE", why) : refused(why);
}

function refused(why: string): ModelError {
  return new ModelError("MODEL_REFUSED", why, { isOfProfile: true });
}
