import { SomaError, toSomaError } from "@soma/shared/errors";
import type { SubscribePayload } from "graphql-ws";
import { settledWithin } from "../ground/deadline.ts";
import type { Identified } from "../ground/identity.ts";
import type { RequestTrace } from "../ground/request-trace.ts";
import type { AdmittedOperation } from "../operations/pipeline.ts";

/** A connected WebSocket, whatever the runtime calls its parts. */
export interface SocketLike {
  /** Negotiated subprotocol. */
  protocol: string;
  /** Resolves when the message has left; that is how a slow reader slows its own operations and nobody else's. */
  send(text: string): Promise<void>;
  close(code: number, reason: string): void;
  onMessage(listener: (text: string) => Promise<void>): void;
}

export interface SocketOperation {
  admitted: AdmittedOperation;
  trace: RequestTrace;
  controller: AbortController;
}

export interface Connection {
  socket: SocketLike;
  headers: Headers;
  identified?: Identified;
  /** By the message that asked for them: an id may be used again before its first use is over. */
  operations: Map<SubscribePayload, SocketOperation>;
  /** Operations on their way in, of which nothing is known yet. */
  admitting: number;
  /** Messages being served. */
  work: Set<Promise<void>>;
  expiry?: ReturnType<typeof setTimeout>;
}

/** 4403 and 1012 invite the client library to connect again; 4401 says that this token never will. */
export const CLOSE = {
  UNAUTHORIZED: 4401,
  FORBIDDEN: 4403,
  SERVICE_RESTART: 1012,
  TOO_LARGE: 1009,
  INTERNAL: 4500,
} as const;

/** The longest wait a timer can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const EXPIRED = "the token has expired; sign in again and continue from the last event";

export function openConnection(socket: SocketLike, headers: Headers): Connection {
  return { socket: closeOnce(socket), headers, operations: new Map(), admitting: 0, work: new Set() };
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

/** Who the connection speaks for; throws once its token has expired. */
export function callerOf({ identified }: Connection): Identified {
  if (identified === undefined) throw new SomaError("UNAUTHENTICATED", "the connection has not introduced itself");
  if (identified.expiresAt.getTime() <= Date.now()) throw new SomaError("TOKEN_EXPIRED", EXPIRED);
  return identified;
}

/** Ends the connection when its token expires. */
export function endAtExpiry(connection: Connection, expiresAtMs: number, drainMs: number): void {
  const waitMs = expiresAtMs - Date.now();
  if (waitMs <= 0)
    return void endConnection(connection, {
      error: new SomaError("TOKEN_EXPIRED", EXPIRED),
      code: CLOSE.FORBIDDEN,
      drainMs,
    });
  connection.expiry = setTimeout(endAtExpiry, Math.min(waitMs, MAX_TIMER_MS), connection, expiresAtMs, drainMs);
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
  return admitted.planned.operation.operation === "subscription";
}

/** A close frame holds at most 123 bytes. */
export function closeReason(error: unknown): string {
  return toSomaError(error).publicMessage.slice(0, 120);
}
