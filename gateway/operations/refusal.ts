import { SomaError } from "@soma/shared/errors";
import type { GraphQLError, GraphQLFormattedError, OperationTypeNode } from "graphql";
import { type ErrorScope, formatError } from "../ground/format-error.ts";

/** Several faults of one document. */
export class RequestRefused extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors.map((error) => error.message).join("; "));
    this.name = "RequestRefused";
    this.errors = errors;
  }
}

/** An operation of a kind that its transport cannot answer. */
export class KindRefused extends SomaError {
  readonly kind: `${OperationTypeNode}`;

  constructor(kind: `${OperationTypeNode}`) {
    super(
      "BAD_INPUT",
      kind === "subscription"
        ? "a subscription is served over a WebSocket with the protocol graphql-transport-ws, or to a POST that accepts text/event-stream, not here"
        : `a ${kind} is sent with POST; a GET changes nothing`,
    );
    this.kind = kind;
  }
}

/** The answer to a request that was not executed. */
export function refused(error: unknown, scope: ErrorScope): { errors: GraphQLFormattedError[] } {
  const errors = error instanceof RequestRefused ? error.errors : [error];
  return { errors: errors.map((each) => formatError(each, scope)) };
}

export function drainingError(): SomaError {
  return new SomaError("SERVER_DRAINING", "this server is stopping; connect again and continue from the last event");
}

export function revokedError(): SomaError {
  return new SomaError("TOKEN_EXPIRED", "the token was revoked; sign in again and continue from the last event");
}

export function expiredError(): SomaError {
  return new SomaError("TOKEN_EXPIRED", "the token has expired; sign in again and continue from the last event");
}
