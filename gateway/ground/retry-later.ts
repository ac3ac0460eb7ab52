import { SomaError } from "@soma/shared/errors";

/** What a caller is told to wait while what is under way is in its way: nobody knows when that ends. */
export const BUSY_RETRY_MS = 250;

/** A bound is reached; it says when there is room again. */
export class RetryLater extends SomaError {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super("LIMIT_EXCEEDED", message);
    this.retryAfterMs = Math.ceil(retryAfterMs);
  }
}
