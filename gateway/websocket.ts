import { SomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { makeServer } from "graphql-ws";
import type { OperationContext } from "./data-source.ts";
import { formatError, formatResult, type RawResult } from "./format-error.ts";
import { tokenOf } from "./http-auth.ts";
import type { Identified, Identity } from "./identity.ts";
import type { GatewayLimits } from "./limits.ts";
import type { Operations } from "./operations.ts";
import type { RequestTrace } from "./request-trace.ts";
import type { PlannedOperation, SupergraphExecutor } from "./supergraph.ts";

/** A connected WebSocket, whatever the runtime calls its parts. */
export interface SocketLike {
  /** Negotiated subprotocol. */
  protocol: string;
  /** Resolves when the message has left; that is how a slow reader slows its own operations and nobody else's. */
  send(text: string): Promise<void>;
  close(code: number, reason: string): void;
  onMessage(listener: (text: string) => Promise<void>): void;
}

/** graphql-transport-ws close codes of ours: the client library tries again after 4403 and 1012. */
const CLOSE = { FORBIDDEN: 4403, SERVICE_RESTART: 1012 } as const;

export interface WebSocketServerOptions {
  operations: Operations;
  executor: SupergraphExecutor;
  identity: Identity;
  limits: GatewayLimits;
  log: Log;
  trace(headers: Headers): RequestTrace;
}

export interface WebSocketDoor {
  /** Serves a socket until it closes; the function tells that it did. */
  accept(socket: SocketLike, headers: Headers): (code: number, reason: string) => Promise<void>;
  connections(): number;
  /** Ends every operation with SERVER_DRAINING and every connection with "come again". */
  close(): Promise<void>;
}

interface Connection {
  socket: SocketLike;
  headers: Headers;
  trace: RequestTrace;
  identified?: Identified;
  operations: Set<AbortController>;
  expiry?: ReturnType<typeof setTimeout>;
}

interface Prepared {
  planned: PlannedOperation;
  context: OperationContext;
}

export function createWebSocketDoor(options: WebSocketServerOptions): WebSocketDoor {
  const { operations, executor, identity, limits, log } = options;
  const open = new Set<Connection>();

  const server = makeServer<Record<string, unknown>, { connection: Connection }>({
    connectionInitWaitTimeout: limits.connectionInitMs,

    async onConnect({ connectionParams, extra: { connection } }) {
      const { token } = connectionParams ?? {};
      const brought = typeof token === "string" ? token : tokenOf(connection.headers);
      const identified = brought === undefined ? undefined : await identity.verify(brought).catch(() => undefined);
      if (identified === undefined) return false;
      connection.identified = identified;
      // Longer waits than a timer can hold are looked at again when it rings; nothing is open for 24 days.
      connection.expiry = setTimeout(expire, Math.min(identified.expiresAt.getTime() - Date.now(), 2 ** 31 - 1), connection);
      return true;
    },

    async onSubscribe({ extra: { connection } }, _id, payload) {
      const scope = { log: connection.trace.log, traceId: connection.trace.traceId };
      try {
        const { identified } = connection;
        if (identified === undefined) throw new SomaError("UNAUTHENTICATED", "the connection has not introduced itself");
        if (connection.operations.size >= limits.operationsPerConnection) {
          throw new SomaError("LIMIT_EXCEEDED", `this connection has ${connection.operations.size} operations, the most it may have`);
        }
        const request = operations.pipeline.parseRequest(payload);
        const planned = operations.pipeline.prepare(request);
        const controller = new AbortController();
        connection.operations.add(controller);
        const { requestId, traceHeaders } = connection.trace;
        const prepared: Prepared = { planned, context: { principal: identified.principal, requestId, traceHeaders, signal: controller.signal } };
        const args = {
          schema: executor.schema,
          document: planned.document,
          variableValues: request.variables,
          rootValue: undefined,
          contextValue: { prepared, controller, connection },
        };
        return request.operationName === undefined ? args : { ...args, operationName: request.operationName };
      } catch (error) {
        return [toGraphQLError(formatError(error, scope))];
      }
    },

    async execute(args) {
      const { prepared, controller, connection } = args.contextValue as { prepared: Prepared; controller: AbortController; connection: Connection };
      try {
        const result = await operations.execute(prepared.planned, { ...args.variableValues }, prepared.context, connection.trace);
        return { ...result, errors: result.errors?.map(toGraphQLError) } as never;
      } finally {
        connection.operations.delete(controller);
      }
    },

    subscribe(args) {
      const { prepared, controller, connection } = args.contextValue as { prepared: Prepared; controller: AbortController; connection: Connection };
      const results = operations.subscribe(prepared.planned, { ...args.variableValues }, prepared.context);
      return untilDone(results, () => connection.operations.delete(controller)) as never;
    },

    onNext: ({ extra: { connection } }, _id, _payload, _args, result) => formatOnce(result as RawResult, connection),
    onError: ({ extra: { connection } }, _id, _payload, errors) =>
      errors.map((error) => formattedOf(error as GraphQLError) ?? formatError((error as GraphQLError).originalError ?? error, connection.trace)),
  });

  function expire(connection: Connection): void {
    const reason = new SomaError("UNAUTHENTICATED", "the token has expired; connect again with a new one");
    for (const controller of connection.operations) controller.abort(reason);
    setTimeout(() => connection.socket.close(CLOSE.FORBIDDEN, "token expired"), 50);
  }

  return {
    connections: () => open.size,
    accept(socket, headers) {
      const connection: Connection = { socket, headers, trace: options.trace(headers), operations: new Set() };
      open.add(connection);
      const closed = server.opened(
        { ...socket, onMessage: (listener) => socket.onMessage((text) => listener(text).catch((error: unknown) => fail(connection, error))) },
        { connection },
      );
      return async (code, reason) => {
        open.delete(connection);
        clearTimeout(connection.expiry);
        for (const controller of connection.operations) controller.abort();
        await closed(code, reason);
      };
    },
    async close() {
      const reason = new SomaError("UNAVAILABLE", "the server is stopping; connect again and continue from the last event");
      for (const connection of open) for (const controller of connection.operations) controller.abort(reason);
      // One turn for the errors to leave before the sockets do.
      await new Promise((resolve) => setTimeout(resolve, open.size === 0 ? 0 : 50));
      for (const { socket } of open) socket.close(CLOSE.SERVICE_RESTART, "server is stopping");
    },
  };

  function fail(connection: Connection, error: unknown): void {
    log.warn({ err: error, requestId: connection.trace.requestId }, "a socket sent something that could not be served");
    connection.socket.close(4400, "bad message");
  }
}

/** Errors that went through formatError already, as the protocol library wants them. */
const formatted = new WeakMap<GraphQLError, GraphQLFormattedError>();

function toGraphQLError(error: GraphQLFormattedError): GraphQLError {
  const { message, path, extensions } = error;
  const made = new GraphQLError(message, { path: path ?? null, extensions: extensions ?? null });
  formatted.set(made, error);
  return made;
}

function formattedOf(error: GraphQLError): GraphQLFormattedError | undefined {
  return formatted.get(error);
}

function formatOnce(result: RawResult, { trace }: Connection) {
  const errors = result.errors?.map((error) => formattedOf(error as GraphQLError));
  if (errors?.every((error) => error !== undefined) === true) return { data: result.data ?? null, errors: errors as GraphQLFormattedError[] };
  return formatResult(result, trace);
}

/** The iterator, telling when it is over however it ends. */
function untilDone<T>(iterator: AsyncIterableIterator<T>, done: () => void): AsyncIterableIterator<T> {
  return {
    async next() {
      try {
        const result = await iterator.next();
        if (result.done === true) done();
        return result;
      } catch (error) {
        done();
        throw error;
      }
    },
    async return() {
      done();
      return (await iterator.return?.()) ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
