import { SomaError } from "@soma/shared/errors";

/** A bound of the caller's own is reached; it says when there is room again. */
export class RetryLater extends SomaError {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super("LIMIT_EXCEEDED", message);
    this.retryAfterMs = Math.ceil(retryAfterMs);
  }
}
