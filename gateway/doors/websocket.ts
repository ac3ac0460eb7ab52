import { SomaError } from "@soma/shared/errors";
import { makeServer } from "graphql-ws";
import { drainingError } from "../operations/refusal.ts";
import { answerError } from "./answer.ts";
import {
  CLOSE,
  type Connection,
  countSubscriptions,
  endConnection,
  openConnection,
  type SocketLike,
} from "./websocket-connection.ts";
import { createWebSocketHooks, type WebSocketDoorOptions } from "./websocket-hooks.ts";

/** A request as an upgrade to WebSocket brings it. */
export interface UpgradeRequest {
  url: string;
  headers: Headers;
}

export interface WebSocketDoor {
  /** The answer to an upgrade that is not let in; undefined when it is. */
  refuseUpgrade(request: UpgradeRequest): Response | undefined;
  /** Serves a socket until it closes; the function tells that it did. */
  accept(socket: SocketLike, request: UpgradeRequest): (code: number, reason: string) => Promise<void>;
  /** What is open now. */
  load(): { connections: number; subscriptions: number };
  /** Ends every subscription with SERVER_DRAINING, then every connection with "come again". */
  close(): Promise<void>;
}

/** graphql-transport-ws on any runtime's sockets. */
export function createWebSocketDoor(options: WebSocketDoorOptions): WebSocketDoor {
  const { limits, log } = options;
  const server = makeServer(createWebSocketHooks(options));
  const open = new Set<Connection>();

  return {
    refuseUpgrade(request) {
      try {
        checkUpgrade(request, open.size, options);
        return undefined;
      } catch (error) {
        return answerError(error, { log, traceId: "" });
      }
    },
    accept(socket, { headers }) {
      const connection = openConnection(socket, headers);
      open.add(connection);
      const onMessage: SocketLike["onMessage"] = (listener) =>
        socket.onMessage((text) => receive(connection, { text, listener }, options));
      const closed = server.opened({ ...connection.socket, onMessage }, connection);
      return async (code, why) => {
        open.delete(connection);
        clearTimeout(connection.expiry);
        for (const { controller } of connection.operations.values()) controller.abort();
        await closed(code, why);
      };
    },
    load: () => ({ connections: open.size, subscriptions: countSubscriptions(open) }),
    async close() {
      const ending = { error: drainingError(), code: CLOSE.SERVICE_RESTART, drainMs: limits.drainMs };
      await Promise.all([...open].map((connection) => endConnection(connection, ending)));
    },
  };
}

function checkUpgrade(
  request: UpgradeRequest,
  connections: number,
  { operations, limits, origins, checkHost }: WebSocketDoorOptions,
): void {
  checkHost(request);
  if (new URL(request.url).pathname !== "/graphql")
    throw new SomaError("NOT_FOUND", "WebSockets are served at /graphql");
  origins.check(request);
  if (operations.draining()) throw drainingError();
  if (connections >= limits.connections)
    throw new SomaError("LIMIT_EXCEEDED", `${limits.connections} connections are open, the most there may be`);
}

const ENCODER = new TextEncoder();

/** One message of a client; what is being served is known, so that closing can wait for it. */
function receive(
  connection: Connection,
  { text, listener }: { text: string; listener: (text: string) => Promise<void> },
  { limits, log }: WebSocketDoorOptions,
): Promise<void> {
  if (text.length > limits.messageBytes || ENCODER.encode(text).length > limits.messageBytes) {
    connection.socket.close(CLOSE.TOO_LARGE, `messages may have ${limits.messageBytes} bytes`);
    return Promise.resolve();
  }
  const work = listener(text)
    .catch((error: unknown) => {
      log.error({ err: error }, "a message could not be served");
      connection.socket.close(CLOSE.INTERNAL, "internal error");
    })
    .finally(() => connection.work.delete(work));
  connection.work.add(work);
  return work;
}
