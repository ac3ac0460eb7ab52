import type { StatusQuery } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";

/** A set of rules must not pass for an AI. */
export function modelWords({ isAi, profile, model }: StatusQuery["modelStatus"]): string {
  return isAi ? showHidden(`${model} · ${profile}`) : "scripted model, not an AI";
}
