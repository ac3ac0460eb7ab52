import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Log } from "@soma/shared/log";
import { handleProtocols } from "graphql-ws";
import { WebSocket, WebSocketServer } from "ws";
import type { Gateway } from "../app.ts";
import type { UpgradeRequest } from "../doors/websocket.ts";
import type { SocketLike } from "../doors/websocket-connection.ts";
import type { GatewayLimits } from "../ground/limits.ts";

/** Hands WebSockets to the gateway; the function closes them all. A client that misses a ping is gone. */
export function serveSockets(
  server: Server,
  gateway: Gateway,
  options: { log: Log; limits: GatewayLimits },
): () => void {
  const { log, limits } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
    handleProtocols,
  });
  const heartbeat = keepAlive(sockets, limits.keepAliveMs);

  server.on("upgrade", (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    duplex.on("error", (error) => log.debug({ err: error }, "a socket failed"));
    const upgrade = toUpgradeRequest(request);
    const refusal = gateway.refuseUpgrade(upgrade);
    if (refusal !== undefined) return void refuse(duplex, refusal);
    sockets.handleUpgrade(request, duplex, head, (socket) => {
      socket.on("error", (error) => log.debug({ err: error }, "a socket failed"));
      sockets.emit("connection", socket, request);
      const closed = gateway.accept(adapt(socket), upgrade);
      socket.once("close", (code, reason) => void closed(code, reason.toString()));
    });
  });

  return () => {
    clearInterval(heartbeat);
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
  };
}

function keepAlive(sockets: WebSocketServer, everyMs: number): NodeJS.Timeout {
  const alive = new WeakSet<WebSocket>();
  sockets.on("connection", (socket) => {
    alive.add(socket);
    socket.on("pong", () => alive.add(socket));
  });
  return setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, everyMs);
}

function toUpgradeRequest(request: IncomingMessage): UpgradeRequest {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === "string") headers.set(name, value);
  const url = `http://${request.headers.host ?? "localhost"}${request.url ?? "/"}`;
  return { url: URL.canParse(url) ? url : "http://localhost/", headers };
}

/** An upgrade has no response object yet: the answer is written by hand. */
async function refuse(duplex: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const head = [
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}`,
    "connection: close",
    `content-type: ${response.headers.get("content-type") ?? "text/plain"}`,
    `content-length: ${body.length}`,
  ];
  duplex.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]));
}

function adapt(socket: WebSocket): SocketLike {
  return {
    protocol: socket.protocol,
    send: (text) =>
      new Promise((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) return resolve();
        socket.send(text, (error) => (error === null || error === undefined ? resolve() : reject(error)));
      }),
    close: (code, reason) => socket.close(code, reason),
    onMessage: (listener) => void socket.on("message", (data) => void listener(String(data))),
  };
}
