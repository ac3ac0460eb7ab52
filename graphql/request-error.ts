/** An error the server answered with, or the reason it could not be reached (code UNREACHABLE). */
export class SomaRequestError extends Error {
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Names the request in the server's log. */
  readonly traceId: string | null;

  constructor(
    message: string,
    details: { code: string; retryable: boolean; traceId?: string | null; cause?: unknown },
  ) {
    super(message, { cause: details.cause });
    this.name = "SomaRequestError";
    this.code = details.code;
    this.retryable = details.retryable;
    this.traceId = details.traceId ?? null;
  }
}

/** Close codes with which the server refuses the token. */
const REFUSED = [4401, 4403];

/** Whether a connection ended because its token is refused: asking again gives the same. */
export function isRefusal(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && REFUSED.includes(Number(error.code));
}

/** What to tell of such an end. */
export function refusedConnection(what: string): SomaRequestError {
  const message = `the connection for ${what} was refused; sign in again`;
  return new SomaRequestError(message, { code: "UNAUTHENTICATED", retryable: false });
}

/** An error as the server sends it. */
export interface WireError {
  message: string;
  /** Where in the answer something is null because of it; missing when nothing could be answered. */
  path?: readonly (string | number)[] | undefined;
  extensions?: { code?: string; retryable?: boolean; traceId?: string } | undefined;
}

export function fromWire({ message, extensions = {} }: WireError): SomaRequestError {
  const { code = "INTERNAL", retryable = false, traceId = null } = extensions;
  return new SomaRequestError(message, { code, retryable, traceId });
}

/** Any operation, as somebody wrote it. */
export interface RawOperation {
  query: string;
  variables: Readonly<Record<string, unknown>>;
  /** Needed where the document has several. */
  operationName?: string | undefined;
}

/** What the server says, errors and all. */
export interface RawAnswer {
  data?: unknown;
  errors?: readonly WireError[];
  extensions?: unknown;
}
