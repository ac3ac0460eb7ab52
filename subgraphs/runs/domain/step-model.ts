import { isRecord } from "@soma/schemas/json";
import type { Step } from "./steps.ts";

/** Who answered a step that asked a model. */
export interface StepModel {
  /** Null in a history of before it was kept. */
  profile: string | null;
  provider: string;
  model: string;
  /** Profiles that were asked before and gave no answer, in order. */
  passedOver: { profile: string; code: string; message: string }[];
}

/** The model that answered a step, as its output tells; null of one that asked none, or got no answer. */
export function modelOf({ nodeType, output }: Pick<Step, "nodeType" | "output">): StepModel | null {
  if (nodeType !== "model" || !isRecord(output)) return null;
  const { profile, provider, model, passedOver } = output;
  if (typeof provider !== "string" || typeof model !== "string") return null;
  const all: unknown[] = Array.isArray(passedOver) ? passedOver : [];
  return {
    profile: typeof profile === "string" ? profile : null,
    provider,
    model,
    passedOver: all.filter(isRecord).map((each) => ({
      profile: String(each.profile),
      code: String(each.code),
      message: String(each.message),
    })),
  };
}
