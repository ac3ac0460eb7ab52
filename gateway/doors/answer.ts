import { SomaError } from "@soma/shared/errors";
import { type ErrorScope, toKnownError } from "../ground/format-error.ts";
import { RequestRefused, refused } from "../operations/refusal.ts";

/** Headers of every answer; pages add their policy. */
export const ALWAYS = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" } as const;

/** JSON for this caller and this moment. */
export function answer(body: unknown, status: number, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}

/** Anything that was thrown, as its caller may read it. */
export function answerError(error: unknown, scope: ErrorScope): Response {
  return answer(refused(error, scope), error instanceof RequestRefused ? 400 : toKnownError(error).httpStatus);
}

export function notServed({ method }: Request, path: string): SomaError {
  return new SomaError("NOT_FOUND", `${method} ${path} is not served here`);
}
