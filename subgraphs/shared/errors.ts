import type { PlacedFault } from "@soma/schemas/placed-fault";
import { whyUnavailable } from "./postgres/why-unavailable.ts";

/**
 * The one catalogue of error codes: what a caller may read, whether trying again can help, and the HTTP status.
 * `expose: false` means that the message stays in the log and the caller reads `publicMessage`.
 */
const CATALOGUE = {
  BAD_INPUT: { httpStatus: 400, retryable: false, expose: true },
  UNAUTHENTICATED: { httpStatus: 401, retryable: false, expose: true },
  FORBIDDEN: { httpStatus: 403, retryable: false, expose: true },
  NOT_FOUND: { httpStatus: 404, retryable: false, expose: true },
  PERSISTED_QUERY_NOT_FOUND: { httpStatus: 404, retryable: false, expose: true },
  IDEMPOTENCY_CONFLICT: { httpStatus: 409, retryable: false, expose: true },
  ALREADY_DECIDED: { httpStatus: 409, retryable: false, expose: true },
  ERASED: { httpStatus: 410, retryable: false, expose: true },
  CURSOR_INVALID: { httpStatus: 400, retryable: false, expose: true },
  PAYLOAD_TOO_LARGE: { httpStatus: 413, retryable: false, expose: true },
  VALUE_MISSING: { httpStatus: 500, retryable: false, expose: true },
  EVENT_INVALID: { httpStatus: 500, retryable: false, expose: false },
  DECISION_INVALID: { httpStatus: 403, retryable: false, expose: true },
  DECISION_EXPIRED: { httpStatus: 403, retryable: false, expose: true },
  TOOL_BUSY: { httpStatus: 409, retryable: true, expose: true },
  FENCED: { httpStatus: 409, retryable: false, expose: false },
  STEP_FAILED: { httpStatus: 502, retryable: true, expose: true },
  STEP_NOT_DONE: { httpStatus: 502, retryable: true, expose: true },
  STEP_REFUSED: { httpStatus: 502, retryable: false, expose: true },
  MODEL_FAILED: { httpStatus: 502, retryable: true, expose: true },
  MODEL_REFUSED: { httpStatus: 502, retryable: false, expose: true },
  BUDGET_EXCEEDED: { httpStatus: 402, retryable: false, expose: true },
  BUDGET_BUSY: { httpStatus: 503, retryable: true, expose: true },
  LIMIT_EXCEEDED: { httpStatus: 429, retryable: true, expose: true },
  DATABASE_BUSY: { httpStatus: 503, retryable: true, expose: true },
  UNAVAILABLE: { httpStatus: 503, retryable: true, expose: true },
  TOKEN_EXPIRED: { httpStatus: 401, retryable: false, expose: true },
  SLOW_CONSUMER: { httpStatus: 503, retryable: true, expose: true },
  UPSTREAM_UNAVAILABLE: { httpStatus: 503, retryable: true, expose: true },
  SERVER_DRAINING: { httpStatus: 503, retryable: true, expose: true },
  TIMEOUT: { httpStatus: 504, retryable: true, expose: true },
  CANCELED: { httpStatus: 499, retryable: false, expose: true },
  INTERNAL: { httpStatus: 500, retryable: false, expose: false },
} as const satisfies Record<string, { httpStatus: number; retryable: boolean; expose: boolean }>;

export type ErrorCode = keyof typeof CATALOGUE;

const MASKED_MESSAGE = "the request failed inside the service; the log has it under the trace id";

export class SomaError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "SomaError";
    this.code = code;
  }

  get httpStatus(): number {
    return CATALOGUE[this.code].httpStatus;
  }

  get retryable(): boolean {
    return CATALOGUE[this.code].retryable;
  }

  /** What a caller may read beside code and message. */
  get details(): Readonly<Record<string, unknown>> {
    return {};
  }

  /** What a caller may read: the message, or the masked sentence for codes that stay inside. */
  get publicMessage(): string {
    return CATALOGUE[this.code].expose ? this.message : MASKED_MESSAGE;
  }
}

/** A bound is reached; it says when there may be room again. */
export class RetryLater extends SomaError {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super("LIMIT_EXCEEDED", message);
    this.retryAfterMs = Math.ceil(retryAfterMs);
  }

  override get details(): Readonly<Record<string, unknown>> {
    return { retryAfterMs: this.retryAfterMs };
  }
}

/** An input with faults, each of which a form can show beside its field. */
export class FaultyInput extends SomaError {
  readonly faults: readonly PlacedFault[];

  constructor(message: string, faults: readonly PlacedFault[]) {
    super("BAD_INPUT", message);
    this.faults = faults;
  }

  override get details(): Readonly<Record<string, unknown>> {
    return { faults: this.faults };
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(CATALOGUE, value);
}

/**
 * Any thrown value as a SomaError; a database that cannot serve is UNAVAILABLE, what is unknown INTERNAL with its cause
 * kept.
 */
export function toSomaError(error: unknown): SomaError {
  if (error instanceof SomaError) return error;
  // A StepError of the SDK, which knows nothing of this package, and of which a project may bring a copy of its own.
  if (error instanceof Error && error.name === "StepError" && "code" in error && isErrorCode(error.code)) {
    const { retryAfterMs = 0 } = error as { retryAfterMs?: number };
    return Object.assign(new SomaError(error.code, error.message, { cause: error }), { retryAfterMs });
  }
  if (error instanceof Error && error.name === "AbortError") {
    return new SomaError("CANCELED", "the work was canceled", { cause: error });
  }
  if (error instanceof Error && error.name === "TimeoutError") {
    return new SomaError("TIMEOUT", "the work took longer than its limit", { cause: error });
  }
  const reason = whyUnavailable(error);
  if (reason !== undefined) return new SomaError("UNAVAILABLE", `${reason}; try again`, { cause: error });
  return new SomaError("INTERNAL", error instanceof Error ? error.message : String(error), { cause: error });
}
