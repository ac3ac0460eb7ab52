/** How what is followed comes: over a WebSocket, as an answer over HTTP that goes on, or by one question after another. */
export type Transport = "WEBSOCKET" | "SSE" | "POLLING";

/** Which way to connect by, after what became of the connections before. */
export interface Transports {
  next(): Transport;
  /** The connection was made, whatever becomes of it. */
  opened(transport: Transport): void;
  /** It could not be made: something refused it, or the server may be away. */
  failed(transport: Transport, refused: boolean): void;
}

/** As many may fail for a moment, or while the server is away, without a proxy between that refuses them. */
const PATIENCE = 3;

/**
 * WebSockets first, also when the connection was lost. Who has come by another way once knows what is refused, and tries it
 * once each time: a proxy may have been mended. Questions are asked only where something answers, and lets nothing stay open.
 */
export function createTransports(): Transports {
  let patience = PATIENCE;
  let failures = 0;
  let hasRefused = false;
  return {
    next: () => (failures < patience ? "WEBSOCKET" : hasRefused ? "POLLING" : "SSE"),
    opened(transport) {
      failures = 0;
      hasRefused = false;
      patience = transport === "WEBSOCKET" ? PATIENCE : 1;
    },
    failed(transport, refused) {
      hasRefused = transport === "SSE" && refused;
      if (transport === "WEBSOCKET") failures += 1;
      else if (!hasRefused) failures = 0;
    },
  };
}
