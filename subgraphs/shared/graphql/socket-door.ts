import type { IncomingMessage, Server } from "node:http";
import type { GraphQLError, GraphQLSchema } from "graphql";
import { CloseCode, handleProtocols, MessageType, makeServer, type PingMessage, stringifyMessage } from "graphql-ws";
import { WebSocket, WebSocketServer } from "ws";
import { isServedAs } from "../http/served-name.ts";
import type { Log } from "../log.ts";
import type { RequestContext } from "./context.ts";
import { formatError } from "./format-error.ts";
import { MAX_REQUEST_BYTES } from "./http-door.ts";
import { createStrangers, type StrangerLimits } from "./strangers.ts";

export interface SocketDoorOptions {
  server: Server;
  /** The address the port is bound to. */
  host: string;
  schema: GraphQLSchema;
  contextFor(token: string | undefined, requestId: string | undefined): Promise<RequestContext>;
  log: Log;
  limits?: { strangers?: StrangerLimits; introductionMs?: number; keepAliveMs?: number };
}

/** Whoever holds a socket. */
interface Peer {
  socket: WebSocket;
  /** Undefined until it has introduced itself. */
  somaContext?: RequestContext;
}

/** The gateway opens one socket for each subscription, and hundreds at once when it finds us again. */
const STRANGERS = { count: 1_000, bytes: 8_192 };
/** Milliseconds a new connection may take to introduce itself, between the pings that tell that it lives, and to answer our close. */
const INTRODUCTION_MS = 3_000;
const KEEP_ALIVE_MS = 12_000;
const CLOSE_MS = 2_000;
const GOING_AWAY = 1001;
/** Bytes that may wait for a peer to read them when it asks for more: as many as the largest events have. */
const UNREAD_BYTES = MAX_REQUEST_BYTES;

/**
 * Serves subscriptions over graphql-ws at `/graphql`; the function ends them all. Who has not introduced itself gets no answer;
 * who does not read what it is sent gets no more.
 */
export function serveSubscriptions(options: SocketDoorOptions): () => Promise<void> {
  const { log, limits = {} } = options;
  const sockets = openSockets(options);
  const strangers = createStrangers(limits.strangers ?? STRANGERS);
  const graphql = createProtocol(options, (socket) => strangers.delete(socket));
  const heartbeat = keepAlive(sockets, limits.keepAliveMs ?? KEEP_ALIVE_MS);
  sockets.on("connection", (socket, request) => {
    const peer: Peer = { socket };
    strangers.add(socket, request.socket);
    const closed = graphql.opened(adapt(peer, log), peer);
    socket.once("close", (code, reason) => {
      strangers.delete(socket);
      closed(code, reason.toString()).catch((error: unknown) =>
        log.error({ err: error }, "a subscription could not be ended"),
      );
    });
  });
  return async () => {
    clearInterval(heartbeat);
    for (const socket of sockets.clients) socket.close(GOING_AWAY, "going away");
    await new Promise((resolve) => sockets.close(resolve));
  };
}

function openSockets({ server, host }: SocketDoorOptions): WebSocketServer {
  const options = { maxPayload: MAX_REQUEST_BYTES, perMessageDeflate: false, closeTimeout: CLOSE_MS };
  return new WebSocketServer({
    ...options,
    server,
    path: "/graphql",
    handleProtocols,
    // Pings are answered by ours, which knows who asks and what of it is read.
    autoPong: false,
    verifyClient: ({ req }: { req: IncomingMessage }, done) => {
      const hostname = URL.parse(`http://${req.headers.host}`)?.hostname ?? "";
      if (isServedAs(host, hostname)) done(true);
      else done(false, 421, "not here");
    },
  });
}

function createProtocol(
  { schema, contextFor, log, limits = {} }: SocketDoorOptions,
  onIntroduced: (socket: WebSocket) => void,
) {
  return makeServer<Record<string, unknown>, Peer>({
    schema,
    connectionInitWaitTimeout: limits.introductionMs ?? INTRODUCTION_MS,
    async onConnect({ connectionParams = {}, extra }) {
      extra.somaContext = await contextFor(textOf(connectionParams.token), textOf(connectionParams.requestId));
      onIntroduced(extra.socket);
      return true;
    },
    context: ({ extra }) => extra.somaContext,
    onError: (_connection, _id, _payload, errors) => errors.map((error) => formatError(error as GraphQLError, log)),
    onNext(_connection, _id, _payload, _args, result) {
      if (result.errors === undefined) return undefined;
      return { data: result.data ?? null, errors: result.errors.map((error) => formatError(error, log)) };
    },
  });
}

/** A socket as the protocol wants it. */
function adapt(peer: Peer, log: Log) {
  const { socket } = peer;
  const send = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (socket.readyState !== WebSocket.OPEN) return resolve();
      // What fails here is the connection, which closes and tells so; nobody waits for the message any more.
      socket.send(text, () => resolve());
    });
  socket.on("error", (error) => log.debug({ err: error }, "a socket failed"));
  socket.on("ping", (data: Buffer) => {
    if (peer.somaContext !== undefined && isRead(socket)) socket.pong(data);
  });
  return {
    protocol: socket.protocol,
    send,
    close: (code: number, reason: string) => socket.close(code, reason),
    async onPing(payload: PingMessage["payload"]) {
      const answer = { type: MessageType.Pong as const, ...(payload === undefined ? {} : { payload }) };
      if (peer.somaContext !== undefined) await send(stringifyMessage(answer));
    },
    onMessage: (listener: (text: string) => Promise<void>) =>
      void socket.on("message", (data) => {
        if (isRead(socket)) listener(String(data)).catch((error: unknown) => refuse(peer, error, log));
      }),
  };
}

/** Ends a socket whose owner asks for more without reading what it was sent. */
function isRead(socket: WebSocket): boolean {
  if (socket.readyState !== WebSocket.OPEN) return false;
  if (socket.bufferedAmount <= UNREAD_BYTES) return true;
  socket.terminate();
  return false;
}

/** Closes a socket whose message could not be served; that of a stranger is nothing a person must look at. */
function refuse({ socket, somaContext }: Peer, error: unknown, log: Log): void {
  if (somaContext === undefined) {
    log.debug({ err: error }, "a socket was not let in");
    socket.close(CloseCode.Unauthorized, "introduce yourself with an internal token that is valid");
    return;
  }
  log.error({ err: error }, "a message could not be served");
  socket.close(CloseCode.InternalServerError, "internal error");
}

/** Ends connections that did not answer the last ping; an answer to none of ours proves nothing. */
function keepAlive(sockets: WebSocketServer, everyMs: number): NodeJS.Timeout {
  const asked = new WeakMap<WebSocket, string>();
  sockets.on("connection", (socket) => {
    socket.on("pong", (answer: Buffer) => {
      if (answer.toString() === asked.get(socket)) asked.delete(socket);
    });
  });
  return setInterval(() => {
    for (const socket of sockets.clients) {
      if (asked.has(socket)) {
        socket.terminate();
        continue;
      }
      const question = String(Math.random());
      asked.set(socket, question);
      socket.ping(question);
    }
  }, everyMs);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
