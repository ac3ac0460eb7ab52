import { SomaError, toSomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError, type GraphQLSchema } from "graphql";
import type { ServerOptions, SubscribePayload } from "graphql-ws";
import { formatError } from "../ground/format-error.ts";
import type { Identified, Identity } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { type RequestTrace, traced } from "../ground/request-trace.ts";
import type { Operations } from "../operations/operations.ts";
import { RequestRefused, refused } from "../operations/refusal.ts";
import { authenticate, tokenOfIntroduction } from "./auth.ts";
import type { CheckHost } from "./hosts.ts";
import type { Origins } from "./origins.ts";
import {
  CLOSE,
  type Connection,
  callerOf,
  closeReason,
  endAtExpiry,
  type SocketOperation,
} from "./websocket-connection.ts";

export interface WebSocketDoorOptions {
  operations: Operations;
  /** The schema clients see. */
  schema: GraphQLSchema;
  identity: Identity;
  origins: Origins;
  checkHost: CheckHost;
  limits: GatewayLimits;
  log: Log;
}

/** What the library of graphql-transport-ws asks us: who is it, may it, and what is the result. */
export function createWebSocketHooks(
  options: WebSocketDoorOptions,
): ServerOptions<Record<string, unknown>, Connection> {
  const { operations, limits, log } = options;
  return {
    connectionInitWaitTimeout: limits.connectionInitMs,

    onConnect: ({ connectionParams, extra: connection }) =>
      introduce(options, connection, tokenOfIntroduction(connectionParams)),

    async onSubscribe({ extra: connection, subscriptions }, _id, payload) {
      try {
        checkRoom(Object.keys(subscriptions).length, connection, limits);
        connection.admitting += 1;
      } catch (error) {
        return [asGraphQLError(error)];
      }
      try {
        return await traced("gateway operation", connection.headers, log, (trace) =>
          admit(options, connection, { payload, trace }),
        );
      } catch (error) {
        return error instanceof RequestRefused ? error.errors : [asGraphQLError(error)];
      } finally {
        connection.admitting -= 1;
      }
    },

    execute(args) {
      const { admitted, trace, controller } = operationOf(args);
      try {
        return trace.run(() => operations.execute(admitted, { trace, signal: controller.signal })) as never;
      } catch (error) {
        return refused(error, trace) as never;
      }
    },

    subscribe(args) {
      const { admitted, trace, controller } = operationOf(args);
      return operations.subscribe(admitted, { trace, signal: controller.signal }) as never;
    },

    // Results are fit for a caller already; the library would turn their errors into its own.
    onNext: (_context, _id, _payload, _args, result) => result as FormattedExecutionResult,

    onError({ extra: connection }, _id, payload, errors) {
      const scope = connection.operations.get(payload)?.trace ?? { log, traceId: "" };
      return errors.map((error) => formatError(error, scope));
    },

    onComplete: ({ extra: connection }, _id, payload) => void connection.operations.delete(payload),
  };
}

/** The token is in the introduction, or came with the upgrade. False closes the socket. */
async function introduce(
  { identity, limits }: WebSocketDoorOptions,
  connection: Connection,
  token: string | undefined,
): Promise<boolean> {
  try {
    connection.identified = await identify(identity, connection.headers, token);
  } catch (error) {
    connection.socket.close(CLOSE.UNAUTHORIZED, closeReason(error));
    return false;
  }
  endAtExpiry(connection, connection.identified.expiresAt.getTime(), limits.drainMs);
  return true;
}

function identify(identity: Identity, headers: Headers, token: string | undefined): Promise<Identified> {
  return token !== undefined ? identity.verify(token) : authenticate(identity, headers);
}

/**
 * `held` is the library's count: one more as soon as a client asks, one less as soon as it completes. It forgets an operation
 * whose id was used again, so we count as well what still runs; what was completed may take a moment to end.
 */
function checkRoom(
  held: number,
  { operations, admitting }: Connection,
  { operationsPerConnection }: GatewayLimits,
): void {
  if (held > operationsPerConnection || operations.size + admitting >= 2 * operationsPerConnection)
    throw new SomaError(
      "LIMIT_EXCEEDED",
      `this connection has ${operationsPerConnection} operations, the most it may have`,
    );
}

async function admit(
  { operations, schema }: WebSocketDoorOptions,
  connection: Connection,
  { payload, trace }: { payload: SubscribePayload; trace: RequestTrace },
): Promise<ExecutionArgs> {
  const admitted = await operations.admit({
    identify: async () => callerOf(connection),
    payload,
    kinds: ["query", "mutation", "subscription"],
  });
  const operation: SocketOperation = { admitted, trace, controller: new AbortController() };
  connection.operations.set(payload, operation);
  const { document, operation: chosen } = admitted.planned;
  return {
    schema,
    document,
    operationName: chosen.name?.value ?? null,
    contextValue: operation,
    rootValue: undefined,
  };
}

function operationOf({ contextValue }: ExecutionArgs): SocketOperation {
  return contextValue as SocketOperation;
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  return new GraphQLError(toSomaError(error).publicMessage, { originalError: toSomaError(error) });
}
