import { RetryLater, SomaError, toSomaError } from "@soma/shared/errors";
import type { SubscribePayload } from "graphql-ws";
import { BUSY_RETRY_MS } from "../ground/busy-retry.ts";
import { settledWithin } from "../ground/deadline.ts";
import type { Identified } from "../ground/identity.ts";
import type { GatewayLimits } from "../ground/limits.ts";
import { networkOf } from "../ground/network.ts";
import type { RequestTrace } from "../ground/request-trace.ts";
import type { AdmittedOperation } from "../operations/pipeline.ts";
import { expiredError, revokedError } from "../operations/refusal.ts";
import { createOperationIds, type OperationIds } from "./operation-ids.ts";
import { whenOver } from "./when-over.ts";

/** A connected WebSocket, whatever the runtime calls its parts. */
export interface SocketLike {
  /** Negotiated subprotocol. */
  protocol: string;
  /** Resolves when the message has left, or never can; that is how a slow reader slows its own operations and nobody else's. */
  send(text: string): Promise<void>;
  /** Bytes that wait for the client to read them. */
  unread(): number;
  close(code: number, reason: string): void;
  onMessage(listener: (text: string) => Promise<void>): void;
}

/** A request as an upgrade to WebSocket brings it. */
export interface UpgradeRequest {
  url: string;
  headers: Headers;
  /** Address of the client; empty where the runtime does not say. */
  address: string;
}

export interface SocketOperation {
  id: string;
  trace: RequestTrace;
  controller: AbortController;
  /** The client wants no more of it, though it may take a moment to end. */
  completed: boolean;
  /** Undefined while it is on its way in. */
  admitted?: AdmittedOperation;
  /** The results of a subscription, once there are any to come. */
  results?: AsyncIterableIterator<unknown>;
}

export interface Connection {
  socket: SocketLike;
  headers: Headers;
  /** Where it comes from. */
  network: string;
  identified?: Identified;
  /** By the message that asked for them. */
  operations: Map<SubscribePayload, SocketOperation>;
  ids: OperationIds;
  /** Payloads with a number that cannot be kept exactly. */
  inexact: WeakMap<SubscribePayload, Error>;
  /** Messages being served. */
  work: Set<Promise<void>>;
  /** Calls off what happens when its token expires, or is revoked. */
  stayOpen?: () => void;
  /** Gives its place back; set when it introduced itself. */
  leave?: () => void;
  /** We closed it, or it is gone: nothing that it says counts any more. */
  closed: boolean;
}

/** 4403, 1012 and 1013 invite the client library to connect again; 4401 says that this token never will. */
export const CLOSE = {
  UNAUTHORIZED: 4401,
  FORBIDDEN: 4403,
  SERVICE_RESTART: 1012,
  TRY_LATER: 1013,
  TOO_LARGE: 1009,
  INTERNAL: 4500,
} as const;

export function openConnection(socket: SocketLike, { headers, address }: UpgradeRequest): Connection {
  const connection: Connection = {
    socket,
    headers,
    network: networkOf(address),
    operations: new Map(),
    ids: createOperationIds(),
    inexact: new WeakMap(),
    work: new Set(),
    closed: false,
  };
  connection.socket = closeOnce(connection, socket);
  return connection;
}

/** The first code is the one that is meant; the protocol library may add its own afterwards. */
function closeOnce(connection: Connection, socket: SocketLike): SocketLike {
  return {
    protocol: socket.protocol,
    send: (text) => socket.send(text),
    unread: () => socket.unread(),
    onMessage: (listener) => socket.onMessage(listener),
    close(code, why) {
      if (connection.closed) return;
      connection.closed = true;
      socket.close(code, why);
    },
  };
}

/** The connection is gone, and with it all it asked for, but for mutations. */
export function abandonConnection(connection: Connection): void {
  connection.closed = true;
  connection.stayOpen?.();
  connection.leave?.();
  for (const { controller } of connection.operations.values()) controller.abort();
}

/** The client wants no more of this id, wherever its operation is. */
export function completeOperation(connection: Connection, id: string): void {
  connection.ids.complete(id);
  for (const operation of connection.operations.values()) {
    if (operation.id !== id) continue;
    operation.completed = true;
    if (operation.results === undefined) operation.controller.abort();
    else void operation.results.return?.();
  }
}

/** Throws RetryLater when as many have introduced themselves as may be. */
export function checkIntroduced(
  open: Iterable<Connection>,
  { limits: { connections }, onRefused }: { limits: GatewayLimits; onRefused: (bound: string) => void },
): void {
  let introduced = 0;
  for (const { identified } of open) if (identified !== undefined) introduced += 1;
  if (introduced < connections) return;
  onRefused("connections");
  throw new RetryLater(
    `${connections} connections are open, the most there may be; try again in a moment`,
    BUSY_RETRY_MS,
  );
}

/** Who the connection speaks for; throws once its token has expired or is revoked, also while what it began is ending. */
export function callerOf({ identified }: Pick<Connection, "identified">): Identified {
  if (identified === undefined) throw new SomaError("UNAUTHENTICATED", "the connection has not introduced itself");
  if (identified.expiresAt.getTime() <= Date.now()) throw expiredError();
  if (identified.proof?.isRevoked() === true) throw revokedError();
  return identified;
}

/** Ends the connection when its token expires, or is revoked. */
export function endWithToken(connection: Connection, identified: Identified, drainMs: number): void {
  connection.stayOpen = whenOver(
    identified,
    (error) => void endConnection(connection, { error, code: CLOSE.FORBIDDEN, drainMs }),
  );
}

/** Ends what runs with an error each, and closes the socket when the errors have left. */
export async function endConnection(
  connection: Connection,
  { error, code, drainMs }: { error: SomaError; code: number; drainMs: number },
): Promise<void> {
  for (const operation of connection.operations.values())
    if (isSubscription(operation)) operation.controller.abort(error);
  await settledWithin(connection.work, drainMs);
  connection.socket.close(code, closeReason(error));
}

export function countSubscriptions(connections: Iterable<Connection>): number {
  let count = 0;
  for (const { operations } of connections)
    for (const operation of operations.values()) if (isSubscription(operation)) count += 1;
  return count;
}

function isSubscription({ admitted }: SocketOperation): boolean {
  return admitted?.planned.operation.operation === "subscription";
}

/** A close frame holds at most 123 bytes. */
export function closeReason(error: unknown): string {
  return toSomaError(error).publicMessage.slice(0, 120);
}
