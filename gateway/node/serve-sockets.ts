import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Log } from "@soma/shared/log";
import { handleProtocols } from "graphql-ws";
import { WebSocket, WebSocketServer } from "ws";
import type { Gateway } from "../app.ts";
import type { SocketLike, UpgradeRequest } from "../doors/websocket-connection.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import type { Unread } from "../ground/unread.ts";
import { createPace, type Pace } from "./pace.ts";

/** Milliseconds that a client may take to answer our close. */
const CLOSE_MS = 2_000;

/** Hands WebSockets to the gateway; `close` closes them all. A client that misses a ping is gone. */
export function serveSockets(
  server: Server,
  gateway: Gateway,
  { log, limits }: { log: Log; limits: GatewayLimits },
): { close(): void } {
  // The types of ws do not know closeTimeout yet.
  const options = { noServer: true, maxPayload: limits.messageBytes, perMessageDeflate: false, closeTimeout: CLOSE_MS };
  // Pings are answered by ours, which knows what of it is read.
  const sockets = new WebSocketServer({ ...options, handleProtocols, autoPong: false });
  const paces = new Map<WebSocket, Pace>();
  const heartbeat = keepAlive(paces, limits.keepAliveMs);

  // Some clients, Java's among them, offer HTTP/2 with each request; Node lets a server say what it takes, though its types do not.
  Object.assign(server, { shouldUpgradeCallback: isForWebSocket });
  server.on("upgrade", (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    duplex.on("error", (error) => log.debug({ err: error }, "a socket failed"));
    const upgrade = toUpgradeRequest(request);
    const refusal = gateway.refuseUpgrade(upgrade);
    if (refusal !== undefined) return void refuse(duplex, refusal);
    sockets.handleUpgrade(request, duplex, head, (socket) => {
      socket.on("error", (error) => log.debug({ err: error }, "a socket failed"));
      const pace = createPace(socket, duplex, limits);
      paces.set(socket, pace);
      const closed = gateway.accept(adapt(socket, { pace, unread: gateway.unread }), upgrade);
      socket.once("close", (code, reason) => {
        paces.delete(socket);
        void closed(code, reason.toString());
      });
    });
  });

  return {
    close() {
      clearInterval(heartbeat);
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };
}

function isForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

/** Ends connections that did not answer the last ping; an answer to none of ours proves nothing. */
function keepAlive(paces: ReadonlyMap<WebSocket, Pace>, everyMs: number): NodeJS.Timeout {
  const asked = new WeakMap<WebSocket, string>();
  let round = 0;
  return setInterval(() => {
    round += 1;
    for (const [socket, pace] of paces) {
      if (pace.isPaused()) continue;
      if (asked.has(socket)) {
        socket.terminate();
        continue;
      }
      const question = `${round} ${Math.random()}`;
      asked.set(socket, question);
      socket.ping(question);
      socket.on("pong", function hear(answer: Buffer) {
        if (answer.toString() !== question) return;
        asked.delete(socket);
        socket.off("pong", hear);
      });
    }
  }, everyMs);
}

function toUpgradeRequest(request: IncomingMessage): UpgradeRequest {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === "string") headers.set(name, value);
  const url = `http://${request.headers.host ?? "localhost"}${request.url ?? "/"}`;
  const address = request.socket.remoteAddress ?? "";
  return { url: URL.canParse(url) ? url : "http://localhost/", headers, address };
}

/** An upgrade has no response object yet: the answer is written by hand. */
async function refuse(duplex: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const head = [
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}`,
    "connection: close",
    `content-length: ${body.length}`,
    ...[...response.headers].map(([name, value]) => `${name}: ${value}`),
  ];
  // Its client may never close its side, and nobody else counts it any more.
  duplex.once("finish", () => duplex.destroy());
  duplex.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]));
}

function adapt(socket: WebSocket, { pace, unread }: { pace: Pace; unread: Unread }): SocketLike {
  const reader = { end: () => socket.terminate() };
  socket.on("ping", (data: Buffer) => {
    pace.heard();
    if (socket.readyState === WebSocket.OPEN) socket.pong(data, false, unread.hold(reader, data.length));
  });
  socket.on("pong", () => pace.heard());
  return {
    protocol: socket.protocol,
    send: (text) =>
      new Promise((resolve) => {
        if (socket.readyState !== WebSocket.OPEN) return resolve();
        const release = unread.hold(reader, Buffer.byteLength(text));
        // What fails here is the connection, which closes and tells so; nobody waits for the message any more.
        socket.send(text, () => {
          release();
          resolve();
        });
      }),
    unread: () => socket.bufferedAmount,
    close: (code, reason) => socket.close(code, reason),
    onMessage: (listener) =>
      void socket.on("message", (data) => {
        void listener(String(data));
        pace.heard();
      }),
  };
}
