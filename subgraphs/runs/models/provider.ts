import type { EmbeddingProfile, ModelProfile } from "@soma/conf/models";
import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import type { ModelClient } from "@soma/sdk/model-client";
import type { Scenario } from "@soma/sdk/scenario";
import type { Static, TObject } from "typebox";

/**
 * What was found out about a profile; `why` follows its name in a sentence. What `isAway` may come back by itself;
 * anything else that keeps a profile from being used waits for a person.
 */
export type Look<C = ModelClient> =
  | { usable: true; why: string; client: C }
  | { usable: false; why: string; isAway?: boolean };

export type Env = Readonly<Record<string, string | undefined>>;

export interface LookParams<P = ModelProfile> {
  /** Name of the profile. */
  name: string;
  profile: P;
  env: Env;
  fetch: typeof fetch;
  /** What a project teaches the scripted model. */
  scenario?: (() => Scenario | undefined) | undefined;
  /** True when the profile was named by somebody; a profile that is only tried must not hold up a start. */
  named: boolean;
}

/**
 * Where models come from: a folder of this one with a `provider.ts` whose default export this is. Nothing else has to
 * know of it: profiles name it in models.yaml, its settings are checked by its schema, and it tells whether it can be
 * used.
 */
export interface Provider<S extends TObject = TObject> {
  /** As models.yaml names it. */
  name: string;
  /** What a profile of this provider holds beside provider, model and timeoutsMs. */
  settings: S;
  /** A profile made of the environment alone; it is called "custom". */
  custom?(env: Env): (ModelProfile & Static<S>) | undefined;
  /** Whether a profile can be used here and now, and its client if it can. */
  look(params: LookParams<ModelProfile & Static<S>>): Promise<Look>;
  /** The same of a profile whose model makes vectors; left out, none of this provider does. */
  lookForEmbeddings?(params: LookParams<EmbeddingProfile & Static<S>>): Promise<Look<EmbeddingClient>>;
}

/** Keeps the type of the settings inside the provider; profiles were checked against them when they were read. */
export function defineProvider<S extends TObject>(provider: Provider<S>): Provider {
  return provider as unknown as Provider;
}
