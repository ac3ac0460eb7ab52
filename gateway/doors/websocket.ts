import { SomaError, toSomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { type FormattedExecutionResult, GraphQLError } from "graphql";
import { makeServer, type SubscribePayload } from "graphql-ws";
import { settledWithin } from "../ground/deadline.ts";
import { formatError } from "../ground/format-error.ts";
import type { Identified, Identity } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { type RequestTrace, traced } from "../ground/request-trace.ts";
import { drainingError, type Operations } from "../operations/operations.ts";
import { type AdmittedOperation, RequestRefused } from "../operations/pipeline.ts";
import type { SupergraphExecutor } from "../upstream/supergraph.ts";
import { authenticate, tokenOf } from "./auth.ts";

/** A connected WebSocket, whatever the runtime calls its parts. */
export interface SocketLike {
  /** Negotiated subprotocol. */
  protocol: string;
  /** Resolves when the message has left; that is how a slow reader slows its own operations and nobody else's. */
  send(text: string): Promise<void>;
  close(code: number, reason: string): void;
  onMessage(listener: (text: string) => Promise<void>): void;
}

export interface WebSocketDoorOptions {
  operations: Operations;
  executor: SupergraphExecutor;
  identity: Identity;
  limits: GatewayLimits;
  log: Log;
}

export interface WebSocketDoor {
  /** Serves a socket until it closes; the function tells that it did. */
  accept(socket: SocketLike, headers: Headers): (code: number, reason: string) => Promise<void>;
  /** What is open now. */
  load(): { connections: number; subscriptions: number };
  /** Ends every subscription with SERVER_DRAINING, then every connection with "come again". */
  close(): Promise<void>;
}

/** 4403 and 1012 invite the client library to connect again; 4401 says that this token never will. */
const CLOSE = { UNAUTHORIZED: 4401, FORBIDDEN: 4403, SERVICE_RESTART: 1012, TOO_LARGE: 1009, INTERNAL: 4500 } as const;
/** The longest wait a timer can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const ENCODER = new TextEncoder();

interface Operation {
  admitted: AdmittedOperation;
  trace: RequestTrace;
  controller: AbortController;
}

interface Connection {
  socket: SocketLike;
  headers: Headers;
  identified?: Identified;
  /** By the message that asked for them: an id may be used again before its first use is over. */
  operations: Map<SubscribePayload, Operation>;
  /** Messages being served. */
  work: Set<Promise<void>>;
  expiry?: ReturnType<typeof setTimeout>;
}

export function createWebSocketDoor(options: WebSocketDoorOptions): WebSocketDoor {
  const { operations, executor, identity, limits, log } = options;
  const open = new Set<Connection>();

  const server = makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: limits.connectionInitMs,

    async onConnect({ connectionParams, extra: connection }) {
      const { token } = connectionParams ?? {};
      try {
        const brought = typeof token === "string" ? token : tokenOf(connection.headers);
        connection.identified =
          brought === undefined ? await authenticate(identity, connection.headers) : await identity.verify(brought);
      } catch (error) {
        connection.socket.close(CLOSE.UNAUTHORIZED, reason(error));
        return false;
      }
      endAtExpiry(connection, connection.identified.expiresAt.getTime());
      return true;
    },

    async onSubscribe({ extra: connection, subscriptions }, _id, payload) {
      try {
        // The library enters an operation there before it asks us, and takes it out as soon as the client says so.
        if (Object.keys(subscriptions).length > limits.operationsPerConnection) {
          throw new SomaError(
            "LIMIT_EXCEEDED",
            `this connection has ${limits.operationsPerConnection} operations, the most it may have`,
          );
        }
        return await traced("gateway operation", connection.headers, log, (trace) => admit(connection, payload, trace));
      } catch (error) {
        return error instanceof RequestRefused ? error.errors : [asGraphQLError(error)];
      }
    },

    execute(args) {
      const { admitted, trace, controller } = args.contextValue as Operation;
      const signal = admitted.planned.operation.operation === "mutation" ? undefined : controller.signal;
      return trace.run(() =>
        operations.execute(admitted, { principal: admitted.identified.principal, trace, signal }),
      ) as never;
    },

    subscribe(args) {
      const { admitted, trace, controller } = args.contextValue as Operation;
      return operations.subscribe(admitted, {
        principal: admitted.identified.principal,
        trace,
        signal: controller.signal,
      }) as never;
    },

    // Results are fit for a caller already; the library would turn their errors into its own.
    onNext: (_context, _id, _payload, _args, result) => result as FormattedExecutionResult,

    onError({ extra: connection }, _id, payload, errors) {
      const trace = connection.operations.get(payload)?.trace ?? { log, traceId: "" };
      return errors.map((error) => formatError(error, trace));
    },

    onComplete: ({ extra: connection }, _id, payload) => void connection.operations.delete(payload),
  });

  async function admit(connection: Connection, payload: SubscribePayload, trace: RequestTrace) {
    const admitted = await operations.admit({
      identify: async () => callerOf(connection),
      payload,
      kinds: ["query", "mutation", "subscription"],
    });
    const operation: Operation = { admitted, trace, controller: new AbortController() };
    connection.operations.set(payload, operation);
    const { document, operation: chosen } = admitted.planned;
    return {
      schema: executor.schema,
      document,
      operationName: chosen.name?.value ?? null,
      contextValue: operation,
      rootValue: undefined,
    };
  }

  function endAtExpiry(connection: Connection, expiresAtMs: number): void {
    const waitMs = expiresAtMs - Date.now();
    if (waitMs <= 0) return void end(connection, new SomaError("TOKEN_EXPIRED", EXPIRED), CLOSE.FORBIDDEN);
    connection.expiry = setTimeout(endAtExpiry, Math.min(waitMs, MAX_TIMER_MS), connection, expiresAtMs);
  }

  /** Ends what runs with an error each, and closes the socket when the errors have left. */
  async function end(connection: Connection, error: SomaError, code: number): Promise<void> {
    for (const { admitted, controller } of connection.operations.values()) {
      if (admitted.planned.operation.operation === "subscription") controller.abort(error);
    }
    await settledWithin(connection.work, limits.drainMs);
    connection.socket.close(code, reason(error));
  }

  function receive(connection: Connection, text: string, listener: (text: string) => Promise<void>): Promise<void> {
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

  return {
    accept(socket, headers) {
      const connection: Connection = { socket: closeOnce(socket), headers, operations: new Map(), work: new Set() };
      open.add(connection);
      const closed = server.opened(
        {
          ...connection.socket,
          onMessage: (listener) => socket.onMessage((text) => receive(connection, text, listener)),
        },
        connection,
      );
      return async (code, why) => {
        open.delete(connection);
        clearTimeout(connection.expiry);
        for (const { controller } of connection.operations.values()) controller.abort();
        await closed(code, why);
      };
    },
    load: () => ({ connections: open.size, subscriptions: countSubscriptions(open) }),
    async close() {
      await Promise.all([...open].map((connection) => end(connection, drainingError(), CLOSE.SERVICE_RESTART)));
    },
  };
}

const EXPIRED = "the token has expired; sign in again and continue from the last event";

function callerOf({ identified }: Connection): Identified {
  if (identified === undefined) throw new SomaError("UNAUTHENTICATED", "the connection has not introduced itself");
  if (identified.expiresAt.getTime() <= Date.now()) throw new SomaError("TOKEN_EXPIRED", EXPIRED);
  return identified;
}

function countSubscriptions(open: Iterable<Connection>): number {
  let count = 0;
  for (const { operations } of open) {
    for (const { admitted } of operations.values())
      if (admitted.planned.operation.operation === "subscription") count += 1;
  }
  return count;
}

/** The first code is the one that is meant; the protocol library may add its own afterwards. */
function closeOnce(socket: SocketLike): SocketLike {
  let closed = false;
  return {
    protocol: socket.protocol,
    send: (text) => socket.send(text),
    onMessage: (listener) => socket.onMessage(listener),
    close(code, why) {
      if (closed) return;
      closed = true;
      socket.close(code, why);
    },
  };
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  return new GraphQLError(toSomaError(error).publicMessage, { originalError: toSomaError(error) });
}

/** A close frame holds at most 123 bytes. */
function reason(error: unknown): string {
  return toSomaError(error).publicMessage.slice(0, 120);
}
