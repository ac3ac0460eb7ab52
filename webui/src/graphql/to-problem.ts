import { CombinedError } from "urql";
import type { Problem } from "../ui/problem-note.tsx";

/**
 * An error of the API as a person may read it. A network error may pass; what the server refused passes only when it
 * says so.
 */
export function toProblem(error: CombinedError): Problem;
export function toProblem(error: CombinedError | undefined): Problem | undefined;
export function toProblem(error: CombinedError | undefined): Problem | undefined {
  if (error === undefined) return undefined;
  const [first] = error.graphQLErrors;
  if (first === undefined)
    return {
      message: `The server could not be reached: ${error.networkError?.message ?? error.message}`,
      code: null,
      traceId: null,
      retryable: true,
    };
  const { code, traceId, retryable } = first.extensions;
  return {
    message: first.message,
    code: typeof code === "string" ? code : null,
    traceId: typeof traceId === "string" ? traceId : null,
    retryable: retryable === true,
  };
}

/** The same of whatever was thrown while the API was read, or a part of the page loaded. */
export function problemOf(error: unknown): Problem {
  if (error instanceof CombinedError) return toProblem(error);
  const message = error instanceof Error ? error.message : String(error);
  return { message, code: null, traceId: null, retryable: true };
}
