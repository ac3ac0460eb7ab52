import { RetryLater, SomaError, toSomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError, type GraphQLSchema } from "graphql";
import type { ServerOptions, SubscribePayload } from "graphql-ws";
import type { Crowd } from "../ground/crowd.ts";
import { unlessAborted } from "../ground/deadline.ts";
import { formatError } from "../ground/format-error.ts";
import type { Identified, Identity } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { openTrace, traced } from "../ground/request-trace.ts";
import type { CallerBounds } from "../operations/caller-bounds.ts";
import type { Operations } from "../operations/operations.ts";
import type { AdmittedOperation } from "../operations/pipeline.ts";
import { RequestRefused, refused } from "../operations/refusal.ts";
import { authenticate, tokenOfIntroduction } from "./auth.ts";
import type { CheckHost } from "./hosts.ts";
import type { Origins } from "./origins.ts";
import {
  CLOSE,
  type Connection,
  callerOf,
  checkIntroduced,
  closeReason,
  endWithToken,
  type SocketOperation,
} from "./websocket-connection.ts";

export interface WebSocketDoorOptions {
  operations: Operations;
  callers: CallerBounds;
  /** Told the name of a bound that refused a connection, or ended one. */
  onRefused: (bound: string) => void;
  /** The schema clients see. */
  schema: GraphQLSchema;
  identity: Identity;
  origins: Origins;
  checkHost: CheckHost;
  limits: GatewayLimits;
  log: Log;
}

interface Connections {
  open: ReadonlySet<Connection>;
  /** Those of `open` that have not introduced themselves yet. */
  strangers: Crowd<Connection>;
}

/** What the library of graphql-transport-ws asks us: who is it, may it, and what is the result. */
export function createWebSocketHooks(
  options: WebSocketDoorOptions,
  { open, strangers }: Connections,
): ServerOptions<Record<string, unknown>, Connection> {
  const { operations, limits, log } = options;
  return {
    connectionInitWaitTimeout: limits.connectionInitMs,

    async onConnect({ connectionParams, extra: connection }) {
      const introduced = await introduce(options, connection, { token: tokenOfIntroduction(connectionParams), open });
      strangers.delete(connection);
      return introduced;
    },

    onSubscribe({ extra: connection }, id, payload) {
      return traced("gateway operation", connection.headers, log, async (trace) => {
        const operation: SocketOperation = { id, trace, controller: new AbortController(), completed: false };
        connection.operations.set(payload, operation);
        try {
          const fault = connection.inexact.get(payload);
          if (fault !== undefined) throw new SomaError("BAD_INPUT", fault.message, { cause: fault });
          return await admit(options, connection, { payload, operation });
        } catch (error) {
          operation.completed = true;
          return error instanceof RequestRefused ? error.errors : [asGraphQLError(error)];
        }
      });
    },

    execute(args) {
      const { admitted, trace, controller } = operationOf(args);
      const work = trace
        .run(() => operations.execute(admitted, { trace, signal: controller.signal }))
        .catch((error: unknown) => refused(error, trace));
      // What nobody waits for is not waited for here either, so that its id is free at once; a mutation goes on behind.
      return unlessAborted(controller.signal, work).catch(() => ({ data: null })) as never;
    },

    subscribe: (args) => operationOf(args).results as never,

    // Results are fit for a caller already; the library would turn their errors into its own.
    onNext: (_context, _id, _payload, _args, result) => result as FormattedExecutionResult,

    onError({ extra: connection }, _id, payload, errors) {
      const scope = connection.operations.get(payload)?.trace ?? openTrace(connection.headers, log);
      return errors.map((error) => formatError(error, scope));
    },
  };
}

/** The token is in the introduction, or came with the upgrade. False closes the socket. */
async function introduce(
  { identity, callers, ...rest }: WebSocketDoorOptions,
  connection: Connection,
  { token, open }: { token: string | undefined; open: ReadonlySet<Connection> },
): Promise<boolean> {
  try {
    const identified = await identify(identity, connection.headers, token);
    // It may have left meanwhile, and would keep its place, and a timer, until its token expires.
    if (connection.closed) return false;
    const leave = await callers.enter(identified.principal, "connections");
    connection.leave = leave;
    // The same while it was counted.
    if (connection.closed) {
      leave();
      return false;
    }
    // Checked at the upgrade, too; but thousands may have come before the first of them introduced itself.
    checkIntroduced(open, rest);
    connection.identified = identified;
  } catch (error) {
    // While a token cannot be checked nothing is known of it.
    const isLater = error instanceof RetryLater || (error instanceof SomaError && error.code === "UNAVAILABLE");
    const code = isLater ? CLOSE.TRY_LATER : CLOSE.UNAUTHORIZED;
    connection.socket.close(code, closeReason(error));
    connection.leave?.();
    return false;
  }
  endWithToken(connection, connection.identified, rest.limits.drainMs);
  return true;
}

function identify(identity: Identity, headers: Headers, token: string | undefined): Promise<Identified> {
  return token !== undefined ? identity.verify(token) : authenticate(identity, headers);
}

/** What was completed may take a moment to end, so as many again may still be ending. */
function checkRoom({ operations }: Connection, { operationsPerConnection }: GatewayLimits): void {
  const live = [...operations.values()].filter(({ completed }) => !completed).length;
  if (live > operationsPerConnection || operations.size > 2 * operationsPerConnection)
    throw new SomaError(
      "LIMIT_EXCEEDED",
      `this connection has ${operationsPerConnection} operations, the most it may have`,
    );
}

async function admit(
  { operations, schema, limits }: WebSocketDoorOptions,
  connection: Connection,
  { payload, operation }: { payload: SubscribePayload; operation: SocketOperation },
): Promise<ExecutionArgs> {
  checkRoom(connection, limits);
  const admitted = await operations.admit({
    identify: async () => callerOf(connection),
    payload,
    kinds: ["query", "mutation", "subscription"],
  });
  // Nobody hears it: whoever asked has completed it, or is gone.
  if (connection.closed || operation.completed) throw new SomaError("CANCELED", "the caller left");
  operation.admitted = admitted;
  if (admitted.planned.operation.operation === "subscription")
    operation.results = await operations.subscribe(admitted, {
      trace: operation.trace,
      signal: operation.controller.signal,
    });
  const { document, operation: chosen } = admitted.planned;
  return {
    schema,
    document,
    operationName: chosen.name?.value ?? null,
    contextValue: operation,
    rootValue: undefined,
  };
}

function operationOf({ contextValue }: ExecutionArgs): SocketOperation & { admitted: AdmittedOperation } {
  return contextValue as SocketOperation & { admitted: AdmittedOperation };
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  return new GraphQLError(toSomaError(error).publicMessage, { originalError: toSomaError(error) });
}
