import type { ReactNode } from "react";
import { useNow } from "./use-now.ts";
import { toElapsed } from "./words.ts";

/**
 * How long something has been under way, anew each second. The server's clock began it, so it is never less than
 * nothing.
 */
export function Elapsed({ since }: { since: string }): ReactNode {
  const now = useNow(true);
  const ms = now - Date.parse(since);
  return Number.isNaN(ms) ? null : <span data-elapsed="">{toElapsed(ms)}</span>;
}
