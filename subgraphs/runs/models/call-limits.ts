import type { ModelProfile } from "@soma/conf/models";
import { integer, readSettings } from "@soma/shared/config";
import type { Env } from "./provider.ts";

const DAY_MS = 86_400_000;
const bounds = { default: 0, min: 0, max: DAY_MS };

const limitSettings = {
  firstToken: integer({
    env: "SOMA_MODEL_FIRST_TOKEN_MS",
    doc: "milliseconds until the first token of a model; 0 leaves it to the profile",
    ...bounds,
  }),
  silence: integer({
    env: "SOMA_MODEL_SILENCE_MS",
    doc: "milliseconds until more of an answer comes that has begun; 0 leaves it to the profile",
    ...bounds,
  }),
  total: integer({
    env: "SOMA_MODEL_TOTAL_MS",
    doc: "milliseconds until an answer is finished; 0 leaves it to the profile",
    ...bounds,
  }),
};

/** Limits of a call to a model that stand over those of every profile. */
export type CallLimits = Partial<ModelProfile["timeoutsMs"]>;

export function readCallLimits(env: Env): CallLimits {
  const set = Object.entries(readSettings(limitSettings, env)).filter(([, ms]) => ms > 0);
  return Object.fromEntries(set);
}
