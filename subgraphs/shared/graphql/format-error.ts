import { type GraphQLError, type GraphQLFormattedError, Kind } from "graphql";
import { type SomaError, toSomaError } from "../errors.ts";
import type { Log } from "../log.ts";
import { activeTraceId } from "../telemetry.ts";

/** Faults of the document itself: parsing, validation and variables have no original error. */
function fromDocument(error: GraphQLError): boolean {
  return (
    error.originalError === undefined || error.nodes?.some((node) => node.kind === Kind.VARIABLE_DEFINITION) === true
  );
}

/** An error as a caller may read it: code, whether to try again, trace id. What we did not expect is logged here, once, and masked. */
export function formatError(error: GraphQLError, log: Log): GraphQLFormattedError {
  const place = {
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    ...(error.path === undefined ? {} : { path: error.path }),
  };
  if (fromDocument(error)) {
    const code = typeof error.extensions.code === "string" ? error.extensions.code : "BAD_INPUT";
    return { message: error.message, ...place, extensions: { code, retryable: false, traceId: activeTraceId() } };
  }
  const known: SomaError = toSomaError(error.originalError);
  if (known.code === "INTERNAL") log.error({ err: error.originalError, path: error.path }, "a resolver failed");
  return {
    message: known.publicMessage,
    ...place,
    extensions: {
      code: known.code,
      retryable: known.retryable,
      ...known.details,
      traceId: activeTraceId(),
    },
  };
}
