import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createCrowd } from "../ground/crowd.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { networkOf } from "../ground/network.ts";
import type { Unread } from "../ground/unread.ts";
import { countRefusal } from "./count-refusals.ts";

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
 * is one that became a WebSocket. An answer of which nobody reads anything ends its connection.
 */
export function boundWaiting(server: Server, { limits, unread }: WaitingOptions): void {
  const most = { overall: limits.waiting, perNetwork: limits.waitingPerNetwork };
  const waiting = createCrowd<Peer>(most);
  // Those that were answered before are kept for their next request; who never asks anything does not push them out.
  const kept = createCrowd<Peer>(most);
  const peers = new WeakMap<Socket, Peer>();
  const forget = (peer: Peer): void => {
    waiting.delete(peer);
    kept.delete(peer);
  };

  server.on("connection", (socket: Socket) => {
    const peer = { network: networkOf(socket.remoteAddress ?? ""), end: () => void socket.destroy() };
    peers.set(socket, peer);
    socket.once("close", () => forget(peer));
    endAll(waiting.add(peer), "waiting connections");
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const peer = peers.get(request.socket);
    if (peer === undefined) return;
    const arrived = (): void => forget(peer);
    whenArrived(request, arrived);
    endUnread(request.socket, response, limits.unreadMs);
    response.once("prefinish", () => {
      // What was answered unread is thrown away now, and ends only then.
      request.off("end", arrived);
      if (!request.socket.destroyed) endAll(kept.add(peer), "kept connections");
      waitForReader(request.socket, response, { peer, unread, unreadMs: limits.unreadMs });
    });
  });
  server.prependListener("upgrade", ({ socket }: IncomingMessage) => {
    const peer = peers.get(socket);
    if (peer !== undefined) forget(peer);
  });
}

function endAll(peers: readonly Peer[], bound: string): void {
  for (const peer of peers) {
    countRefusal(bound);
    peer.end();
  }
}

/** A request without a body is here with its head; the end of a body is only told to those who read it. */
function whenArrived(request: IncomingMessage, work: () => void): void {
  const { headers } = request;
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  if (hasBody) request.once("end", work);
  else work();
}

/** An answer that goes on for long ends its connection, too, when something of it waits and nothing of that is read. */
function endUnread(socket: Socket, response: ServerResponse, unreadMs: number): void {
  const look = setInterval(() => {
    const limitMs = socket.writableLength > 0 ? unreadMs : 0;
    // To set it again would begin it again.
    if (socket.timeout !== limitMs) socket.setTimeout(limitMs);
  }, unreadMs);
  look.unref();
  response.once("close", () => clearInterval(look));
}

function waitForReader(
  socket: Socket,
  response: ServerResponse,
  { peer, unread, unreadMs }: { peer: Peer; unread: Unread; unreadMs: number },
): void {
  if (response.writableFinished || socket.writableLength === 0) return;
  const release = unread.hold(peer, socket.writableLength);
  // Ends the connection, as the server does with what times out, once nothing of it was read for so long: who reads slowly may.
  socket.setTimeout(unreadMs);
  for (const over of ["finish", "close"])
    response.once(over, () => {
      if (socket.timeout === unreadMs) socket.setTimeout(0);
      release();
    });
}
