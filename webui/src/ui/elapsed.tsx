import type { ReactNode } from "react";
import { toServerTime } from "./server-clock.ts";
import { useNow } from "./use-now.ts";
import { toElapsed } from "./words.ts";

/**
 * How long something has been under way, anew each second, by the server's clock, which began it; never less than
 * nothing.
 */
export function Elapsed({ since }: { since: string }): ReactNode {
  const now = toServerTime(useNow(true));
  const ms = now - Date.parse(since);
  return Number.isNaN(ms) ? null : <span data-elapsed="">{toElapsed(ms)}</span>;
}
