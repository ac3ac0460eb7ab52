import type { ModelProfile } from "@soma/conf/models";
import { integer } from "@soma/shared/config";

const DAY_MS = 86_400_000;
const bounds = { default: 0, min: 0, max: DAY_MS };

/** Limits of a call that the environment sets over those of every profile. */
export const callLimitSettings = {
  firstTokenMs: integer({
    env: "SOMA_MODEL_FIRST_TOKEN_MS",
    doc: "milliseconds until the first token of a model; 0 leaves it to the profile",
    ...bounds,
  }),
  silenceMs: integer({
    env: "SOMA_MODEL_SILENCE_MS",
    doc: "milliseconds until more of an answer comes that has begun; 0 leaves it to the profile",
    ...bounds,
  }),
  totalMs: integer({
    env: "SOMA_MODEL_TOTAL_MS",
    doc: "milliseconds until an answer is finished; 0 leaves it to the profile",
    ...bounds,
  }),
};

export type CallLimitValues = Readonly<Record<keyof typeof callLimitSettings, number>>;

/** Limits of a call to a model that stand over those of every profile. */
export type CallLimits = Partial<ModelProfile["timeoutsMs"]>;

export function toCallLimits({ firstTokenMs, silenceMs, totalMs }: CallLimitValues): CallLimits {
  const all = Object.entries({ firstToken: firstTokenMs, silence: silenceMs, total: totalMs });
  return Object.fromEntries(all.filter(([, ms]) => ms > 0));
}
