import { once } from "node:events";
import { WebSocket } from "ws";

export interface BareSocketOptions {
  headers?: Record<string, string>;
  protocol?: string;
  /** Payload of connection_init; null sends none. */
  init?: Record<string, unknown> | null;
}

export interface BareSocket {
  /** Messages that came, parsed. */
  messages: { id?: string; type: string; payload?: unknown }[];
  send(message: unknown): void;
  /** Stops and goes on reading from the network, as a client that cannot keep up. */
  pause(): void;
  resume(): void;
  close(): void;
  closed: Promise<{ code: number; reason: string }>;
}

/** Opens a WebSocket that speaks the protocol by hand; rejects with the status when the upgrade is refused. */
export async function openBareSocket(
  url: string,
  init: Record<string, unknown> | null,
  options: BareSocketOptions,
): Promise<BareSocket> {
  const socket = new WebSocket(url, options.protocol ?? "graphql-transport-ws", { headers: options.headers ?? {} });
  const messages: BareSocket["messages"] = [];
  socket.on("message", (data) => void messages.push(JSON.parse(String(data)) as BareSocket["messages"][number]));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await once(socket, "open");
  if (init !== null) socket.send(JSON.stringify({ type: "connection_init", payload: init }));
  if (init !== null) await Promise.race([once(socket, "message"), closed]);
  return {
    messages,
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(),
    closed,
  };
}
