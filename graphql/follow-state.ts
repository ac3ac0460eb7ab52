import type { Transport } from "./transports.ts";

/**
 * LOADING nothing came yet; CATCHING_UP history is coming; LIVE complete and current; QUIET the same, with nothing new
 * for a while; STALE nothing was heard for two heartbeats; RECONNECTING the connection is gone; REPAIRING an event is
 * missing and asked for again; BROKEN an event does not follow from the one before; ENDED the run is finished and
 * every event was delivered.
 */
export type FollowPhase =
  | "LOADING"
  | "CATCHING_UP"
  | "LIVE"
  | "QUIET"
  | "STALE"
  | "RECONNECTING"
  | "REPAIRING"
  | "BROKEN"
  | "ENDED";

/** What may be said about a run that is followed: how far it is verified, and how its connection stands. */
export interface FollowState {
  phase: FollowPhase;
  /** Events verified and delivered, and the newest the server has told of. */
  received: number;
  head: number;
  duplicatesDropped: number;
  reconnects: number;
  gapsRepaired: number;
  /** How the newest connection was made; that it is still there is said by the phase. */
  transport: Transport;
  /** A sentence about the phase. */
  detail?: string;
}

/** Before anything was heard. */
export const FIRST_FOLLOW_STATE: Readonly<FollowState> = {
  phase: "LOADING",
  received: 0,
  head: 0,
  duplicatesDropped: 0,
  reconnects: 0,
  gapsRepaired: 0,
  transport: "WEBSOCKET",
};
