import { type ErrorCode, RetryLater, SomaError } from "@soma/shared/errors";
import { type ErrorScope, toKnownError } from "../ground/format-error.ts";
import type { RequestTrace } from "../ground/request-trace.ts";
import { RequestRefused, refused } from "../operations/refusal.ts";

/** Headers of every answer; pages add their policy. */
export const ALWAYS = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" } as const;

/** An answer with what all answers carry: the ids it can be found by among them. */
export function withIds(response: Response, { requestId, traceId }: RequestTrace): Response {
  for (const [name, value] of Object.entries(ALWAYS)) response.headers.set(name, value);
  response.headers.set("x-request-id", requestId);
  response.headers.set("x-trace-id", traceId);
  return response;
}

/** What the door itself refuses, with the status HTTP has for it. */
export class DoorRefused extends SomaError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    message: string,
    status: number,
    { code = "BAD_INPUT", headers = {} }: { code?: ErrorCode; headers?: Record<string, string> } = {},
  ) {
    super(code, message);
    this.status = status;
    this.headers = headers;
  }

  override get httpStatus(): number {
    return this.status;
  }
}

/** JSON for this caller and this moment. */
export function answer(body: unknown, status: number, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
  });
}

/** Anything that was thrown, as its caller may read it. */
export function answerError(error: unknown, scope: ErrorScope, headers: Record<string, string> = {}): Response {
  const known = toKnownError(error);
  return answer(refused(error, scope), error instanceof RequestRefused ? 400 : known.httpStatus, {
    ...headers,
    ...(known instanceof DoorRefused ? known.headers : {}),
    ...(known instanceof RetryLater ? { "retry-after": String(Math.ceil(known.retryAfterMs / 1_000)) } : {}),
  });
}

export function notServed({ method }: Request, path: string): SomaError {
  return new SomaError("NOT_FOUND", `${method} ${path} is not served here`);
}
