import type { StatusQuery } from "@soma/graphql/operations";

/** How the server is, as far as this page can tell. */
export type HealthState = "LOADING" | "NORMAL" | "DEGRADED" | "DOWN" | "STALE" | "RECONNECTING" | "OFFLINE";

interface HealthFacts {
  online: boolean;
  /** Whether the newest question was answered. */
  failed: boolean;
  health: StatusQuery["health"] | undefined;
  answeredAgoMs: number;
}

/** Three questions without an answer. */
const STALE_MS = 35_000;
const SIGN = { NORMAL: "●", DEGRADED: "▲", DOWN: "■" } as const;

/** The word of the dot in the header; what is not well is named. */
export function healthOf({ online, failed, health, answeredAgoMs }: HealthFacts): { state: HealthState; text: string } {
  if (!online) return { state: "OFFLINE", text: "○ Offline" };
  if (failed) return { state: "RECONNECTING", text: "○ Reconnecting…" };
  if (health === undefined) return { state: "LOADING", text: "○ Asking…" };
  if (answeredAgoMs > STALE_MS) return { state: "STALE", text: `○ As of ${Math.floor(answeredAgoMs / 1_000)} s ago` };
  const state = health.status === "OK" ? "NORMAL" : health.status;
  const unwell = health.components.filter(({ status }) => status !== "OK").map(({ name }) => name.toLowerCase());
  const word = `${SIGN[state]} ${state === "NORMAL" ? "Normal" : state === "DOWN" ? "Down" : "Degraded"}`;
  return { state, text: unwell.length === 0 ? word : `${word}: ${unwell.join(", ")}` };
}
