import { toPlacedFaults } from "@soma/schemas/placed-fault";
import { type ErrorCode, FaultyInput, isErrorCode, RetryLater, SomaError, toSomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError } from "graphql";
import { FailedAt } from "./failed-at.ts";

/** Where an error is met: its log, and the trace a reader can look it up by. */
export interface ErrorScope {
  log: Log;
  traceId: string;
}

/** What an execution hands over before it is made fit for a caller. */
export interface RawResult {
  data?: Record<string, unknown> | null | undefined;
  errors?: readonly unknown[] | undefined;
  extensions?: Record<string, unknown> | undefined;
}

/** A result as a caller may read it. What the plan's post-processing had to null is reported, never silently left out. */
export function formatResult(result: RawResult, scope: ErrorScope): FormattedExecutionResult {
  const unfit = (result.extensions?.valueCompletion ?? []) as readonly GraphQLError[];
  const errors = [...(result.errors ?? []), ...unfit].flatMap((error) => formatEach(error, scope));
  return errors.length === 0 ? { data: result.data ?? null } : { data: result.data ?? null, errors };
}

/** An error in each of the places that it costs. */
function formatEach(error: unknown, scope: ErrorScope): GraphQLFormattedError[] {
  const formatted = formatError(error, scope);
  if (!(error instanceof FailedAt) || error.places.length === 0) return [formatted];
  return error.places.map((path) => ({ ...formatted, path }));
}

/**
 * An error as a caller may read it: code, whether to try again, trace id. Codes of our catalogue keep their message, also
 * when they come from a subgraph; everything else is logged here, once, and masked. Stack traces and service names go.
 */
export function formatError(error: unknown, scope: ErrorScope): GraphQLFormattedError {
  const known = toKnownError(error);
  if (known.code === "INTERNAL") scope.log.error({ err: error, cause: causeOf(error) }, "an operation failed");
  return {
    message: known.publicMessage,
    ...placeOf(error),
    extensions: {
      code: known.code,
      retryable: known.retryable,
      ...known.details,
      traceId: scope.traceId,
    },
  };
}

/** Any error as one of our catalogue. */
export function toKnownError(error: unknown): SomaError {
  if (!(error instanceof GraphQLError)) return toSomaError(error);
  const original = error.originalError;
  if (original instanceof SomaError) return original;
  const { extensions } = error;
  const code = knownCode(extensions.code);
  if (code === "LIMIT_EXCEEDED" && typeof extensions.retryAfterMs === "number")
    return new RetryLater(error.message, extensions.retryAfterMs);
  const faults = code === "BAD_INPUT" ? toPlacedFaults(extensions.faults) : [];
  if (faults.length > 0) return new FaultyInput(error.message, faults);
  return code === undefined
    ? new SomaError("INTERNAL", error.message, { cause: error })
    : new SomaError(code, error.message);
}

/** BAD_USER_INPUT is how a subgraph's server names variables its scalars refuse. */
function knownCode(code: unknown): ErrorCode | undefined {
  if (code === "BAD_USER_INPUT") return "BAD_INPUT";
  return isErrorCode(code) ? code : undefined;
}

function placeOf(error: unknown): Pick<GraphQLFormattedError, "path" | "locations"> {
  if (!(error instanceof GraphQLError)) return {};
  return {
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.locations === undefined ? {} : { locations: error.locations }),
  };
}

function causeOf(error: unknown): unknown {
  return error instanceof GraphQLError ? error.originalError : undefined;
}
