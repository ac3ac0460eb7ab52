/** Milliseconds a peer may take: longer than its database may, so that what is heard is the peer's own reason. */
export const PEER_MS = 20_000;
