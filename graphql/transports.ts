/** How what is followed comes: over a WebSocket, or as an answer over HTTP that goes on. */
export type Transport = "WEBSOCKET" | "SSE";

/** Which way to connect by, after what became of the connections before. */
export interface Transports {
  next(): Transport;
  /** The connection was made, whatever becomes of it. */
  opened(transport: Transport): void;
  /** It could not be made. */
  failed(transport: Transport): void;
}

/** As many may fail for a moment, or while the server is away, without a proxy between that refuses them. */
const PATIENCE = 3;

/**
 * WebSockets first, also when the connection was lost. Who has come by the other way once knows what is refused, and tries it
 * once each time: a proxy may have been mended.
 */
export function createTransports(): Transports {
  let patience = PATIENCE;
  let failures = 0;
  return {
    next: () => (failures >= patience ? "SSE" : "WEBSOCKET"),
    opened(transport) {
      failures = 0;
      patience = transport === "SSE" ? 1 : PATIENCE;
    },
    failed(transport) {
      failures = transport === "SSE" ? 0 : failures + 1;
    },
  };
}
