import { digest } from "@soma/shared/json";
import type { Scope } from "./scope.ts";

/** A larger state costs more to digest at each step than it is worth. */
const MAX_BYTES = 32_768;
/** Enough to notice a change; nothing is protected by it. */
const DIGITS = 16;

/** What the history tells of the state that a step begins with; nothing of a large one, or of one that is no JSON. */
export function beganWith({ state }: Pick<Scope, "state">): { began?: string } {
  return sizeLeft(state, MAX_BYTES) < 0 ? {} : stateDigest(state);
}

/** What of so many bytes a value leaves, about; looks no further once they are used up. */
function sizeLeft(value: unknown, bytes: number): number {
  if (typeof value === "string") return bytes - value.length;
  if (typeof value !== "object" || value === null) return bytes - 8;
  let left = bytes;
  for (const key in value) {
    left = sizeLeft((value as Record<string, unknown>)[key], left - key.length);
    if (left < 0) break;
  }
  return left;
}

export function stateDigest(state: unknown): { began?: string } {
  try {
    return { began: digest(state).slice(0, DIGITS) };
  } catch {
    return {};
  }
}
