import type { ModelUsage } from "@soma/sdk/model-client";
import { ModelError, type Spent } from "./model-error.ts";

/** How far a call has come. */
export interface Progress {
  /** The server has begun to answer. */
  hasBegun: boolean;
  /** It sent something that its model made, or the end of its answer. */
  hasHeard: boolean;
}

/**
 * What a call that failed has used; undefined where the server refused it, by a status or by an error in place of an
 * answer. What a model thought in silence is charged, too.
 */
export function spentOn(error: unknown, { hasBegun, hasHeard }: Progress, usage: ModelUsage | null): Spent | undefined {
  if (!hasBegun) return undefined;
  const isRefused = error instanceof ModelError && error.code !== "MODEL_FAILED";
  return isRefused && !hasHeard ? undefined : { usage };
}
