import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { GatewayLimits } from "../ground/limits.ts";
import { networkOf } from "../ground/network.ts";
import { createStrangers, type Strangers } from "../ground/strangers.ts";
import type { Unread } from "./unread.ts";

/** A TCP connection of HTTP. */
interface Peer {
  network: string;
  end(): void;
}

interface WaitingOptions {
  limits: Pick<GatewayLimits, "waiting" | "waitingPerNetwork" | "unreadMs">;
  unread: Unread;
}

/**
 * Bounds TCP connections whose client keeps us waiting: for a request, for the rest of one, or to read its answer. Of those
 * that are too many the oldest ends, of the network that has most; one whose request is being worked on is never touched, nor
 * is one that became a WebSocket. An answer that nobody reads ends its connection.
 */
export function boundWaiting(server: Server, { limits, unread }: WaitingOptions): void {
  const waiting = createStrangers<Peer>({ overall: limits.waiting, perNetwork: limits.waitingPerNetwork });
  const peers = new WeakMap<Socket, Peer>();
  const wait = (peer: Peer): void => waiting.add(peer)?.end();

  server.on("connection", (socket: Socket) => {
    const peer = { network: networkOf(socket.remoteAddress ?? ""), end: () => void socket.destroy() };
    peers.set(socket, peer);
    socket.once("close", () => waiting.delete(peer));
    wait(peer);
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const peer = peers.get(request.socket);
    if (peer === undefined) return;
    whenArrived(request, () => waiting.delete(peer));
    response.once("prefinish", () => {
      if (!request.socket.destroyed) wait(peer);
      waitForReader(request.socket, response, { peer, unread, unreadMs: limits.unreadMs });
    });
  });
  server.prependListener("upgrade", ({ socket }: IncomingMessage) => forget(peers.get(socket), waiting));
}

function forget(peer: Peer | undefined, waiting: Strangers<Peer>): void {
  if (peer !== undefined) waiting.delete(peer);
}

/** A request without a body is here with its head; the end of a body is only told to those who read it. */
function whenArrived(request: IncomingMessage, work: () => void): void {
  const { headers } = request;
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  if (hasBody) request.once("end", work);
  else work();
}

function waitForReader(
  socket: Socket,
  response: ServerResponse,
  { peer, unread, unreadMs }: { peer: Peer; unread: Unread; unreadMs: number },
): void {
  if (response.writableFinished || socket.writableLength === 0) return;
  const release = unread.hold(peer, socket.writableLength);
  const limit = setTimeout(() => peer.end(), unreadMs);
  for (const over of ["finish", "close"])
    response.once(over, () => {
      clearTimeout(limit);
      release();
    });
}
