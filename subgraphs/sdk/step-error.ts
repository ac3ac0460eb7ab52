/**
 * Why an attempt of a step failed: STEP_FAILED when another one may do better, within the node's retry policy;
 * STEP_REFUSED when none will; UNAVAILABLE when something it needs is away, which is waited for and counts as no
 * attempt; STEP_NOT_DONE like STEP_FAILED, and it is known that nothing was done outside, which only a step that must
 * not be done twice has to say.
 */
export type StepErrorCode = "STEP_FAILED" | "STEP_NOT_DONE" | "STEP_REFUSED" | "UNAVAILABLE";

/** A failure that people may read. Any other error ends the step as INTERNAL, and its words stay in the log. */
export class StepError extends Error {
  readonly code: StepErrorCode;
  /** Milliseconds before which another attempt makes no sense. */
  readonly retryAfterMs: number;

  constructor(code: StepErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.name = "StepError";
    this.code = code;
  }
}

/** Code and words of whatever a service threw; errors of the platform have a code. */
export function describeError(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: "INTERNAL", message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : "INTERNAL";
  return { code, message: error.message };
}
