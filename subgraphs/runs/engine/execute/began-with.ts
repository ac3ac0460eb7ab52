import { digest } from "@soma/shared/json";
import type { Scope } from "./scope.ts";

/** A larger state costs more to digest at each step than it is worth. */
const MAX_BYTES = 32_768;
/** Enough to notice a change; nothing is protected by it. */
const DIGITS = 16;

/** What the history tells of the state that a step begins with; nothing of a large one, or of one that is no JSON. */
export function beganWith({ state, stateBytes = 0 }: Pick<Scope, "state" | "stateBytes">): { began?: string } {
  return stateBytes > MAX_BYTES ? {} : stateDigest(state);
}

export function stateDigest(state: unknown): { began?: string } {
  try {
    return { began: digest(state).slice(0, DIGITS) };
  } catch {
    return {};
  }
}
