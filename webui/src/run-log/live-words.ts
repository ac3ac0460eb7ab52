import type { FollowPhase, FollowState } from "@soma/graphql/follow-state";
import { showHidden } from "@soma/schemas/hidden-characters";
import { toCount as n, toDuration, toSentence } from "../ui/words.ts";

/** OFFLINE is told by the browser, CLOSED by us, when following ended for a reason that trying again does not mend. */
export type ShownPhase = FollowPhase | "OFFLINE" | "CLOSED";

export interface LiveFacts {
  state: FollowState;
  /** Events that are on the screen. */
  shown: number;
  online: boolean;
  /** Why following ended early; null while it goes on. */
  closed: string | null;
  /** Milliseconds since anything was heard from the server, and since the newest event came. */
  heardAgoMs: number;
  eventAgoMs: number;
  /** Clock time of the newest thing heard, such as 10:41:40. */
  asOf: string;
}

export interface LiveWords {
  phase: ShownPhase;
  text: string;
  /** True when what is on the screen may be behind the server: it is then drawn muted. */
  stale: boolean;
}

/**
 * The indicator's words. They never claim more than is true: "verified" is only said of events that are on the screen.
 */
export function liveWords(facts: LiveFacts): LiveWords {
  const phase = shownPhase(facts);
  const stale =
    phase === "STALE" || phase === "RECONNECTING" || phase === "OFFLINE" || phase === "CLOSED" || phase === "BROKEN";
  return { phase, text: showHidden(WORDS[phase](facts)), stale };
}

function shownPhase({ state, shown, online, closed }: LiveFacts): ShownPhase {
  if (state.phase === "BROKEN" || (state.phase === "ENDED" && shown >= state.head)) return state.phase;
  if (closed !== null) return "CLOSED";
  if (!online) return "OFFLINE";
  const claimsAll = state.phase === "LIVE" || state.phase === "QUIET" || state.phase === "ENDED";
  return claimsAll && shown < state.head ? "CATCHING_UP" : state.phase;
}

/** A run that waits for a worker. */
const NO_EVENTS = "Live · waiting for the first event";

const WORDS: Record<ShownPhase, (facts: LiveFacts) => string> = {
  LOADING: ({ state, shown }) => (state.head > 0 ? `Loading ${n(shown)} of ${n(state.head)}…` : "Loading…"),
  CATCHING_UP: ({ state, shown }) =>
    state.head > shown ? `Catching up, ${n(state.head - shown)} behind` : "Catching up",
  LIVE: (facts) => (facts.state.head === 0 ? NO_EVENTS : `Live · ${counted(facts)} · verified ✓`),
  QUIET: ({ state, heardAgoMs, eventAgoMs }) =>
    state.head === 0
      ? NO_EVENTS
      : `Live · nothing new for ${toDuration(eventAgoMs)} · checked ${toDuration(heardAgoMs)} ago`,
  STALE: ({ heardAgoMs, asOf }) => `Not updating for ${toDuration(heardAgoMs)} · showing data as of ${asOf}`,
  RECONNECTING: ({ state, asOf }) =>
    `Reconnecting${state.detail === undefined ? "" : ` (${state.detail})`} · data as of ${asOf}`,
  OFFLINE: ({ asOf }) => `You are offline · data as of ${asOf}`,
  REPAIRING: ({ state, shown }) =>
    state.head > shown
      ? `${n(state.head - shown)} events missing after #${n(shown)} · fetching`
      : `Events missing after #${n(shown)} · fetching`,
  BROKEN: ({ state, shown }) => toSentence(state.detail ?? `event ${n(shown + 1)} does not match its predecessor`),
  ENDED: ({ shown }) => `Finished · all ${n(shown)} events verified`,
  CLOSED: ({ closed, asOf }) => `Not following: ${closed ?? "stopped"} · data as of ${asOf}`,
};

function counted({ state, shown }: LiveFacts): string {
  return `${n(shown)}/${n(Math.max(state.head, shown))}`;
}
