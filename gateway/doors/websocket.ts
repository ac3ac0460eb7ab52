import { InexactNumber, parseExactJson } from "@soma/schemas/exact-json";
import { SomaError } from "@soma/shared/errors";
import { type Message, MessageType, makeServer, parseMessage, type SubscribePayload } from "graphql-ws";
import { createCrowd } from "../ground/crowd.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { openTrace } from "../ground/request-trace.ts";
import { drainingError } from "../operations/refusal.ts";
import { answerError, withIds } from "./answer.ts";
import {
  abandonConnection,
  CLOSE,
  type Connection,
  checkIntroduced,
  completeOperation,
  countSubscriptions,
  endConnection,
  openConnection,
  type SocketLike,
  type UpgradeRequest,
} from "./websocket-connection.ts";
import { createWebSocketHooks, type WebSocketDoorOptions } from "./websocket-hooks.ts";

export interface WebSocketDoor {
  /** The answer to an upgrade that is not let in; undefined when it is. */
  refuseUpgrade(request: UpgradeRequest): Response | undefined;
  /** Serves a socket until it closes; the function tells that it did. */
  accept(socket: SocketLike, request: UpgradeRequest): (code: number, reason: string) => Promise<void>;
  /** What is open now. */
  load(): { connections: number; strangers: number; subscriptions: number };
  /** Ends every subscription with SERVER_DRAINING, then every connection with "come again". */
  close(): Promise<void>;
}

/** graphql-transport-ws on any runtime's sockets. */
export function createWebSocketDoor(options: WebSocketDoorOptions): WebSocketDoor {
  const { limits, onRefused } = options;
  const strangers = createCrowd<Connection>({
    overall: limits.strangers,
    perNetwork: limits.strangersPerNetwork,
  });
  const open = new Set<Connection>();
  const server = makeServer(createWebSocketHooks(options, { open, strangers }));

  return {
    refuseUpgrade: (request) => refuseUpgrade(request, open, options),
    accept(socket, request) {
      const connection = openConnection(socket, request);
      open.add(connection);
      for (const { socket: leaving } of strangers.add(connection)) {
        onRefused("strangers");
        leaving.close(CLOSE.TRY_LATER, "too many connections have not introduced themselves; try again");
      }
      const onMessage: SocketLike["onMessage"] = (listener) =>
        socket.onMessage((text) => receive(connection, { text, listener }, options));
      const closed = server.opened({ ...connection.socket, onMessage }, connection);
      return async (code, why) => {
        open.delete(connection);
        strangers.delete(connection);
        abandonConnection(connection);
        await closed(code, why);
      };
    },
    load: () => ({ connections: open.size, strangers: strangers.size(), subscriptions: countSubscriptions(open) }),
    async close() {
      const ending = { error: drainingError(), code: CLOSE.SERVICE_RESTART, drainMs: limits.drainMs };
      await Promise.all([...open].map((connection) => endConnection(connection, ending)));
    },
  };
}

function refuseUpgrade(
  request: UpgradeRequest,
  open: Iterable<Connection>,
  options: WebSocketDoorOptions,
): Response | undefined {
  try {
    checkUpgrade(request, open, options);
    return undefined;
  } catch (error) {
    const trace = openTrace(request.headers, options.log);
    return withIds(answerError(error, trace), trace);
  }
}

function checkUpgrade(
  request: UpgradeRequest,
  open: Iterable<Connection>,
  { operations, origins, checkHost, ...rest }: WebSocketDoorOptions,
): void {
  checkHost(request);
  if (new URL(request.url).pathname !== "/graphql")
    throw new SomaError("NOT_FOUND", "WebSockets are served at /graphql");
  origins.check(request);
  if (operations.draining()) throw drainingError();
  checkIntroduced(open, rest);
}

type Listener = Parameters<SocketLike["onMessage"]>[0];

/** One message of a client; what is being served is known, so that closing can wait for it. */
function receive(
  connection: Connection,
  { text, listener }: { text: string; listener: Listener },
  { limits, log }: WebSocketDoorOptions,
): Promise<void> {
  if (connection.closed || !isBounded(connection, text, limits)) return Promise.resolve();
  const work = serve(connection, text, listener)
    .catch((error: unknown) => {
      log.error({ err: error }, "a message could not be served");
      connection.socket.close(CLOSE.INTERNAL, "internal error");
    })
    .finally(() => connection.work.delete(work));
  connection.work.add(work);
  return work;
}

const ENCODER = new TextEncoder();

/** Closes a connection that sends too much at once, or whose client is unknown and reads nothing. */
function isBounded({ socket, identified }: Connection, text: string, limits: GatewayLimits): boolean {
  const { messageBytes, unreadBytesOfStranger } = limits;
  if (text.length > messageBytes || ENCODER.encode(text).length > messageBytes)
    socket.close(CLOSE.TOO_LARGE, `messages may have ${messageBytes} bytes`);
  else if (identified === undefined && socket.unread() > unreadBytesOfStranger)
    socket.close(CLOSE.TRY_LATER, "introduce yourself, and read what you are sent");
  else return true;
  return false;
}

/** Ids are ours to keep apart; everything else of the protocol is the library's. */
async function serve(connection: Connection, text: string, listener: Listener): Promise<void> {
  const message = readMessage(text);
  if (message?.type === MessageType.Subscribe) noteInexact(connection, message.payload, text);
  // The library takes a message that was read already, though its types do not say so; what cannot be read is its to refuse.
  const serveNow = (): Promise<void> => listener((message ?? text) as string);
  if (message?.type === MessageType.Complete) completeOperation(connection, message.id);
  if (message?.type !== MessageType.Subscribe) return serveNow();
  await connection.ids.use(message.id, serveNow).finally(() => connection.operations.delete(message.payload));
}

/** What the message holds has been read, and a number of it is not what was written: whoever sent it is told. */
function noteInexact({ inexact }: Connection, payload: SubscribePayload, text: string): void {
  try {
    parseExactJson(text);
  } catch (error) {
    if (error instanceof InexactNumber) inexact.set(payload, error);
  }
}

function readMessage(text: string): Message | undefined {
  try {
    return parseMessage(text);
  } catch {
    return undefined;
  }
}
